"""Candles of timeframes that have no table, such as `30m`, `2h` or `1w`: rolled up of candles that have one.

The rule is that of `candle_from_minutes` in the models: only parts with trades make the candle's prices, open and close
go by trade id, and sums are sums of decimals. Candles open on multiples of their length in UTC, as the exchange's do.
"""

import sys
from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal

import pyarrow as pa
import pyarrow.compute as pc

from candlewick.moments import TIMEFRAMES, from_micros, phase_of, seconds_of, to_micros

_SECOND = 1_000_000
_NOT_BASES = {"1s", "1d"}
"""Seconds without trades have no candle, and a day follows its zone."""
_MOST_PARTS = 200_000
"""A page is made of so many at most."""
_SUMMED = ("volume", "quote_volume", "trade_count", "taker_buy_volume", "taker_buy_quote_volume")
_INDIA = 19_800 * _SECOND
_VWAP = Context(prec=76, rounding=ROUND_HALF_UP)
_PLACES = Decimal("0.00000001")

Read = Callable[[str, str, datetime | None, datetime | None, int | None], pa.Table]
"""A reader's `candles`."""


def base_of(timeframe: str) -> str | None:
    """Return the longest timeframe with a table that candles of another can be made of.

    None for one that has a table of its own, and for what is no timeframe.
    """
    seconds = seconds_of(timeframe)
    if timeframe in TIMEFRAMES or seconds is None:
        return None
    bases = [name for name in TIMEFRAMES if name not in _NOT_BASES and seconds % TIMEFRAMES[name] == 0]
    return bases[-1]


def largest_page(timeframe: str) -> int:
    """Return how many candles can be had at a time: what is rolled up must not cost more than that."""
    base = base_of(timeframe)
    return sys.maxsize if base is None else max(1, _MOST_PARTS // _parts(timeframe, base) - 1)


def expected(timeframe: str) -> str:
    """Say what would be a timeframe, where one was given that is none."""
    return f"expected a timeframe of {', '.join(TIMEFRAMES)}, or one such as 30m, 12h, 1w, got {timeframe!r}"


def rolled_up(
    read: Read, symbol: str, timeframe: str, start: datetime | None, end: datetime | None, limit: int | None
) -> pa.Table:
    """Return candles as `read` returns those that have a table: with `start` <= open_time < `end`, the newest `limit`.

    `start` and `end` are in UTC.
    """
    base = base_of(timeframe)
    assert base is not None, f"{timeframe} is not rolled up"
    length, parts = _length(timeframe), _parts(timeframe, base)
    first, last = (None if at is None else from_micros(_next_open(to_micros(at), timeframe)) for at in (start, end))
    # Of the oldest candle that a limit reaches only a part may be read, so read one more and leave that out.
    most = None if limit is None else parts * (limit + 1)
    newest = read(symbol, base, None, None, 1)
    rows = read(symbol, base, first, last, most)
    candles = _candles(rows, length, phase_of(timeframe) * _SECOND, parts)
    if most is not None and rows.num_rows >= most:
        candles = candles.slice(1)
    candles = _with_closed(candles, newest, length, length // parts).select(rows.column_names).cast(rows.schema)
    return candles if limit is None else candles.slice(max(0, candles.num_rows - limit))


def _parts(timeframe: str, base: str) -> int:
    return _length(timeframe) // (TIMEFRAMES[base] * _SECOND)


def _length(timeframe: str) -> int:
    """In µs."""
    seconds = seconds_of(timeframe)
    assert seconds is not None
    return seconds * _SECOND


def _next_open(at: int, timeframe: str) -> int:
    """When the first candle opens that does not open before an instant; in µs."""
    length, phase = _length(timeframe), phase_of(timeframe) * _SECOND
    return phase - (phase - at) // length * length


def _candles(rows: pa.Table, length: int, phase: int, parts: int) -> pa.Table:
    """Candles ascending by open time, all but whether they are closed."""
    times = _micros(rows["open_time"])
    place = pc.divide(pc.subtract(times, phase), length)
    rows = rows.append_column("opened", pc.add(pc.multiply(place, length), phase)).append_column("at", times)
    grouped = rows.group_by("opened", use_threads=False)
    whole = grouped.aggregate(
        [(name, "sum") for name in _SUMMED]
        + [("symbol", "first"), ("first_trade_id", "min"), ("last_trade_id", "max"), ("loaded_at", "max")]
        + [("opened", "count"), ("is_complete", "all"), ("origin", "min"), ("origin", "max")]
    )
    prices = _prices(rows)
    counted = {name: whole[f"{name}_sum"].cast(rows.schema.field(name).type) for name in _SUMMED}
    made = {
        "symbol": whole["symbol_first"],
        "open_time": whole["opened"].cast(pa.timestamp("us")),
        **{name: prices[name] for name in ("open", "high", "low", "close")},
        **counted,
        "vwap": _vwap(counted["quote_volume"], counted["volume"]),
        "first_trade_id": whole["first_trade_id_min"],
        "last_trade_id": whole["last_trade_id_max"],
        "is_complete": pc.and_(whole["is_complete_all"], pc.equal(whole["opened_count"], parts)),
        "open_time_ist": pc.add(whole["opened"], _INDIA).cast(pa.timestamp("us")),
        "loaded_at": whole["loaded_at_max"],
        "origin": pc.if_else(pc.equal(whole["origin_min"], whole["origin_max"]), whole["origin_min"], "both"),
    }
    return pa.table(made)


def _prices(rows: pa.Table) -> pa.Table:
    """Open, high, low and close of each candle, ascending by its open time.

    Parts without trades count only where none has any; then the candle goes from the lowest of their prices to the
    highest, which differ only where a part lacks. Parts of the exchange's have no ids: candles that hold one go by
    time.
    """
    traded = pc.greater(rows["trade_count"], 0)
    alive = rows["opened"].filter(traded).combine_chunks()
    rows = rows.filter(pc.or_(traded, pc.invert(pc.is_in(rows["opened"], value_set=alive))))
    nameless = rows["opened"].filter(pc.is_null(rows["first_trade_id"])).combine_chunks()
    by_time = pc.is_in(rows["opened"], value_set=nameless)
    made = rows.group_by("opened", use_threads=False).aggregate([("high", "max"), ("low", "min")])
    is_alive = pc.is_in(made["opened"], value_set=alive)
    prices = {"high": made["high_max"], "low": made["low_min"]}
    for price, end, identifier, flat in (
        ("open", "first", "first_trade_id", "low"),
        ("close", "last", "last_trade_id", "high"),
    ):
        key = pc.if_else(by_time, rows["at"], rows[identifier].cast(pa.int64()))
        keyed = pa.table({"opened": rows["opened"], "key": key, "row": pa.array(range(rows.num_rows), pa.int64())})
        ordered = keyed.sort_by([("opened", "ascending"), ("key", "ascending")])
        chosen = ordered.group_by("opened", use_threads=False).aggregate([("row", end)])
        prices[price] = pc.if_else(is_alive, rows[price].take(chosen[f"row_{end}"]), prices[flat])
    return pa.table(prices)


def _with_closed(candles: pa.Table, newest: pa.Table, length: int, part: int) -> pa.Table:
    """Say which candles are over and known to be: a later trade is, or their last part is closed itself."""
    until = 0
    if newest.num_rows:
        opened = to_micros(newest["open_time"][0].as_py())
        until = opened + (part if newest["is_closed"][0].as_py() else 0)
    is_over = pc.less_equal(pc.add(_micros(candles["open_time"]), length), until)
    return candles.append_column("is_closed", pc.or_(is_over, candles["is_complete"]))


def _micros(times: pa.ChunkedArray) -> pa.ChunkedArray:
    return times.cast(pa.timestamp("us")).cast(pa.int64())


def _vwap(quote_volumes: pa.ChunkedArray, volumes: pa.ChunkedArray) -> pa.Array:
    """Quote volume by volume, rounded half up to eight places; null without volume."""
    pairs = zip(quote_volumes.to_pylist(), volumes.to_pylist(), strict=True)
    exact = [_VWAP.quantize(_VWAP.divide(quote, base), _PLACES) if base else None for quote, base in pairs]
    return pa.array(exact, pa.decimal128(38, 8))
