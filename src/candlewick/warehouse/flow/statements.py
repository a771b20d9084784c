"""The SQL by which order flow is read: the same for both warehouses. Pure.

Remainders of decimals are exact, so a level of a larger step is found with `mod`, and sums stay sums of decimals.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class Interval(NamedTuple):
    """`opened` <= time < `closed`, UTC without a zone."""

    opened: datetime
    closed: datetime


SUMMED = ("buy_volume", "sell_volume", "buy_quote_volume", "sell_quote_volume")
COUNTED = ("buy_count", "sell_count")

_ROWS = """
    select open_time, step, price, buy_volume, sell_volume, buy_quote_volume, sell_quote_volume, buy_count, sell_count,
        high, low
    from gold.trades_footprint_1m
    where symbol = ? and open_time >= ? and open_time < ?
"""
_OF_TRADES = """
    select
        traded_at as open_time,
        cast(0.00000001 as decimal(38, 8)) as step,
        price,
        case when is_buyer_maker then 0 else quantity end as buy_volume,
        case when is_buyer_maker then quantity else 0 end as sell_volume,
        case when is_buyer_maker then 0 else quote_quantity end as buy_quote_volume,
        case when is_buyer_maker then quote_quantity else 0 end as sell_quote_volume,
        case when is_buyer_maker then 0 else 1 end as buy_count,
        case when is_buyer_maker then 1 else 0 end as sell_count,
        price as high,
        price as low
    from silver.trades_deduped
    where symbol = ? and traded_at >= ? and traded_at < ?
"""
_SUMS = ",\n    ".join(
    [f"cast(sum({name}) as decimal(38, 8)) as {name}" for name in SUMMED]
    + [f"cast(sum({name}) as bigint) as {name}" for name in COUNTED]
    + ["max(high) as high", "min(low) as low"]
)


TOLD = ("delta", "min_delta", "max_delta", "first_trade_id", "last_trade_id")


def levels(bars: Sequence[Interval], step: Decimal, *, of_trades: bool) -> str:
    """The levels of each bar, of the step asked for or the largest one that a minute of the bar has.

    Beside each level is what is `TOLD` of its bar, null where GOLD has none of it: its delta with its lowest and
    highest, and its first and last id. A minute's lowest delta follows on the deltas of the bar's minutes before it.
    One statement sees one state of the warehouse, and two may not. Parameters: symbol, start, end, and these again.
    """
    return f"""
with {_bars(bars)},
placed as (
    select bars.opened, source.*
    from ({_OF_TRADES if of_trades else _ROWS}) as source
    inner join bars on source.open_time >= bars.opened and source.open_time < bars.closed
),
steps as (
    select opened, greatest(max(step), cast({step:f} as decimal(38, 8))) as bar_step from placed group by opened
),
summed as (
    select
        placed.opened as open_time,
        steps.bar_step as step,
        cast(placed.price - mod(placed.price, steps.bar_step) as decimal(38, 8)) as level_price,
        {_SUMS}
    from placed
    inner join steps on placed.opened = steps.opened
    group by placed.opened, steps.bar_step, cast(placed.price - mod(placed.price, steps.bar_step) as decimal(38, 8))
),
minutes as (
    select
        open_time, min(min_delta) as min_delta, max(max_delta) as max_delta,
        sum(buy_volume - sell_volume) as delta, min(first_trade_id) as first_trade_id,
        max(last_trade_id) as last_trade_id
    from gold.trades_footprint_1m
    where symbol = ? and open_time >= ? and open_time < ?
    group by open_time
),
followed as (
    select
        bars.opened,
        minutes.*,
        sum(minutes.delta) over (
            partition by bars.opened order by minutes.open_time rows unbounded preceding
        ) - minutes.delta as delta_before
    from minutes
    inner join bars on minutes.open_time >= bars.opened and minutes.open_time < bars.closed
),
told as (
    select
        opened,
        cast(sum(delta) as decimal(38, 8)) as delta,
        cast(min(delta_before + min_delta) as decimal(38, 8)) as min_delta,
        cast(max(delta_before + max_delta) as decimal(38, 8)) as max_delta,
        min(first_trade_id) as first_trade_id,
        max(last_trade_id) as last_trade_id
    from followed
    group by opened
)
select summed.*, {", ".join(f"told.{name}" for name in TOLD)}
from summed
left join told on summed.open_time = told.opened
order by 1, 3
"""


MINUTES = """
select open_time, status, mismatched_fields, is_complete
from gold.footprint_audit
where symbol = ? and open_time >= ? and open_time < ?
order by open_time
"""
HOLES = """
select first_missing_id, last_missing_id, state
from gold.tape_gaps
where symbol = ? and state <> 'filled'
    and (previous_traded_at is null or previous_traded_at < ?) and (next_traded_at is null or next_traded_at >= ?)
order by first_missing_id
"""
NEWEST = """
select max(open_time) as open_time from gold.trades_ohlc_1m where symbol = ?
"""


def _bars(bars: Sequence[Interval]) -> str:
    rows = ", ".join(f"(timestamp '{opened}', timestamp '{closed}')" for opened, closed in bars)
    return f"bars as (select * from (values {rows}) as listed(opened, closed))"
