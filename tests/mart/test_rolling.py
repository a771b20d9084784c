"""Candles without a table of their own: equal to what the models would make, and to sums by hand."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from candlewick.mart.rolling import base_of, largest_page, rolled_up
from candlewick.moments import from_micros, interval, seconds_of, to_micros

MINUTE = timedelta(minutes=1)
START = datetime(2026, 11, 22, 22, 50)  # a Sunday: a week begins within what follows
AMOUNTS = ("open", "high", "low", "close", "volume", "quote_volume", "taker_buy_volume", "taker_buy_quote_volume")
SCHEMA = pa.schema(
    [("symbol", pa.string()), ("open_time", pa.timestamp("us"))]
    + [(name, pa.decimal128(38, 8)) for name in (*AMOUNTS, "vwap")]
    + [(name, pa.int64()) for name in ("trade_count", "first_trade_id", "last_trade_id")]
    + [("is_closed", pa.bool_()), ("is_complete", pa.bool_())]
    + [("open_time_ist", pa.timestamp("us")), ("loaded_at", pa.timestamp("us")), ("origin", pa.string())]
)
DATABASE = duckdb.connect()
# The rule of `candle_from_minutes` in models/macros/candles.sql, over DuckDB.
BY_SQL = """
select
    coalesce(min_by(open, first_trade_id), min(open)) as open,
    coalesce(max(case when trade_count > 0 then high end), max(high)) as high,
    coalesce(min(case when trade_count > 0 then low end), min(low)) as low,
    coalesce(max_by(close, last_trade_id), max(close)) as close,
    cast(sum(volume) as decimal(38, 8)) as volume, cast(sum(quote_volume) as decimal(38, 8)) as quote_volume,
    cast(sum(trade_count) as bigint) as trade_count, min(first_trade_id) as first_trade_id,
    max(last_trade_id) as last_trade_id
from minutes
group by time_bucket(interval '{minutes} minutes', open_time, timestamp '1970-01-01')
order by min(open_time)
"""


def minutes(counts: list[int], *, missing: frozenset[int] = frozenset(), origin: str = "trades") -> pa.Table:
    """Minutes from `START` on with so many trades each; what is missing has no row."""
    rows, identifier, price = [], 1_000, Decimal(100)
    for number, count in enumerate(counts):
        flat = price
        price = price + (number * 7) % 5 - 2 if count else price
        prices = {"open": flat + 1, "high": flat + 5, "low": flat - 5, "close": price} if count else {}
        volume = Decimal(count) / 3 * 1
        amounts = {name: prices.get(name, flat) for name in AMOUNTS[:4]} | dict.fromkeys(
            AMOUNTS[4:], volume.quantize(Decimal("0.00000001"))
        )
        ids = (identifier, identifier + count - 1) if count and origin == "trades" else (None, None)
        identifier += count
        at = START + number * MINUTE
        row = {"symbol": "BTCUSDT", "open_time": at, **amounts, "vwap": None, "trade_count": count}
        row |= {"first_trade_id": ids[0], "last_trade_id": ids[1], "is_closed": True, "is_complete": origin == "trades"}
        if number not in missing:
            rows.append(row | {"open_time_ist": at, "loaded_at": at, "origin": origin})
    return pa.Table.from_pylist(rows, SCHEMA)


def reader(table: pa.Table):
    """Reads candles of every timeframe as if the table held them."""

    def read(symbol: str, timeframe: str, start, end, limit) -> pa.Table:
        assert (symbol, timeframe) == ("BTCUSDT", "1m")
        rows = [
            row
            for row in table.to_pylist()
            if (start is None or row["open_time"] >= start) and (end is None or row["open_time"] < end)
        ]
        return pa.Table.from_pylist(rows if limit is None else rows[-limit:], SCHEMA)

    return read


def rolled(table: pa.Table, timeframe: str, start=None, end=None, limit=None) -> list[dict]:
    return rolled_up(reader(table), "BTCUSDT", timeframe, start, end, limit).to_pylist()


@pytest.mark.parametrize(
    ("timeframe", "base"),
    [
        *[("3m", "1m"), ("7m", "1m"), ("10m", "5m"), ("30m", "15m"), ("45m", "15m"), ("2h", "1h"), ("6h", "1h")],
        *[("12h", "4h"), ("24h", "4h"), ("3d", "4h"), ("1w", "4h"), ("60m", "1h"), ("1m", None), ("1d", None)],
        *[("0m", None), ("2s", None), ("1y", None), ("32d", None), ("5w", None), ("", None), ("3M", None)],
    ],
)
def test_what_can_be_made_of_longer_candles_is_not_made_of_minutes(timeframe, base):
    assert base_of(timeframe) == base


def test_candles_open_where_the_exchanges_do():
    at = to_micros(datetime(2026, 11, 27, 17, 38, 12))
    opens = {name: from_micros(interval(name, at, ZoneInfo("Asia/Kolkata"))[0]) for name in ("30m", "12h", "24h", "1w")}
    day = datetime(2026, 11, 27)
    assert opens == {
        "30m": day.replace(hour=17, minute=30),
        "12h": day.replace(hour=12),
        "24h": day,
        "1w": datetime(2026, 11, 23),
    }


@settings(deadline=None, max_examples=60)
@given(
    counts=st.lists(st.sampled_from([0, 0, 1, 2, 9]), min_size=1, max_size=60),
    missing=st.frozensets(st.integers(0, 59), max_size=8),
    length=st.sampled_from([2, 3, 7, 11]),
)
@example(counts=[0] * 8 + [1, 0], missing=frozenset({8}), length=3)  # the price changed in what lacks
def test_a_rolled_up_candle_is_what_the_models_rule_makes_of_its_minutes(counts, missing, length):
    table = minutes(counts, missing=missing)
    made = rolled(table, f"{length}m")
    with DATABASE.cursor() as connection:
        connection.register("minutes", table)
        expected = connection.sql(BY_SQL.format(minutes=length)).to_arrow_table().to_pylist()
    assert [{name: candle[name] for name in each} for candle, each in zip(made, expected, strict=True)] == expected


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_a_page_ends_where_it_should_and_begins_with_a_whole_candle(limit):
    table = minutes([1] * 100, missing=frozenset(range(40, 55)))
    everything = rolled(table, "7m")
    assert rolled(table, "7m", limit=limit) == everything[-limit:]
    before = everything[6]["open_time"]
    assert rolled(table, "7m", end=before, limit=limit) == everything[max(0, 6 - limit) : 6]
    assert rolled(table, "7m", end=before + MINUTE, limit=limit) == everything[max(0, 7 - limit) : 7]
    assert rolled(table, "7m", start=before + MINUTE) == everything[7:]


def test_a_candle_is_complete_where_each_of_its_minutes_is_and_none_lacks():
    states = [(row["is_closed"], row["is_complete"]) for row in rolled(minutes([1] * 21), "7m")]
    assert states == [(True, False), (True, True), (True, True), (False, False)]  # ends are parts
    holed = rolled(minutes([1] * 21, missing=frozenset({9})), "7m")
    assert sum(row["is_complete"] for row in holed) == 1


def test_the_newest_candle_forms_until_its_last_minute_is_over():
    table = minutes([1] * 40)
    count = next(n for n in range(20, 40) if rolled(table.slice(0, n), "7m")[-1]["is_complete"])
    newest = rolled(table.slice(0, count), "7m")[-1]
    assert (newest["is_closed"], newest["is_complete"]) == (True, True)
    newest = rolled(table.slice(0, count - 1), "7m")[-1]
    assert (newest["is_closed"], newest["is_complete"]) == (False, False)


def test_candles_of_the_exchange_go_by_time_and_claim_no_proof():
    older, ours = minutes([2] * 4, origin="exchange"), minutes([0, 0, 0, 0, 3, 3, 3]).slice(4)
    [candle] = rolled(pa.concat_tables([older, ours]), "1439m")
    assert (candle["open"], candle["close"]) == (older["open"][0].as_py(), ours["close"][-1].as_py())
    assert (candle["origin"], candle["is_complete"], candle["trade_count"]) == ("both", False, 17)


def test_a_page_is_never_made_of_more_than_it_may_cost():
    assert largest_page("30m") > 5_000
    for timeframe in ("1439m", "44639m"):
        seconds = seconds_of(timeframe)
        assert seconds is not None
        assert 1 <= largest_page(timeframe) <= 200_000 * 60 // seconds
