import multiprocessing
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import duckdb
import pytest

from candlewick.errors import MartNotReadyError, WarehouseError
from candlewick.mart.reader import Mart
from candlewick.mart.version import CANDLES
from warehouse.small_mart import SmallMart
from warehouse.watching import ROWS_PER_TABLE, TABLES, watch

DAY = datetime(2024, 8, 8)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def published(tmp_path) -> SmallMart:
    """Three days of candles of a minute, every fourth of another symbol, published."""
    mart = SmallMart.make(tmp_path)
    for n in range(36):
        mart.put_candle(DAY + n * timedelta(hours=2), price=n + 1, symbol="ETHUSDT" if n % 4 == 3 else "BTCUSDT")
    mart.publisher().publish()
    return mart


def closes(mart: Mart, **bounds: object) -> list[int]:
    return [int(close) for close in mart.candles("BTCUSDT", "1m", **bounds)["close"].to_pylist()]  # type: ignore[arg-type]


def test_before_the_first_version_it_says_what_publishes(tmp_path):
    mart = Mart(tmp_path)
    for read in (mart.current, mart.connect, lambda: mart.candles("BTCUSDT", "1m"), lambda: mart.query("select 1")):
        with pytest.raises(MartNotReadyError, match="nothing is published yet"):
            read()


def test_a_database_of_some_tables_has_no_others(published):
    name = CANDLES["1m"]
    with Mart(published.path).connect(name) as database:
        assert database.execute(f"select count(*) from {name}").fetchone() == (36,)
        views = database.execute("select count(*) from duckdb_views() where not internal").fetchone()
    assert views == (1,)


def test_candles_are_those_of_the_symbol_in_order(published):
    mart = Mart(published.path)
    assert closes(mart) == [n + 1 for n in range(36) if n % 4 != 3]
    assert mart.candles("ETHUSDT", "1m").num_rows == 9
    assert mart.candles("DOGEUSDT", "1m").num_rows == 0
    assert mart.candles("BTCUSDT", "1h").num_rows == 0


@pytest.mark.parametrize("limit", [0, 1, 5, 13, 27, 1000])
def test_a_limit_gives_the_newest(published, limit):
    everything = closes(Mart(published.path))
    assert closes(Mart(published.path), limit=limit) == everything[max(0, len(everything) - limit) :]


def test_start_is_included_and_end_is_not(published):
    mart = Mart(published.path)
    start, end = DAY + timedelta(hours=4), DAY + timedelta(hours=34)
    assert closes(mart, start=start, end=end) == [3, 5, 6, 7, 9, 10, 11, 13, 14, 15, 17]
    assert closes(mart, start=start, end=end, limit=2) == [15, 17]
    assert closes(mart, end=DAY) == []
    assert closes(mart, start=DAY + timedelta(days=9)) == []


def test_times_may_have_any_zone(published):
    mart = Mart(published.path)
    india = timezone(timedelta(hours=5, minutes=30))
    bounds = (DAY.replace(tzinfo=UTC), (DAY + timedelta(hours=3)).replace(tzinfo=UTC).astimezone(india))
    assert closes(mart, start=bounds[0], end=bounds[1]) == [1, 2]


def test_an_unknown_timeframe_is_one_line(published):
    with pytest.raises(WarehouseError, match=r"expected a timeframe of 1s, 1m, .* got '7x'"):
        Mart(published.path).candles("BTCUSDT", "7x")


def test_sql_sees_all_tables_of_one_version_for_as_long_as_the_connection_is_open(published):
    publisher = published.publisher()
    with Mart(published.path).connect() as connection:
        count = f"select count(*) from {CANDLES['1m']}"
        assert connection.execute(count).fetchall() == [(36,)]
        published.put_candle(DAY + timedelta(days=7))
        publisher.publish()
        assert connection.execute(count).fetchall() == [(36,)]
        assert connection.execute("select count(*) from silver.trades_deduped").fetchall() == [(0,)]
    assert Mart(published.path).connect().execute(count).fetchall() == [(37,)]


def test_query_follows_the_newest_version_and_takes_parameters(published):
    mart = Mart(published.path)
    count = f"select count(*) as n from {CANDLES['1m']} where symbol = ?"
    assert mart.query(count, ["ETHUSDT"]).to_pylist() == [{"n": 9}]
    published.put_candle(DAY + timedelta(days=7), symbol="ETHUSDT")
    published.publisher().publish()
    assert mart.query(count, ["ETHUSDT"]).to_pylist() == [{"n": 10}]
    with pytest.raises(duckdb.Error):
        mart.query("select nonsense")


def test_query_looks_again_only_at_tables_that_a_version_changed(published):
    mart, count = Mart(published.path), f"select count(*) as n from {CANDLES['1m']}"
    assert mart.query(count).to_pylist() == [{"n": 36}]
    publisher = published.publisher()
    for file in mart.current().tables[CANDLES["1d"]].files:
        (published.path / file.name).unlink()
    published.put_candle(DAY + timedelta(days=7))
    publisher.publish()
    assert mart.query(count).to_pylist() == [{"n": 37}]


def test_trades_are_those_of_the_period_by_id(published):
    for trade_id in (3, 1, 2):
        published.put_trade(trade_id, DAY + trade_id * MINUTE)
    published.publisher().publish()
    mart = Mart(published.path)
    assert mart.trades("BTCUSDT")["trade_id"].to_pylist() == [1, 2, 3]
    assert mart.trades("BTCUSDT", DAY + 2 * MINUTE, DAY + 3 * MINUTE)["trade_id"].to_pylist() == [2]


def test_a_reader_that_was_held_up_reads_the_version_that_is_there_now(published):
    mart = Mart(published.path)
    stale = mart.current()
    published.put_candle(DAY, price=99)
    publisher = published.publisher()
    publisher.publish()
    for file in stale.tables[CANDLES["1m"]].files:
        if file not in publisher.current.tables[CANDLES["1m"]].files:
            (published.path / file.name).unlink()
    assert closes(mart, limit=100)[0] == 99


def test_a_warm_read_of_1500_bars_takes_milliseconds(tmp_path):
    mart = SmallMart.make(tmp_path)
    mart.warehouse.connection.execute(
        f"insert into {CANDLES['1m']} select 'BTCUSDT', timestamp '2024-08-08' + n * interval 1 minute, 1, 1, 1, 1, 1,"
        " 1, n, true, true, timestamp '2024-08-10' from range(5000) as t(n)"
    )
    mart.publisher().publish()
    reader = Mart(mart.path)
    reader.candles("BTCUSDT", "1m", limit=1500)
    times = []
    for _ in range(21):
        started = time.perf_counter()
        assert reader.candles("BTCUSDT", "1m", limit=1500).num_rows == 1500
        times.append(time.perf_counter() - started)
    assert sorted(times)[10] < 0.005


def test_readers_in_other_processes_never_see_a_torn_version(tmp_path):
    mart = SmallMart.make(tmp_path)
    for table in TABLES:
        for day in range(ROWS_PER_TABLE):
            mart.put_candle(DAY + timedelta(days=day), 1, table=table)
    publisher = mart.publisher()
    publisher.publish()
    context = multiprocessing.get_context("spawn")
    done, problems = context.Event(), context.Queue()
    seen = [context.Value("i", 0) for _ in range(2)]
    readers = [context.Process(target=watch, args=(mart.path, done, each, problems), daemon=True) for each in seen]
    for reader in readers:
        reader.start()
    price, deadline = 1, time.monotonic() + 60
    while min(each.value for each in seen) < 8 and problems.empty():
        assert time.monotonic() < deadline, "the readers see too few versions"
        price += 1
        put_everywhere(mart, price)
        publisher.publish()
    done.set()
    for reader in readers:
        reader.join(30)
    assert problems.empty(), problems.get()


def put_everywhere(mart: SmallMart, price: int) -> None:
    """Put the same price into every candle: a version in which two prices are seen is torn."""
    mart.clock += timedelta(seconds=1)
    for table in TABLES:
        mart.warehouse.connection.execute(f"update {table} set close = ?, loaded_at = ?", [price, mart.clock])


def test_threads_share_one_reader(published):
    mart = Mart(published.path)
    expected = closes(mart)

    def read(_: int) -> bool:
        counted = mart.query("select count(*) as n from gold.trades_ohlc_1m").to_pylist()
        return counted == [{"n": 36}] and closes(mart) == expected

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(read, range(80)))
