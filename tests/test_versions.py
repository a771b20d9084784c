"""What a newer Candlewick wrote is refused in one line and left as it is; what names no version is of the first.

What version 0.1.0 left on a disk is opened in `tests/e2e/test_upgrade.py`.
"""

import json
from datetime import datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from candlewick.cli import main
from candlewick.config import Settings
from candlewick.errors import MalformedFrameError, NewerError
from candlewick.lake import manifest as manifests
from candlewick.lake import names
from candlewick.lake.manifest import Manifest
from candlewick.lake.objects import Lake, pack
from candlewick.mart.reader import Mart
from candlewick.mart.version import CURRENT
from candlewick.seal import certificate
from candlewick.tape import checkpoint
from candlewick.warehouse.duckdb.file import Warehouse
from warehouse.small_mart import SmallMart

NEWER = r"version 9 was written by a newer Candlewick, this one knows 1; update it here, too: pip install --upgrade"


def test_a_newer_checkpoint_stays_where_it_is_and_stops_the_recorder(tmp_path: Path):
    path = tmp_path / "r1.state.json"
    path.write_text('{"v": 9, "recorder": "r1", "something": "else"}')
    lake = Lake.open(str(tmp_path / "lake"), "binance")
    with pytest.raises(NewerError, match=NEWER):
        checkpoint.open_checkpoint(path, lake, "r1")
    assert [each.name for each in tmp_path.iterdir()] == ["r1.state.json"], "it is not set aside as damaged"


def test_a_newer_mart_is_refused_and_one_without_a_version_is_read(tmp_path: Path):
    mart = SmallMart.make(tmp_path)
    mart.put_candle(datetime(2024, 8, 8, 12), 61_837)
    mart.publisher().publish()
    current = Settings(data=tmp_path).mart_path / CURRENT
    told = json.loads(current.read_text())
    assert told.pop("format") == 3
    current.write_text(json.dumps(told))
    assert Mart(current.parent).current().version == told["version"]
    current.write_text(json.dumps({"format": 9, "files": "elsewhere"}))
    with pytest.raises(NewerError, match=NEWER.replace("knows 1", "knows 3")):
        Mart(current.parent).current()


def test_a_newer_warehouse_is_refused_and_one_without_a_version_is_noted(tmp_path: Path):
    path = tmp_path / "candlewick.duckdb"
    for found in (None, "1"):
        warehouse = Warehouse.open(path)
        assert warehouse.setting("format") == "1"
        warehouse.connection.execute("delete from raw.settings")
        if found:
            warehouse.note("format", "9")
        warehouse.close()
    with pytest.raises(NewerError, match=NEWER.replace("knows 1", "knows 3")):
        Warehouse.open(path)
    with pytest.raises(NewerError):  # again: the file was let go of
        Warehouse.open(path)


def test_a_newer_certificate_and_a_newer_manifest_are_refused_by_name():
    with pytest.raises(NewerError, match=rf"^BTCUSDT-2026-11-26: {NEWER}"):
        certificate.decode(b'{"format":"candlewick-seal","version":9}', "BTCUSDT-2026-11-26")
    manifest = Manifest(recorder="r1", seq=1, prev=None, created=1, lines=0, spans={}, covered={})
    assert manifests.decode(manifests.encode(manifest)) == manifest
    with pytest.raises(MalformedFrameError, match="of version 1, got version 9; a newer Candlewick reads it"):
        manifests.decode(manifests.encode(replace(manifest, v=9)))


@pytest.mark.parametrize("has_checkpoint", [False, True])
def test_a_checkpoint_is_not_made_from_before_a_newer_object(tmp_path: Path, has_checkpoint: bool):
    """Else the recorder would go on from an older object, beside what the newer Candlewick wrote."""
    lake = Lake.open(str(tmp_path / "lake"), "binance")
    manifest = Manifest(recorder="r1", seq=1, prev=None, created=1, lines=0, spans={}, covered={})
    ours, newer = (names.stream("binance", "r1", at) for at in (1_000_000, 2_000_000))
    lake.put_absent(ours, pack([], manifest))
    path = tmp_path / "r1.state.json"
    if has_checkpoint:
        checkpoint.Checkpoint("r1", seq=1, prev=ours, last_stream=ours, lake=lake.identity).save(path)
    lake.put_absent(newer, pack([], replace(manifest, v=9, seq=2, prev=ours)))
    with pytest.raises(NewerError, match=rf"^{newer}: {NEWER}"):
        checkpoint.open_checkpoint(path, lake, "r1")
    assert path.exists() == has_checkpoint


def test_a_command_says_it_in_one_line(tmp_path: Path, monkeypatch, capsys):
    (tmp_path / "state").mkdir()
    (tmp_path / "state/r1.state.json").write_text('{"v": 9, "recorder": "r1"}')
    (tmp_path / "candlewick.toml").write_text("data = '.'\nexchange.rest = ['http://127.0.0.1:1']\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["candlewick", "record"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    last = capsys.readouterr().err.strip().rpartition("\n")[2]
    assert last.startswith("error") and "version 9 was written by a newer Candlewick" in last
