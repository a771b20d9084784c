"""`candlewick audit --lake`: what was written and is not there is named, and whoever claims it is told."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from candlewick.cli import app
from candlewick.config import Settings, load
from candlewick.lake import names
from candlewick.lake.batch import Batch
from candlewick.lake.objects import Lake, pack
from candlewick.spans import Spans
from candlewick.tape.checkpoint import Checkpoint
from candlewick.tape.patrol import note_path, read_note

START = 1_769_261_320_000_000


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "candlewick.toml"
    path.write_text('data = "data"\nprefix = "demo"\nsymbols = ["BTCDEMO"]\n')
    return path


def record(settings: Settings, objects: int) -> list[str]:
    """Write objects of ten trades each, and a checkpoint that claims them."""
    lake = Lake.open(settings.lake_url, settings.prefix)
    state = Checkpoint(settings.recorder, lake=lake.identity)
    for number in range(objects):
        batch = Batch()
        for trade_id in range(10 * number, 10 * number + 10):
            batch.add_trade("BTCDEMO", trade_id, b"{}")
        covered = {symbol: Spans(ranges) for symbol, ranges in state.covered.items()}
        manifest = batch.manifest(
            recorder=settings.recorder, seq=number + 1, prev=state.prev, created=0, covered=covered, declared={}
        )
        name = names.stream("demo", settings.recorder, START + number)
        lake.put_absent(name, pack(batch.lines, manifest))
        state.follow(name, manifest)
    state.save(settings.state_path)
    return lake.list_folder("demo/raw")


def audited(config: Path, *flags: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["audit", "--lake", "--config", str(config), *flags])
    return done.exit_code, done.output


def test_where_all_is_there_it_says_so_and_leaves_no_note(config: Path) -> None:
    settings = load(config)
    record(settings, 5)
    code, output = audited(config)
    assert code == 0
    assert "All there" in output
    assert "50 trade ids" in output
    assert not note_path(settings.state_path).exists()


def test_what_is_gone_is_named_and_left_in_a_note_for_its_recorder(config: Path) -> None:
    settings = load(config)
    objects = record(settings, 5)
    lake = Lake.open(settings.lake_url, settings.prefix)
    lake.delete(objects[1])
    lake.delete(objects[2])
    code, output = audited(config)
    assert code == 1
    assert "r1 BTCDEMO 10..29, 20 trades" in output
    assert read_note(note_path(settings.state_path)) == {"BTCDEMO": Spans([(10, 29)])}
    code, output = audited(config, "--json")
    assert code == 1
    assert json.loads(output)["missing"] == {"r1": {"BTCDEMO": [[10, 29]]}}


def test_a_lake_that_came_back_without_its_checkpoints_is_held_to_its_newest_manifest(config: Path) -> None:
    settings = load(config)
    objects = record(settings, 5)
    settings.state_path.unlink()
    code, output = audited(config)
    assert code == 0 and "50 trade ids" in output
    lake = Lake.open(settings.lake_url, settings.prefix)
    lake.delete(objects[1])
    code, output = audited(config)
    assert code == 1
    assert "r1 BTCDEMO 10..19, 10 trades" in output
    assert not note_path(settings.state_path).exists(), "nobody here goes by it"
    for name in [objects[0], *objects[2:]]:
        lake.delete(name)
    assert "Nothing is claimed" in audited(config)[1]
