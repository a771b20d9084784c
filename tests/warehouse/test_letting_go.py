"""What the mart and SILVER have of sealed days goes, and who reads finds the same trades in the sealed files."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import duckdb
import pytest

from candlewick.config.sections import RetentionSettings
from candlewick.errors import WarehouseError
from candlewick.mart import garbage, views
from candlewick.mart.reader import Mart
from candlewick.mart.sealed import COMPARED
from candlewick.mart.version import TRADES
from candlewick.process.crashpoint import VARIABLE
from candlewick.seal import keeping
from candlewick.warehouse.duckdb.sandbox import Sandbox
from candlewick.warehouse.home import home_of
from seal.killed import again, keeping_none
from seal.lakes import DAYS, Recorder, fill, lake_of, markets, quiet, settings_of
from seal.made import Market

FIRST = DAYS[0]
ROWS = f"select {', '.join(COMPARED)} from {TRADES} order by symbol, trade_id"
FORMAT_OF_FILE = "select value from raw.settings where name = 'format'"
GOLD = "select * exclude (loaded_at) from gold.trades_ohlc_1m order by all"
STEPS = ("before letting go of files", "after letting go of files")
STEPS_OF_SILVER = ("mid letting go of silver", "after letting go of silver")


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """Two days, published, each in files of the mart's own; the first is sealed, and the second never can be.

    Tests work on copies of it.
    """
    settings = settings_of(tmp_path_factory.mktemp("full"))
    first, second = map(quiet, markets(count=60))
    fill(lake_of(settings), [first, second[:-1]])
    found = keeping.seal_days(settings, None, None, lambda *_: None, asks=False)
    assert [each.state for each in found] == ["sealed", "healing"]
    home_of(settings).own(once=True)
    assert own_days(settings) == set(DAYS)
    return settings


def letting_go(settings):
    return settings.model_copy(update={"retention": RetentionSettings(mart=timedelta(hours=1))})


def letting_silver_go(settings):
    """As `letting_go`: the first day goes, and the second one is too young."""
    return settings.model_copy(update={"retention": RetentionSettings(silver=timedelta(days=2))})


def in_table(settings):
    """The days of SILVER's table, in the warehouse's own file."""
    with duckdb.connect(str(settings.duckdb_path), read_only=True) as database:
        found = database.execute("select distinct cast(traded_at as date) from silver.trades_deduped").fetchall()
    return {day for (day,) in found}


def own_until(settings, step, more=""):
    """Own the warehouse in a process that is killed at a step."""
    config = settings.data.parent / "candlewick.toml"
    config.write_text(f'data = "{settings.data}"\nprefix = "demo"\nsymbols = ["BTCUSDT"]\ntimezone = "UTC"\n{more}')
    command = [sys.executable, "-m", "candlewick", "warehouse", "--once", "--config", str(config)]
    done = subprocess.run(command, check=False, env=os.environ | {VARIABLE: step}, capture_output=True, timeout=300)
    assert done.returncode == -signal.SIGKILL, (step, done.stderr[-500:])


def version(settings):
    return Mart(settings.mart_path).current()


def own_days(settings):
    return {file.start.date() for file in version(settings).tables[TRADES].files}


def rows(settings, statement=ROWS):
    with Mart(settings.mart_path).connect() as database:
        return database.execute(statement).fetchall()


@pytest.mark.parametrize("of", [letting_go, letting_silver_go])
def test_a_sealed_days_trades_are_read_from_the_sealed_file_by_every_reader(full, tmp_path, monkeypatch, of):
    monkeypatch.setattr(views, "EVERY_SECONDS", 0.0)
    settings, before = of(again(full, tmp_path)), rows(full)
    home_of(settings).own(once=True)
    assert own_days(settings) == {DAYS[1]}
    [sealed] = version(settings).tables[TRADES].sealed
    assert (settings.mart_path / sealed.name).resolve().is_relative_to(settings.data / "lake" / "demo" / "sealed")
    assert rows(settings) == before and len(before) == version(settings).tables[TRADES].rows
    with duckdb.connect(str(settings.mart_path / views.DATABASE), read_only=True) as database:
        assert database.execute(ROWS).fetchall() == before
    engine = Sandbox(Mart(settings.mart_path))
    try:
        assert [tuple(row.values()) for row in engine.first_rows(ROWS)[0].to_pylist()] == before
    finally:
        engine.close()
    first = Mart(settings.mart_path).trades("BTCUSDT", end=sealed.end)
    assert first.num_rows == 60 and first.schema == Mart(full.mart_path).trades("BTCUSDT").schema
    monkeypatch.setattr(garbage, "GRACE_SECONDS", 0.0)
    home_of(settings).own(once=True)
    named = {each.name for each in version(settings).tables[TRADES].files}
    there = (settings.mart_path / "silver" / "trades_deduped").glob("*.parquet")
    assert {f"silver/trades_deduped/{path.name}" for path in there} <= named
    assert rows(settings) == before


def test_by_default_nothing_goes(full, tmp_path):
    settings = again(full, tmp_path)
    home_of(settings).own(once=True)
    assert own_days(settings) == set(DAYS) and not version(settings).tables[TRADES].sealed


def test_a_sealed_file_that_is_not_the_certified_one_lets_nothing_go(full, tmp_path):
    settings, before = letting_go(again(full, tmp_path)), rows(full)
    for path in (settings.data / "lake").rglob("*.parquet"):
        content = bytearray(path.read_bytes())
        content[100] ^= 1
        path.write_bytes(bytes(content))
    home_of(settings).own(once=True)
    assert own_days(settings) == set(DAYS) and rows(settings) == before


def test_a_trade_that_no_sealed_file_has_keeps_its_day(full, tmp_path):
    settings = again(full, tmp_path)
    writer = Recorder(lake_of(settings), "r9")
    writer.write(Market(seed=9, count=5, symbol="ETHUSDT", day=FIRST).lines())
    settings = letting_go(settings)
    home_of(settings).own(once=True)
    assert own_days(settings) == set(DAYS) and len(rows(settings)) == len(rows(full)) + 5


def test_news_of_a_day_that_went_make_it_the_marts_own_again_until_it_is_sealed(full, tmp_path):
    settings = letting_go(again(full, tmp_path))
    home_of(settings).own(once=True)
    assert own_days(settings) == {DAYS[1]}
    writer = Recorder(lake_of(settings), "r9")
    late = {"symbol": "ETHUSDT", "seed": 9}
    whole = quiet(Market(count=50, day=FIRST, **late))
    for start in range(0, len(whole), 20):
        writer.write(whole[start : start + 20])
    writer.write(Market(count=1, first_id=1_050, day=DAYS[1], **late).lines())  # a day is told of when it is over
    home_of(settings).own(once=True)
    assert own_days(settings) == set(DAYS) and not version(settings).tables[TRADES].sealed
    wanted = rows(settings)
    assert len(wanted) == len(rows(full)) + 51 and set(rows(full)) < set(wanted)
    keeping.seal_days(settings, [FIRST], ["ETHUSDT"], lambda *_: None, asks=False)
    home_of(settings).own(once=True)
    assert len(version(settings).tables[TRADES].sealed) == 2 and own_days(settings) == {DAYS[1]}
    assert rows(settings) == wanted


@pytest.mark.parametrize("steps", [STEPS, STEPS_OF_SILVER], ids=["mart", "silver"])
def test_killed_at_any_step_readers_see_the_same_rows_and_the_next_start_goes_on(full, tmp_path, steps):
    before, candles = rows(full), rows(full, GOLD)
    letting = "mart" if steps is STEPS else "silver"
    for number, step in enumerate(steps):
        settings = again(full, tmp_path / str(number))
        settings = letting_go(settings) if letting == "mart" else letting_silver_go(settings)
        own_until(settings, step, f'[retention]\n{letting} = "{"1h" if letting == "mart" else "2d"}"\n')
        assert rows(settings) == before, step
        home_of(settings).own(once=True)
        assert rows(settings) == before and rows(settings, GOLD) == candles, step
        assert own_days(settings) == {DAYS[1]}, step
        assert in_table(settings) == ({DAYS[1]} if letting == "silver" else set(DAYS)), step


def test_trades_of_a_sealed_day_leave_the_warehouses_file_and_who_rebuilds_it_does_not_copy_them(full, tmp_path):
    settings, before, candles = letting_silver_go(again(full, tmp_path)), rows(full), rows(full, GOLD)
    with duckdb.connect(str(settings.duckdb_path)) as database:
        database.execute("drop table raw.sealed_days")  # as a version before this one left it
        database.execute("update raw.settings set value = '1' where name = 'format'")
    home_of(settings).own(once=True)
    assert in_table(settings) == {DAYS[1]} == own_days(settings)
    with duckdb.connect(str(settings.duckdb_path), read_only=True) as database:
        assert database.execute(FORMAT_OF_FILE).fetchall() in ([("2",)], [("3",)]), "what no version before reads whole"
    assert [each.start.date() for each in version(settings).tables[TRADES].sealed] == [DAYS[0]]
    assert rows(settings) == before and rows(settings, GOLD) == candles
    keeping.seal_days(keeping_none(settings), None, None, lambda *_: None, asks=False)
    home_of(settings).own(once=True)
    assert in_table(settings) == {DAYS[1]}, "the references to a day that is read from its file bring nothing back"
    home_of(settings).rebuild(lambda *_: None)
    assert in_table(settings) == {DAYS[1]} and rows(settings) == before and rows(settings, GOLD) == candles
    assert [each.start.date() for each in version(settings).tables[TRADES].sealed] == [DAYS[0]]


def test_what_comes_late_for_a_day_that_left_silver_is_seen_beside_the_rest_of_it(full, tmp_path):
    settings = letting_silver_go(again(full, tmp_path))
    home_of(settings).own(once=True)
    writer = Recorder(lake_of(settings), "r9")
    [first, *_] = markets(count=60)
    again_and_new = [first.line(7), *Market(seed=9, count=1, first_id=first.first_id - 1, day=FIRST).lines()]
    writer.write(again_and_new)
    for step in ("mid bringing back", "before commit", "after commit"):
        own_until(settings, step)
        assert rows(settings) == rows(full), step
    home_of(settings).own(once=True)
    assert in_table(settings) == set(DAYS) == own_days(settings) and not version(settings).tables[TRADES].sealed
    assert len(rows(settings)) == len(rows(full)) + 1 and set(rows(full)) < set(rows(settings))
    counted = rows(settings, f"select sum(trade_count) from gold.trades_ohlc_1m where open_time < '{DAYS[1]}'")
    assert counted == [(61,)]


@pytest.mark.parametrize("change", ["gone", "changed"])
def test_a_day_whose_only_copy_was_lost_is_named_and_nothing_is_made_of_what_is_left(full, tmp_path, change):
    settings = letting_silver_go(again(full, tmp_path))
    home_of(settings).own(once=True)
    [sealed] = version(settings).tables[TRADES].sealed
    path = settings.mart_path / sealed.name
    path.unlink() if change == "gone" else path.write_bytes(path.read_bytes()[:-1] + b"x")
    Recorder(lake_of(settings), "r9").write([markets(count=60)[0].line(7)])  # which could be another copy
    with pytest.raises(WarehouseError, match=f"{path.name}: SILVER's only copy of a sealed day"):
        home_of(settings).own(once=True)
