"""What charts show of the time before the tape: the exchange's own candles, where none is made of trades."""

from datetime import datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from candlewick.moments import TIMEFRAMES

LABELS = {
    "15m": "open_time",
    "1h": "time_bucket(interval '1 hour', open_time, timestamp '1970-01-01')",
    "4h": "time_bucket(interval '4 hours', open_time, timestamp '1970-01-01')",
    "1d": "date_trunc('day', timezone($zone, timezone('UTC', open_time)))",
}
_INSTANT = "timezone('UTC', timezone($zone, {wall_clock}))"
_FIRST_INSTANT = (
    f"case when timezone($zone, timezone('UTC', {_INSTANT} - interval '1 hour')) = {{wall_clock}}"
    f" then {_INSTANT} - interval '1 hour' else {_INSTANT} end"
)
_VWAP = (  # integers of hundred-millionths, rounded half up, as in GOLD: DuckDB divides decimals as floats
    "cast(cast((cast(quote_volume * 100000000 as hugeint) * 200000000 + cast(volume * 100000000 as hugeint))"
    " // (cast(volume * 100000000 as hugeint) * 2) as decimal(38, 0)) * 0.00000001::decimal(9, 8) as decimal(38, 8))"
)
_ROLL_UP = """
with placed as (
    select *, {label} as label from quarters
),
candles as (
    select
        symbol, {opens} as open_time, {closes} as closed_at,
        min(placed.open_time) as first_at, max(placed.open_time) as last_at,
        min_by(open, placed.open_time) as open, max(high) as high, min(low) as low,
        max_by(close, placed.open_time) as close,
        cast(sum(volume) as decimal(38, 8)) as volume, cast(sum(quote_volume) as decimal(38, 8)) as quote_volume,
        cast(sum(trade_count) as bigint) as trade_count,
        cast(sum(taker_buy_volume) as decimal(38, 8)) as taker_buy_volume,
        cast(sum(taker_buy_quote_volume) as decimal(38, 8)) as taker_buy_quote_volume,
        max(loaded_at) as loaded_at
    from placed
    group by symbol, label
)
select
    symbol, open_time, open, high, low, close, volume, quote_volume, trade_count, taker_buy_volume,
    taker_buy_quote_volume, case when volume > 0 then {vwap} end as vwap, cast(null as bigint) as first_trade_id,
    cast(null as bigint) as last_trade_id, true as is_closed, false as is_complete,
    timezone('Asia/Kolkata', timezone('UTC', open_time)) as open_time_ist, loaded_at
from candles
where first_at = open_time and last_at = closed_at - interval '15 minutes'
order by open_time
"""


def rolled_up(quarters: pa.Table, timeframe: str, zone: str) -> pa.Table:
    """Return the exchange's candles of a timeframe from those of a quarter of an hour, as rows of GOLD.

    One that does not begin or end with its interval is left out: only a part of it was fetched. None claims to be
    complete, since its trades are not known. `zone` is that of a day.
    """
    label = LABELS[timeframe]
    opens, closes = "label", f"label + interval '{TIMEFRAMES[timeframe] // 60} minutes'"
    if timeframe == "1d":
        opens, closes = (_FIRST_INSTANT.format(wall_clock=each) for each in ("label", "(label + interval '1 day')"))
    statement = _ROLL_UP.format(label=label, opens=opens, closes=closes, vwap=_VWAP)
    with duckdb.connect() as connection:
        connection.register("quarters", quarters)
        parameters = {"zone": zone} if timeframe == "1d" else {}
        return connection.sql(statement, params=parameters).to_arrow_table()


def joined(ours: pa.Table, theirs: pa.Table, limit: int | None) -> pa.Table:
    """Return candles with their `origin`, ascending: those made of `trades`, and the `exchange`'s where none is."""
    if limit is not None and ours.num_rows >= limit:
        theirs = theirs.filter(pc.greater(theirs["open_time"], ours["open_time"][0]))
    theirs = theirs.filter(pc.invert(pc.is_in(theirs["open_time"], value_set=ours["open_time"].combine_chunks())))
    if not theirs.num_rows:
        return with_origin(ours, "trades")
    schema = pa.schema([field.with_nullable(True) for field in ours.schema])
    both = [with_origin(ours.cast(schema), "trades"), with_origin(theirs.cast(schema), "exchange")]
    candles = pa.concat_tables(both).sort_by("open_time")
    return candles if limit is None else candles.slice(max(0, candles.num_rows - limit))


def with_origin(candles: pa.Table, origin: str) -> pa.Table:
    """Return candles with a column that says who made them."""
    return candles.append_column("origin", pa.repeat(pa.scalar(origin), candles.num_rows))


def between(candles: pa.Table, start: datetime | None, end: datetime | None) -> pa.Table:
    """Return the candles with `start` <= open_time < `end`."""
    times = candles["open_time"]
    if start is not None:
        candles = candles.filter(pc.greater_equal(times, start))
        times = candles["open_time"]
    return candles if end is None else candles.filter(pc.less(times, end))
