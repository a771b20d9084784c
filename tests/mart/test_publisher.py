import os
import shutil
import subprocess
import sys
import time
from datetime import datetime, timedelta

import pytest

from candlewick.mart import garbage
from candlewick.mart.publisher import LAYOUTS, MANY_ROWS, SETTLED_AFTER, TABLES, WITH_TRADES
from candlewick.mart.reader import Mart
from candlewick.mart.version import CANDLES, CURRENT, PINS, TRADES
from warehouse.small_mart import SmallMart

DAY = datetime(2024, 8, 8)
MINUTE = timedelta(minutes=1)
CAN_BE_APART = os.geteuid() == 0 and shutil.which("unshare") is not None
"""Whether a test may start a process that has ids of its own, as a container's processes have."""


@pytest.fixture
def mart(tmp_path) -> SmallMart:
    return SmallMart.make(tmp_path)


def files(version, table=CANDLES["1m"]) -> dict[str, str]:
    """Period to file name."""
    return {file.name.rsplit("/")[-1].partition(".")[0]: file.name for file in version.tables[table].files}


def test_an_empty_warehouse_publishes_empty_tables_with_their_columns(mart):
    mart.publisher().publish()
    reader = Mart(mart.path)
    assert reader.candles("BTCUSDT", "1m").num_rows == 0
    assert "is_complete" in reader.candles("BTCUSDT", "1m").column_names
    assert reader.query("select count(*) as n from gold.tape_gaps").to_pylist() == [{"n": 0}]


def test_only_the_files_of_changed_periods_are_written_anew(mart):
    for days in range(5):
        mart.put_candle(DAY + timedelta(days=days))
    publisher = mart.publisher()
    before = files(publisher.publish())
    mart.put_candle(DAY + timedelta(days=3), price=6)
    mart.put_candle(DAY + timedelta(days=5))
    after = files(publisher.publish())
    assert {period for period in after if before.get(period) != after[period]} == {"2024-08-11", "2024-08-13T00"}
    assert [row["close"] for row in Mart(mart.path).candles("BTCUSDT", "1m").to_pylist()] == [5, 5, 5, 6, 5, 5]


def test_a_day_that_comes_at_once_is_one_file_and_the_running_hour_is_not(mart):
    mart.put_trade(1, DAY - timedelta(days=1))
    publisher = mart.publisher()
    assert list(files(publisher.publish(), TRADES)) == ["2024-08-07T00-00"]
    moment = mart.clock + timedelta(seconds=1)
    mart.warehouse.connection.execute(
        f"insert into {TRADES} (symbol, trade_id, price, traded_at, loaded_at)"
        f" select 'BTCUSDT', 2 + n, 5, timestamp '{DAY}' + n * interval '1 second', ?"
        f" from generate_series(0, {MANY_ROWS + 86_400}) as all_of_it (n)",
        [moment],
    )
    version = publisher.publish()
    periods = list(files(version, TRADES))
    assert periods[:2] == ["2024-08-07T00-00", "2024-08-08"]
    assert all(period.startswith("2024-08-09T") for period in periods[2:])
    assert version.tables[TRADES].rows == MANY_ROWS + 86_402
    moments = [file.start for file in version.tables[TRADES].files]
    assert moments == sorted(moments)
    mart.warehouse.connection.execute(f"update {TRADES} set loaded_at = loaded_at + interval '1 second'")
    assert publisher.publish().tables[TRADES].rows == MANY_ROWS + 86_402


def test_files_of_trades_leave_out_what_is_worked_out_and_are_read_beside_older_ones_that_have_it(mart, monkeypatch):
    whole = LAYOUTS[TRADES]._replace(columns="*")
    for days, layout in enumerate((LAYOUTS[TRADES], whole, LAYOUTS[TRADES])):
        monkeypatch.setitem(LAYOUTS, TRADES, layout)
        mart.put_trade(days, DAY + timedelta(days=days))
        publisher = mart.publisher()
        publisher.publish()
    widths = [
        len(mart.warehouse.connection.execute(f"describe from '{mart.path / file.name}'").fetchall())
        for file in publisher.current.tables[TRADES].files
    ]
    assert widths == [9, 12, 9]
    everything = f"select * from {TRADES} order by trade_id"
    held = mart.warehouse.connection.sql(everything)
    with Mart(mart.path).connect() as reader:
        read = reader.sql(everything)
        assert (read.columns, read.types, read.fetchall()) == (held.columns, held.types, held.fetchall())


def test_where_nothing_changed_nothing_is_published(mart):
    mart.put_candle(DAY)
    publisher = mart.publisher()
    assert publisher.publish().version == 1
    current = (mart.path / CURRENT).stat()
    assert publisher.publish() is None
    assert (mart.path / CURRENT).stat().st_mtime_ns == current.st_mtime_ns
    assert publisher.version == 1


def test_a_version_says_how_far_it_is_and_what_its_files_hold(mart):
    mart.put_trade(7, DAY)
    mart.put_trade(9, DAY + MINUTE, symbol="ETHUSDT")
    version = mart.publisher().publish()
    assert {symbol: (mark.last_trade_id, mark.traded_at) for symbol, mark in version.watermarks.items()} == {
        "BTCUSDT": (7, DAY),
        "ETHUSDT": (9, DAY + MINUTE),
    }
    assert version.tables[TRADES].rows == 2
    assert version.tables[TRADES].loaded_at == mart.clock
    for table in version.tables.values():
        for file in table.files:
            assert (mart.path / file.name).stat().st_size == file.bytes


def test_the_trades_may_be_published_later_than_the_candles(mart):
    publisher = mart.publisher()
    publisher.publish()
    mart.put_trade(7, DAY)
    mart.put_candle(DAY)
    version = publisher.publish(TABLES - WITH_TRADES)
    assert (version.tables[TRADES].rows, version.tables[CANDLES["1m"]].rows) == (0, 1)
    assert publisher.publish().tables[TRADES].rows == 1


def test_the_next_owner_goes_on_where_the_last_one_left_off(mart):
    mart.put_candle(DAY)
    mart.put_candle(DAY + timedelta(days=1))
    before = files(mart.publisher().publish())
    mart.put_candle(DAY + timedelta(days=1), price=6)
    successor = mart.publisher()
    after = files(successor.publish())
    assert successor.version == 2
    assert before["2024-08-08"] == after["2024-08-08"]
    assert before["2024-08-09T00"] != after["2024-08-09T00"]


def test_of_another_generation_nothing_is_kept_and_versions_go_on(mart):
    mart.put_candle(DAY)
    mart.publisher("old").publish()
    mart.warehouse.connection.execute(f"update {CANDLES['1m']} set close = 9")
    successor = mart.publisher("new")
    assert successor.publish().version == 2
    assert Mart(mart.path).candles("BTCUSDT", "1m")["close"].to_pylist() == [9]


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b"torn"), lambda path: path.unlink()])
def test_a_file_that_a_power_cut_left_torn_is_written_anew(mart, damage):
    mart.put_candle(DAY)
    [name] = files(mart.publisher().publish()).values()
    damage(mart.path / name)
    mart.publisher().publish()
    assert Mart(mart.path).candles("BTCUSDT", "1m").num_rows == 1


def test_a_torn_current_is_written_anew(mart):
    mart.put_candle(DAY)
    mart.publisher().publish()
    (mart.path / CURRENT).write_bytes(b"\0" * 100)
    mart.publisher().publish()
    assert Mart(mart.path).candles("BTCUSDT", "1m").num_rows == 1


def test_settled_periods_are_joined_and_late_rows_still_find_their_place(mart):
    month = datetime(2024, 7, 1)
    publisher = mart.publisher()
    for days in range(33):
        mart.put_candle(month + timedelta(days=days))
        publisher.publish()
    assert not publisher.join_settled(), "its files are too young"
    let_rest(mart)
    while publisher.join_settled():
        let_rest(mart)
    assert set(files(publisher.current)) == {"2024-07", "2024-08-01", "2024-08-02T00"}
    mart.put_candle(month + timedelta(days=3), price=7)
    publisher.publish()
    assert set(files(publisher.current)) == {"2024-07", "2024-08-01", "2024-08-02T00"}
    closes = Mart(mart.path).candles("BTCUSDT", "1m")["close"].to_pylist()
    assert closes == [7 if days == 3 else 5 for days in range(33)]


def test_trades_are_joined_by_hour_and_then_by_day(mart):
    publisher = mart.publisher()
    for minute in range(0, 26 * 60, 10):
        mart.put_trade(minute, DAY + timedelta(minutes=minute))
        publisher.publish({TRADES})
    assert len(files(publisher.current, TRADES)) == 26 * 6
    counts = []
    for _ in range(2):
        let_rest(mart)
        while publisher.join_settled():
            continue
        counts.append(sorted(files(publisher.current, TRADES)))
    assert counts[0][:2] == ["2024-08-08T00", "2024-08-08T01"]
    assert len(counts[0]) == 25 + 6
    assert counts[1] == ["2024-08-08", "2024-08-09T00", *(f"2024-08-09T01-{n}0" for n in range(6))]
    assert Mart(mart.path).trades("BTCUSDT")["trade_id"].to_pylist() == list(range(0, 26 * 60, 10))


def let_rest(mart: SmallMart) -> None:
    """Make all files look as if nothing had touched them for long."""
    long_ago = time.time() - SETTLED_AFTER.total_seconds() - 1
    for path in mart.path.rglob("*.parquet"):
        os.utime(path, (long_ago, long_ago))


def test_replaced_files_stay_for_a_while_and_as_long_as_a_reader_pins_them(mart, monkeypatch):
    mart.put_candle(DAY)
    publisher = mart.publisher()
    [first] = files(publisher.publish()).values()
    reader = Mart(mart.path).connect()
    mart.put_candle(DAY, price=6)
    [second] = files(publisher.publish()).values()
    publisher.collect_garbage()
    assert (mart.path / first).exists()
    monkeypatch.setattr(garbage, "GRACE_SECONDS", 0.0)
    publisher.collect_garbage()
    assert (mart.path / first).exists(), "pinned"
    assert reader.sql(f"select close from {CANDLES['1m']}").fetchall() == [(5,)]
    del reader
    publisher.collect_garbage()
    assert not (mart.path / first).exists()
    assert (mart.path / second).exists()


@pytest.mark.parametrize("name", ["1-1", "0123456789abcdef0123456789abcdef"])
def test_a_pin_that_nobody_locks_is_a_dead_readers_and_holds_nothing(mart, monkeypatch, name):
    mart.put_candle(DAY)
    publisher = mart.publisher()
    [first] = files(publisher.publish()).values()
    (mart.path / PINS).mkdir()
    (mart.path / PINS / name).hardlink_to(mart.path / CURRENT)
    mart.put_candle(DAY, price=6)
    publisher.publish()
    monkeypatch.setattr(garbage, "GRACE_SECONDS", 0.0)
    publisher.collect_garbage()
    assert not (mart.path / first).exists()
    assert list((mart.path / PINS).iterdir()) == []


def test_a_reader_whose_process_id_means_nothing_here_holds_its_files(mart, monkeypatch):
    mart.put_candle(DAY)
    publisher = mart.publisher()
    [first] = files(publisher.publish()).values()
    monkeypatch.setattr(garbage, "GRACE_SECONDS", 0.0)
    reader = f"""
import sys
from pathlib import Path
from candlewick.mart.pins import pin
pinned = pin(Path({str(mart.path)!r}))
print("pinned", flush=True)
sys.stdin.read()
"""
    apart = ["unshare", "--pid", "--fork", "--kill-child"] if CAN_BE_APART else []
    command = [*apart, sys.executable, "-c", reader]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "pinned\n"
        mart.put_candle(DAY, price=6)
        publisher.publish()
        publisher.collect_garbage()
        assert (mart.path / first).exists()
        process.kill()
    deadline = time.monotonic() + 30
    while (mart.path / first).exists() and time.monotonic() < deadline:
        publisher.collect_garbage()
    assert not (mart.path / first).exists()
    assert list((mart.path / PINS).iterdir()) == []


@pytest.mark.parametrize("name", [".DS_Store", "notes.txt", "12", "x-1"])
def test_what_is_no_pin_is_left_alone_and_holds_nothing(mart, monkeypatch, name):
    mart.put_candle(DAY)
    publisher = mart.publisher()
    [first] = files(publisher.publish()).values()
    (mart.path / PINS).mkdir()
    (mart.path / PINS / name).write_text("somebody's")
    mart.put_candle(DAY, price=6)
    publisher.publish()
    monkeypatch.setattr(garbage, "GRACE_SECONDS", 0.0)
    publisher.collect_garbage()
    assert not (mart.path / first).exists()


def test_what_an_owner_that_was_killed_left_behind_is_removed(mart, monkeypatch):
    mart.put_candle(DAY)
    mart.publisher().publish()
    orphan = mart.path / "gold" / "trades_ohlc_1m" / "2024-08-09.draft"
    orphan.write_bytes(b"half")
    successor = mart.publisher()
    monkeypatch.setattr(garbage, "GRACE_SECONDS", 0.0)
    successor.collect_garbage()
    assert not orphan.exists()
    assert Mart(mart.path).candles("BTCUSDT", "1m").num_rows == 1
