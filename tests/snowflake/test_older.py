"""The exchange's own candles of years past on Snowflake: where none is made of trades, and by the mart's rule."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from candlewick.config import Settings
from candlewick.warehouse.snowflake.follower import Follower
from candlewick.warehouse.snowflake.gold import CANDLE, Gold
from made.small_gold import SmallGold

DAY = datetime(2024, 8, 8)
HOUR = timedelta(hours=1)
COLUMNS = (
    "symbol varchar, open_time timestamp_ntz(6), open number(38,8), high number(38,8), low number(38,8),"
    " close number(38,8), volume number(38,8), quote_volume number(38,8), trade_count number(38,0),"
    " taker_buy_volume number(38,8), taker_buy_quote_volume number(38,8), loaded_at timestamp_ntz(6)"
)


class History:
    """`silver.exchange_candles_15m`, and GOLD beside it."""

    def __init__(self, gold: SmallGold) -> None:
        self.gold = gold
        gold.connection.run(f"create table silver.exchange_candles_15m ({COLUMNS})")

    def fetch(self, opens: datetime, quarters: int, price: int = 1, symbol: str = "BTCUSDT") -> None:
        """Put quarters of an hour, as a backfill of candles does: of ten trades each, the price one up each time."""
        for number in range(quarters):
            at, here = opens + number * timedelta(minutes=15), price + number
            values = [symbol, str(at), here, here, here, here, 2, 2 * here, 10, 1, here, str(DAY)]
            self.gold.connection.run(
                f"insert into silver.exchange_candles_15m values ({', '.join('?' * len(values))})", values
            )


@pytest.fixture
def history(peer, settings: Settings) -> History:
    return History(SmallGold.make(settings))


@pytest.fixture
def reader(history, settings: Settings) -> Iterator[Gold]:
    reader = Gold(settings)
    yield reader
    reader.close()


@pytest.fixture
def follower(history, settings: Settings) -> Iterator[Follower]:
    snowflake = settings.snowflake.model_copy(update={"poll_seconds": 0.05})
    follower = Follower(settings.model_copy(update={"snowflake": snowflake}))
    yield follower
    follower.close()


def told(reader: Gold | Follower, *period: object, timeframe: str = "1h") -> list[tuple[int, str, int]]:
    """Hour, origin and close of each candle."""
    rows = reader.candles("BTCUSDT", timeframe, *(period or (None, None, None)))  # type: ignore[arg-type]
    assert rows.schema.equals(CANDLE)
    return [(row["open_time"].hour, row["origin"], int(row["close"])) for row in rows.to_pylist()]


@pytest.mark.parametrize("kind", ["reader", "follower"])
def test_hours_before_the_tape_are_the_exchanges_and_those_of_the_tape_are_ours(kind, request, history):
    history.fetch(DAY, 12)
    history.fetch(DAY, 12, symbol="ETHUSDT", price=900)
    history.gold.settle(DAY + 2 * HOUR, price=70, timeframe="1h")
    history.gold.settle(DAY + 3 * HOUR, price=80, timeframe="1h")
    reader = request.getfixturevalue(kind)
    both = [(0, "exchange", 4), (1, "exchange", 8), (2, "trades", 70), (3, "trades", 80)]
    assert told(reader) == both
    assert told(reader, None, None, 3) == both[1:]
    assert told(reader, DAY + HOUR, DAY + 3 * HOUR, None) == both[1:3]
    assert told(reader, None, DAY + HOUR, 5) == both[:1]


def test_a_candle_of_the_exchange_is_added_up_exactly_and_claims_nothing(reader, history):
    history.fetch(DAY, 4)
    (candle,) = reader.candles("BTCUSDT", "1h").to_pylist()
    assert [candle[name] for name in ("open", "high", "low", "close")] == [1, 4, 1, 4]
    assert (candle["volume"], candle["quote_volume"], candle["trade_count"]) == (8, 20, 40)
    assert candle["vwap"] == Decimal("2.5")
    assert (candle["is_closed"], candle["is_complete"], candle["first_trade_id"]) == (True, False, None)


def test_a_part_of_an_hour_is_no_candle_and_minutes_have_none(reader, history):
    history.fetch(DAY, 3)
    assert told(reader) == []
    assert told(reader, timeframe="1m") == []


def test_what_is_fetched_while_somebody_looks_appears(follower, history):
    history.gold.settle(DAY + 2 * HOUR, price=70, timeframe="1h")
    assert told(follower) == [(2, "trades", 70)]
    before = follower.current().version
    history.fetch(DAY + HOUR, 4)
    deadline = time.monotonic() + 30
    while told(follower) != [(1, "exchange", 4), (2, "trades", 70)]:
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
    assert follower.current().version != before


def test_without_the_table_there_are_ours(reader, history):
    history.gold.settle(DAY, price=5, timeframe="1h")
    history.gold.connection.run("drop table silver.exchange_candles_15m")
    assert told(reader) == [(0, "trades", 5)]
