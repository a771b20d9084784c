"""How long trades took to each hop, lately: percentiles over the newest live trades of each symbol."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from candlewick.dashboard.markup import Html, table, words
from candlewick.warehouse.contract import Viewed

WINDOW = timedelta(minutes=10)

# Both warehouses read this: ordered-set percentiles and a difference in ms.
_LATENCIES = """
select
    symbol,
    count(*) as trades,
    percentile_cont(0.5) within group (order by datediff('millisecond', traded_at, received_at)) as received_p50,
    percentile_cont(0.99) within group (order by datediff('millisecond', traded_at, received_at)) as received_p99,
    percentile_cont(0.5) within group (order by datediff('millisecond', traded_at, loaded_at)) as loaded_p50,
    percentile_cont(0.99) within group (order by datediff('millisecond', traded_at, loaded_at)) as loaded_p99
from silver.trades_deduped
where traded_at >= ? and source = 'ws'
group by symbol
order by symbol
"""


def latencies(reader: Viewed, now: datetime) -> Sequence[Mapping[str, Any]]:
    """Percentiles of the newest minutes' live trades, by symbol; `now` is naive UTC."""
    rows: Sequence[Mapping[str, Any]] = reader.query(_LATENCIES, [now - WINDOW]).to_pylist()
    return rows


def hops_html(rows: Sequence[Mapping[str, Any]]) -> Html:
    """A row per symbol: from the exchange's clock to the recorder, and to the warehouse."""
    if not rows:
        return words("No live trade in the newest ten minutes.")
    head = ("symbol", "trades", "at the recorder, p50", "p99", "in the warehouse, p50", "p99")
    names = ("received_p50", "received_p99", "loaded_p50", "loaded_p99")
    return table(head, [(row["symbol"], f"{row['trades']:,}", *(_span(row[name]) for name in names)) for row in rows])


def _span(ms: float | None) -> str:
    if ms is None:
        return "–"
    return f"{float(ms):,.0f} ms" if abs(ms) < 1_000 else f"{float(ms) / 1_000:,.1f} s"
