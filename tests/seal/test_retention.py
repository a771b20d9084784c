"""The raw objects of sealed days go, and no line with them."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from candlewick.config.sections import RetentionSettings
from candlewick.errors import TornObjectError
from candlewick.lake import compression
from candlewick.lake.sealed import file
from candlewick.lake.sealed.reference import RECORDER
from candlewick.seal import keeping
from candlewick.seal.referring import refer
from candlewick.seal.seals import Seals
from candlewick.tape.checkpoint import Checkpoint, all_in
from candlewick.warehouse.duckdb.intake import Intake
from candlewick.warehouse.home import home_of
from seal.killed import STEPS, again, keeping_none, run
from seal.lakes import DAYS, SYMBOL, fill, lake_of, markets, quiet, raw_lines, settings_of

FIRST = DAYS[0]


@pytest.fixture
def in_memory():
    """A folder in memory, where the fsyncs of many sealings cost nothing: processes are killed, and no machine."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A lake of two whole days in small objects; tests work on copies of it."""
    settings = settings_of(tmp_path_factory.mktemp("full"))
    fill(lake_of(settings), map(quiet, markets(count=120)), per_object=15)
    return settings


def objects(settings) -> dict[str, int]:
    """The names of the lake's raw objects but for notes, and how many lines are read from each."""
    lake = lake_of(settings)
    names = (item.name for item in lake.list_all())
    return {name: len(lake.read_object(name).lines) for name in names if f"_{RECORDER}." not in name}


def seal(settings):
    return keeping.seal_days(settings, None, None, lambda *_: None, asks=False)


def test_nothing_is_deleted_by_default(full, tmp_path):
    settings = again(full, tmp_path)
    before = objects(settings)
    assert [each.state for each in seal(settings)] == ["sealed", "sealed"]
    assert objects(settings) == before


def test_small_objects_go_and_every_reader_finds_the_same_lines(full, tmp_path):
    settings = keeping_none(again(full, tmp_path))
    before, lines = objects(settings), set(raw_lines(settings))
    seal(settings)
    after = objects(settings)
    assert len(after) < len(before) / 2
    assert sum(f"_{RECORDER}-" in name for name in after) == 2 * len(DAYS)
    assert set(raw_lines(settings)) == lines


def test_a_line_that_is_in_no_sealed_file_keeps_its_object(full, tmp_path):
    settings = again(full, tmp_path)
    seal(settings)
    lake = lake_of(settings)
    name = next(each for each in objects(settings) if f"/{FIRST}/" in each)
    held = lake.read_object(name)
    from msgspec.structs import replace  # noqa: PLC0415

    from candlewick.lake.objects import pack  # noqa: PLC0415

    lake.delete(name)
    lines = [*held.lines, held.lines[0].replace(b'"recv":', b'"recv":3')]
    lake.put_absent(name, pack(lines, replace(held.manifest, lines=len(lines))))
    keeping.seal_days(keeping_none(settings), [FIRST], None, lambda *_: None, asks=False)
    assert name in objects(settings)
    assert lines[-1] in raw_lines(settings)


def test_a_sealed_file_that_is_not_what_was_certified_deletes_nothing(full, tmp_path):
    settings = again(full, tmp_path)
    seal(settings)
    before = objects(settings)
    for day in DAYS:
        path = settings.data / "lake" / Seals(lake_of(settings)).certificate(SYMBOL, day).body["file"]["name"]
        content = bytearray(path.read_bytes())
        content[100] ^= 1
        path.write_bytes(bytes(content))
    keeping.seal_days(keeping_none(settings), None, None, lambda *_: None, asks=False)
    assert {name for name, lines in before.items() if lines} <= set(objects(settings))


def test_young_days_are_kept(full, tmp_path):
    settings = again(full, tmp_path)
    settings = settings.model_copy(update={"retention": RetentionSettings(raw=timedelta(days=30))})
    before = objects(settings)
    seal(settings)
    assert objects(settings) == before


def test_what_checkpoints_go_on_from_is_kept(full, tmp_path):
    settings = keeping_none(again(full, tmp_path))
    last = max(objects(settings))
    lake = lake_of(settings)
    Checkpoint(recorder="r1", lake=lake.identity, prev=last, last_stream=last).save(settings.state_path)
    seal(settings)
    there = set(objects(settings))
    for each in all_in(settings.state_path.parent):
        assert each.prev in there


def test_references_that_another_version_wrote_in_other_bytes_are_the_same(full, tmp_path, monkeypatch):
    settings = again(full, tmp_path)
    seal(settings)
    lake, monkey = lake_of(settings), compression.compress
    certificates = [Seals(lake).certificate(SYMBOL, day) for day in DAYS]
    monkeypatch.setattr(compression, "compress", lambda text, level=3: monkey(text, level=19))
    for each in certificates:
        refer(lake, each, Seals(lake).content(each), Seals(lake).evidence(each))
    written = {item.name: lake.get(item.name) for item in lake.list_all() if f"_{RECORDER}-" in item.name}
    monkeypatch.setattr(compression, "compress", monkey)
    seal(keeping_none(settings))
    assert written == {name: lake.get(name) for name in written} and written
    [name, *_] = written
    lake.delete(name)
    lake.put_absent(name, next(content for other, content in written.items() if other != name))
    with pytest.raises(TornObjectError, match="got another object"):
        for each in certificates:
            refer(lake, each, Seals(lake).content(each), Seals(lake).evidence(each))


def test_objects_that_go_between_a_listing_and_its_reading_are_found_as_references(full, tmp_path):
    settings = again(full, tmp_path)
    wanted = sum(b'"e":"trade"' in line for line in raw_lines(settings))
    with Intake.open(settings, settings.duckdb_path) as intake:
        while intake.loader.discovery.is_sweeping:
            intake.loader.discovery.sweep_one_folder()
        seal(keeping_none(settings))
        while intake.is_catching_up:
            intake.load()
        intake.cycle.run()
        count = "select sum(last_trade_id - first_trade_id + 1) from silver.tape_spans"
        assert intake.warehouse.connection.execute(count).fetchall() == [(wanted,)]
        assert intake.loader.skipped == {}, "what was let go is nobody's loss"


def test_killed_at_any_step_no_line_is_lost_and_none_is_twice_in_a_seal(full, in_memory):
    """Killed once at each step; `benchmarks/seal_kills.py` kills a thousand times, at random passes."""
    wanted = set(raw_lines(full))
    cases = [(again(full, in_memory / str(number)), f"{step}:1") for number, step in enumerate(STEPS)]
    for (settings, step), died in zip(cases, run(cases), strict=True):
        assert died, step
        assert set(raw_lines(settings)) == wanted, step
    run([(settings, "") for settings, _ in cases])
    for settings, step in cases:
        assert set(raw_lines(settings)) == wanted, step
        for day in DAYS:
            seals = Seals(lake_of(settings))
            ids = file.read(seals.content(seals.certificate(SYMBOL, day))).trades.column("trade_id").to_pylist()
            assert ids == sorted(set(ids)) and len(ids) == seals.certificate(SYMBOL, day).body["count"], step


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_warehouse_made_from_references_is_the_one_made_from_raw_objects(full, tmp_path):
    plain, sealed = again(full, tmp_path / "plain"), keeping_none(again(full, tmp_path / "sealed"))
    seal(sealed)
    assert len(objects(sealed)) < len(objects(plain)) / 2
    assert _silver_and_verdict(sealed) == _silver_and_verdict(plain)


def _silver_and_verdict(settings) -> tuple[list, list]:
    home_of(settings).own(once=True)
    with home_of(settings).reader().connect() as database:
        trades = database.execute("""
            select symbol, trade_id, price, quantity, is_buyer_maker, traded_at, received_at, source
            from silver.trades_deduped order by trade_id""").fetchall()
        verdict = database.execute("select status, count(*) from gold.candle_audit group by all order by 1").fetchall()
    assert trades and verdict
    return trades, verdict
