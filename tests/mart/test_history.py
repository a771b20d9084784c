"""The exchange's candles in charts: rolled up as GOLD's are, and only where none is made of trades."""

from datetime import datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from candlewick.mart.history import joined, rolled_up

QUARTER = timedelta(minutes=15)
NUMBERS = ("open", "high", "low", "close", "volume", "quote_volume", "taker_buy_volume", "taker_buy_quote_volume")
SCHEMA = pa.schema(
    [("symbol", pa.string()), ("open_time", pa.timestamp("us"))]
    + [(name, pa.decimal128(38, 8)) for name in NUMBERS]
    + [("trade_count", pa.int64()), ("loaded_at", pa.timestamp("us"))]
)


def quarters(first: datetime, count: int) -> pa.Table:
    """Candles of which the n-th opens at n, closes at n + 1, and has a volume of 1."""
    rows = []
    for n in range(count):
        prices = {"open": n, "high": n + 2, "low": max(0, n - 1), "close": n + 1, "volume": 1, "quote_volume": n}
        numbers = {name: Decimal(prices.get(name, 0)) for name in NUMBERS}
        at = first + n * QUARTER
        rows.append({"symbol": "BTCUSDT", "open_time": at, **numbers, "trade_count": 2, "loaded_at": at})
    return pa.Table.from_pylist(rows, SCHEMA)


def day(*rest: int) -> datetime:
    return datetime(2020, 3, *rest)


@pytest.mark.parametrize(
    ("timeframe", "zone", "first", "count", "opens"),
    [
        ("15m", "UTC", day(1, 0, 15), 3, [day(1, 0, 15), day(1, 0, 30), day(1, 0, 45)]),
        ("1h", "UTC", day(1, 0, 15), 8, [day(1, 1)]),
        ("4h", "UTC", day(1), 33, [day(1), day(1, 4)]),
        ("1d", "UTC", day(1), 2 * 96, [day(1), day(2)]),
        ("1d", "Asia/Kolkata", day(1), 2 * 96, [day(1, 18, 30)]),
        ("1d", "Asia/Kathmandu", day(1), 2 * 96, [day(1, 18, 15)]),
        ("1d", "Europe/Berlin", day(27, 23), 96 + 92 + 95, [day(27, 23), day(28, 23)]),
    ],
)
def test_whole_intervals_are_rolled_up_in_every_zone_and_parts_of_one_are_left_out(
    timeframe, zone, first, count, opens
):
    rolled = rolled_up(quarters(first, count), timeframe, zone)
    assert rolled["open_time"].to_pylist() == opens


def test_a_rolled_up_candle_has_the_fields_of_its_quarters_and_claims_no_proof():
    [candle] = rolled_up(quarters(day(1), 4), "1h", "UTC").to_pylist()
    prices = [candle[name] for name in ("open", "high", "low", "close", "volume", "quote_volume", "vwap")]
    assert prices == [0, 5, 0, 4, 4, 6, Decimal("1.5")]
    assert (candle["trade_count"], candle["is_closed"], candle["is_complete"]) == (8, True, False)
    assert (candle["first_trade_id"], candle["last_trade_id"]) == (None, None)


def candles(*opens: int, price: int) -> pa.Table:
    hours = rolled_up(quarters(day(1), 4 * 24), "1h", "UTC").to_pylist()
    schema = rolled_up(quarters(day(1), 4), "1h", "UTC").schema
    return pa.Table.from_pylist([hours[n] | {"close": Decimal(price)} for n in opens], schema)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (None, [(0, 1), (1, 1), (2, 7), (3, 1), (4, 7), (5, 7)]),
        (6, [(0, 1), (1, 1), (2, 7), (3, 1), (4, 7), (5, 7)]),
        (5, [(1, 1), (2, 7), (3, 1), (4, 7), (5, 7)]),
        (3, [(3, 1), (4, 7), (5, 7)]),
        (2, [(4, 7), (5, 7)]),
    ],
)
def test_a_candle_made_of_trades_wins_over_the_exchanges_whatever_the_limit(limit, expected):
    ours, theirs = candles(2, 4, 5, price=7), candles(0, 1, 2, 3, 4, price=1)
    if limit is not None:
        ours = ours.slice(max(0, ours.num_rows - limit))
    both = joined(ours, theirs, limit)
    assert [(row["open_time"].hour, row["close"]) for row in both.to_pylist()] == expected
    assert [row["origin"] for row in both.to_pylist()] == [
        "trades" if close == 7 else "exchange" for _, close in expected
    ]


def test_without_a_candle_of_ours_the_exchanges_are_there():
    assert joined(candles(price=7), candles(0, 1, price=1), 10)["origin"].to_pylist() == ["exchange"] * 2
