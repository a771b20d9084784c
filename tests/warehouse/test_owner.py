"""The warehouse's process as a whole: what it publishes, what it says, and what a kill leaves."""

import csv
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from candlewick.config import Settings
from candlewick.errors import WarehouseBusyError, WarehouseCorruptError
from candlewick.lake.objects import Lake
from candlewick.mart.reader import Mart
from candlewick.mart.version import CANDLES, TRADES
from candlewick.moments import now_us
from candlewick.process import heartbeat
from candlewick.warehouse.duckdb import owner
from candlewick.warehouse.duckdb.file import Warehouse
from made import forked
from warehouse.contents import contents
from warehouse.killing import own
from warehouse.lakes import MINUTE, START, Writer, chunks, recorded_lines, trade_line

FIRST_ID, LAST_ID = 3735683259, 3735703162
WHOLE = (1723161300000, 1723161600000)


@pytest.fixture(scope="module")
def published(recorded_lake: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The recording, loaded and published in one go, days in UTC."""
    settings = Settings(data=tmp_path_factory.mktemp("published"), lake=recorded_lake, timezone="UTC")
    owner.run(settings, once=True)
    return settings


def rows(settings: Settings, statement: str) -> list[tuple[object, ...]]:
    with Mart(settings.mart_path).connect() as connection:
        return connection.execute(statement).fetchall()


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain for {what}"
        time.sleep(0.02)


def test_every_recorded_trade_is_there_once_and_there_is_no_hole(published):
    [count] = rows(published, f"select count(*), count(distinct trade_id), min(trade_id), max(trade_id) from {TRADES}")
    assert count == (19_904, 19_904, FIRST_ID, LAST_ID)
    assert rows(published, "select * from gold.tape_gaps") == []


def test_the_two_whole_candles_equal_the_exchanges_in_nine_fields(published, recording: Path):
    with (recording / "exchange_klines_5m.csv").open() as file:
        theirs = {int(row[0]): [Decimal(row[n]) for n in (1, 2, 3, 4, 5, 7, 8, 9, 10)] for row in csv.reader(file)}
    ours = rows(
        published,
        "select epoch_ms(open_time), open, high, low, close, volume, quote_volume, trade_count, taker_buy_volume,"
        f" taker_buy_quote_volume from {CANDLES['5m']} where is_complete order by 1",
    )
    assert [(time, list(values)) for time, *values in ours] == [(time, theirs[time]) for time in WHOLE]


def test_the_candles_at_the_edges_do_not_claim_to_be_complete(published):
    edges = "select epoch_ms(open_time), is_closed, is_complete from gold.trades_ohlc_5m order by 1"
    assert rows(published, edges) == [
        (WHOLE[0] - 300_000, True, False),
        (WHOLE[0], True, True),
        (WHOLE[1], True, True),
        (WHOLE[1] + 300_000, False, False),
    ]


def test_the_day_follows_the_configured_zone_and_is_made_anew_when_it_changes(published, tmp_path):
    days = "select strftime(open_time, '%Y-%m-%d %H:%M'), trade_count from gold.trades_ohlc_1d order by 1"
    utc = rows(published, days)
    assert [day for day, _ in utc] == ["2024-08-08 00:00", "2024-08-09 00:00"]
    assert sum(int(str(count)) for _, count in utc) == 19_904
    before = Mart(published.mart_path).current().version
    owner.run(published.model_copy(update={"timezone": "Asia/Kolkata"}), once=True)
    assert rows(published, days) == [("2024-08-08 18:30", 19_904)]
    assert Mart(published.mart_path).current().timezone == "Asia/Kolkata"
    owner.run(published, once=True)
    assert rows(published, days) == utc
    assert Mart(published.mart_path).current().version > before


def test_a_rebuild_from_the_lake_alone_is_equal_and_says_how_far_it_is(published):
    before = contents(published.mart_path)
    told: list[tuple[int, int]] = []
    owner.rebuild(published, lambda done, total: told.append((done, total)))
    assert contents(published.mart_path) == before
    assert told[0] == (0, 40)
    assert told[-1] == (40, 40)
    assert told == sorted(told)


@pytest.mark.alike
def test_a_damaged_file_is_rebuilt(published):
    before = contents(published.mart_path)
    whole = published.duckdb_path.read_bytes()
    for damaged in (b"not a database", whole[: len(whole) // 2]):
        published.duckdb_path.write_bytes(damaged)
        with pytest.raises(WarehouseCorruptError, match="candlewick rebuild"):
            owner.run(published, once=True)
        assert contents(published.mart_path) == before, "readers go on meanwhile"
    owner.rebuild(published, lambda done, total: None)
    assert contents(published.mart_path) == before


@pytest.mark.alike
def test_a_rebuild_is_refused_while_an_owner_works_and_a_rebuild_that_fails_leaves_the_old_one(published, monkeypatch):
    before = contents(published.mart_path)
    started, child_end = forked.CONTEXT.Pipe()
    child = forked.process(own, published, child_end)
    child.start()
    assert started.poll(180)
    with pytest.raises(WarehouseBusyError, match="another process owns the warehouse"):
        owner.rebuild(published, lambda done, total: None)
    child.kill()
    child.join()

    def rebuild_again(done: int, total: int) -> None:
        with pytest.raises(WarehouseBusyError, match=f"pid {os.getpid()}"):
            owner.rebuild(published, lambda done, total: None)
        with pytest.raises(WarehouseBusyError, match="another process owns the warehouse"):
            owner.run(published, once=True)

    published.duckdb_path.unlink()
    owner.rebuild(published, rebuild_again)
    assert contents(published.mart_path) == before

    def interrupt(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        owner.rebuild(published, interrupt)
    owner.run(published, once=True)
    assert contents(published.mart_path) == before


@pytest.mark.alike
def test_killed_while_it_loads_transforms_and_publishes_it_ends_as_if_it_had_not_been(published, recording, tmp_path):
    settings = Settings(data=tmp_path, timezone="UTC")
    writer = Writer(Lake.open(settings.lake_url, settings.prefix), clock=now_us() - 60_000_000)
    delays = random.Random(7)
    for lines in chunks(recorded_lines(recording), 5_000):
        started, child_end = forked.CONTEXT.Pipe()
        child = forked.process(own, settings, child_end)
        child.start()
        assert started.poll(180)
        for part in chunks(lines, 500):
            writer.stream(part)
        time.sleep(delays.uniform(0.02, 0.9))  # the moment of the kill: while it loads, transforms or publishes
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
    owner.run(settings, once=True)
    assert contents(settings.mart_path) == contents(published.mart_path)
    warehouse = Warehouse.open(settings.duckdb_path)
    objects, lines = "select count(*), count(distinct object_name) from raw.loaded_objects", "raw.binance_raw"
    assert warehouse.connection.execute(objects).fetchall() == [(writer.sequence, writer.sequence)]
    assert warehouse.count(lines) == 19_904 + writer.sequence
    warehouse.close()


def test_live_objects_reach_the_mart_and_the_heartbeat_says_so(settings, lake, writer, tmp_path):
    start = START - START % MINUTE
    lake.put_absent(f"{lake.prefix}/raw/2024-08-08/00/notes.txt", b"not ours")
    problems: list[str] = []

    def beat() -> dict[str, object]:
        return heartbeat.read(settings.run_path, "warehouse") or {}

    def record() -> None:
        wait_until(lambda: beat().get("state") == "running", "the owner to run")
        for n in range(3):
            writer.clock = max(writer.clock, now_us())
            writer.stream([trade_line("BTCUSDT", n, start + n * MINUTE)])
            wait_until(lambda: beat().get("watermark") == {"BTCUSDT": n}, f"trade {n} in the mart")  # noqa: B023
        wait_until(lambda: beat().get("audit") == {"pending": 2}, "two candles without a verdict")
        wait_until(lambda: Mart(settings.mart_path).trades("BTCUSDT").num_rows == 3, "the trades' own file")
        days = f"select sum(trade_count) from {CANDLES['1d']}"
        wait_until(lambda: rows(settings, days) == [(3,)], "the candles that are made more slowly")
        last = beat()
        assert (last["objects"], last["rows"], last["gaps"]) == (3, 3, 0)
        assert set(last["cycle_ms"]) == {"load", "dbt", "publish"}
        assert "notes.txt" in str(last["skipped_objects"])

    thread = threading.Thread(target=then_stop_the_owner, args=(record, problems))
    thread.start()
    owner.run(settings)
    thread.join()
    assert problems == []
    assert heartbeat.read(settings.run_path, "warehouse") is None, "it ended on purpose"
    assert Mart(settings.mart_path).candles("BTCUSDT", "1m")["is_closed"].to_pylist() == [True, True, False]


def then_stop_the_owner(act: Callable[[], None], problems: list[str]) -> None:
    """Act in a thread beside the owner, which runs in the main one; then stop it as a supervisor does."""
    try:
        act()
    except AssertionError as error:
        problems.append(str(error))
    finally:
        os.kill(os.getpid(), signal.SIGTERM)


def test_raw_forgets_what_is_old_and_silver_keeps_it(tmp_path):
    settings = Settings(data=tmp_path, timezone="UTC")
    writer = Writer(Lake.open(settings.lake_url, settings.prefix), clock=now_us() - 10 * 24 * 3_600_000_000)
    old = writer.stream([trade_line("BTCUSDT", 1, START)])
    writer.clock = now_us() - 60_000_000
    new = writer.stream([trade_line("BTCUSDT", 2, START)])
    owner.run(settings, once=True)
    warehouse = Warehouse.open(settings.duckdb_path)
    assert warehouse.connection.execute("select distinct object_name from raw.binance_raw").fetchall() == [(new,)]
    assert warehouse.count("silver.trades_deduped") == 2
    assert warehouse.is_loaded(old)
    warehouse.close()


def test_a_lake_that_comes_back_is_read_again(settings, lake, writer):
    """The folder of the lake goes away while the owner runs, and returns with one object more."""
    writer.stream([trade_line("BTCUSDT", 1, START)])
    folder = Path(settings.lake_url)
    problems: list[str] = []

    def beat() -> dict[str, object]:
        return heartbeat.read(settings.run_path, "warehouse") or {}

    def break_and_mend() -> None:
        wait_until(lambda: beat().get("watermark") == {"BTCUSDT": 1}, "the first trade")
        folder.rename(folder.with_name("away"))
        folder.write_text("a file is in the way of the lake")
        wait_until(lambda: beat().get("state") == "waiting for the lake", "the lake to be missed")
        folder.unlink()
        folder.with_name("away").rename(folder)
        writer.clock = now_us()
        writer.stream([trade_line("BTCUSDT", 2, START)])
        wait_until(lambda: beat().get("watermark") == {"BTCUSDT": 2}, "the second trade")

    thread = threading.Thread(target=then_stop_the_owner, args=(break_and_mend, problems))
    thread.start()
    owner.run(settings)
    thread.join()
    assert problems == []
