"""A reader of the mart in a process of its own, which looks for versions that are torn."""

from multiprocessing.queues import Queue
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path

from candlewick.mart.reader import Mart
from candlewick.mart.version import CANDLES
from made import leash

TABLES = (CANDLES["1m"], CANDLES["5m"], CANDLES["1d"])
ROWS_PER_TABLE = 3


def watch(path: Path, done: Event, versions_seen: "Synchronized[int]", problems: "Queue[str]") -> None:
    """Read in every way until told to stop, and count the versions seen; report what was wrong with one."""
    leash.end_with_parent()
    seen: set[object] = set()
    try:
        mart = Mart(path)
        while not done.is_set():
            seen.add(one_price(mart))
            versions_seen.value = len(seen)
    except Exception as error:  # noqa: BLE001  # whatever it is, the test is to see it
        problems.put(repr(error))


def one_price(mart: Mart) -> object:
    """The price of the current version, read in three ways. Raises `AssertionError` where there is not one."""
    prices = " union all ".join(f"select close from {table}" for table in TABLES)
    with mart.connect() as connection:
        connected = [price for (price,) in connection.execute(prices).fetchall()]
    [queried] = mart.query(f"select count(distinct close) as n, count(*) as rows from ({prices})").to_pylist()
    bars = mart.candles("BTCUSDT", "1m")["close"].to_pylist()
    assert len(connected) == ROWS_PER_TABLE * len(TABLES), connected
    assert len(set(connected)) == 1, connected
    assert queried == {"n": 1, "rows": len(connected)}, queried
    assert len(bars) == ROWS_PER_TABLE, bars
    assert len(set(bars)) == 1, bars
    return connected[0]
