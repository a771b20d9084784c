"""The tape by pages, trade by trade, as exact columns: what a replay plays."""

from datetime import datetime, timedelta

import pyarrow as pa

from candlewick.dashboard.routes.columns import array, micros, object_json
from candlewick.warehouse.contract import Viewed

_PAGE = """
with near as (
    select trade_id
    from silver.trades_deduped
    where symbol = ? and traded_at >= ? and traded_at < ? and trade_id >= ?
    order by trade_id
    limit ?
)

select trade_id, price, quantity, traded_at, is_buyer_maker
from silver.trades_deduped
where symbol = ? and traded_at >= ? and traded_at < ?
    and trade_id >= (select min(trade_id) from near) and trade_id <= (select max(trade_id) from near)
order by trade_id
"""
_WINDOWS = (timedelta(minutes=5), timedelta(hours=2), timedelta(days=2), timedelta(days=36_500))
"""How far ahead a page is looked for: the files of the trades are by time, so a near page opens few of them."""
_SLACK = timedelta(minutes=1)
"""A trade may be stamped a little earlier than one with a lower id."""
_START, _END = datetime(1970, 1, 2), datetime(9999, 1, 1)


def page(reader: Viewed, symbol: str, start: datetime, first_id: int | None, limit: int) -> pa.Table:
    """Return trades that follow each other, ascending by id, about `limit` of them; none behind the newest.

    They begin with `first_id`, or else with the first one traded at `start` or later. `start` (naive UTC) is a time
    close to the first trade wanted: by it a page costs the same wherever in the tape it lies.
    """
    start = max(start, _START)
    since = start if first_id is None else start - _SLACK
    for window in _WINDOWS:
        until = _END if start > _END - window else start + window
        near = [symbol, since, until, first_id or 0, limit]
        table = reader.query(_PAGE, [*near, symbol, since - _SLACK, until + _SLACK])
        if table.num_rows:
            break
    return table


def page_json(table: pa.Table) -> str:
    """Write a page: `i` ids, `t` µs since the epoch, `p` prices, `q` quantities, `m` 1 where the taker sold.

    Ids, prices and quantities are text, so that the browser has what the exchange said and not the nearest float.
    """
    return object_json(
        {
            "i": array(table.column("trade_id"), quoted=True),
            "t": array(micros(table.column("traded_at"))),
            "p": array(table.column("price"), quoted=True),
            "q": array(table.column("quantity"), quoted=True),
            "m": array(table.column("is_buyer_maker").cast(pa.int8())),
        }
    )
