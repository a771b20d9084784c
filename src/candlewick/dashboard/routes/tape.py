"""Time & sales by pages, from the newest trade back to any id: the warehouse's trades, and the feed's newer ones."""

import json
from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa

from candlewick.dashboard.bars import FeedTrade, decimal_text, scaled
from candlewick.dashboard.routes.columns import array, micros, object_json
from candlewick.warehouse.contract import Viewed

_PAGE = """
select trade_id, price, quantity, traded_at, is_buyer_maker
from silver.trades_deduped
where symbol = ? and trade_id < ? and trade_id >= ? and quantity >= cast(? as decimal(38, 8))
order by trade_id desc
limit ?
"""
_NEWEST = "select max(trade_id) as trade_id from silver.trades_deduped where symbol = ?"
_MISSING = """
select first_missing_id, last_missing_id, state
from gold.tape_gaps
where symbol = ? and state <> 'filled' and first_missing_id < ? and last_missing_id >= ?
order by first_missing_id
"""
_REACHES = (1, 20, 400, 8_000)
"""How far back a page looks, in pages: where few trades are large enough, farther. Files have their ids' range."""


def page_json(
    reader: Viewed, symbol: str, before: int | None, limit: int, least: Decimal, newest: Sequence[FeedTrade]
) -> str:
    """Write a page, newest first: `i` ids as text, `t` µs, `p` prices, `q` quantities, `m` 1 where the taker sold.

    `live` says how many of them are the feed's; `next` is where the page below begins, null where there is none.
    """
    settled: int | None = reader.query(_NEWEST, [symbol]).column("trade_id")[0].as_py()
    above, below = settled or 0, 2**63 - 1 if before is None else before
    live = [trade for trade in newest if above < trade.trade_id < below and trade.quantity >= scaled(least)]
    live = live[::-1][:limit]
    top = min(below, above + 1)
    table, floor = _settled(reader, symbol, top, limit - len(live), least)
    lowest = table.column("trade_id")[-1].as_py() if table.num_rows else floor
    end = live[0].trade_id + 1 if live else top
    sells = table.column("is_buyer_maker").cast(pa.int8())
    return object_json(
        {
            "i": _joined([f'"{trade.trade_id}"' for trade in live], array(table.column("trade_id"), quoted=True)),
            "t": _joined([str(trade.traded_at) for trade in live], array(micros(table.column("traded_at")))),
            "p": _joined(_texts(live, "price"), array(table.column("price"), quoted=True)),
            "q": _joined(_texts(live, "quantity"), array(table.column("quantity"), quoted=True)),
            "m": _joined([str(int(trade.is_sell)) for trade in live], array(sells)),
            "live": str(len(live)),
            "next": json.dumps(str(lowest) if table.num_rows or floor > 1 else None),
            "missing": json.dumps(_missing(reader, symbol, end, lowest, settled, newest)),
        }
    )


def _settled(reader: Viewed, symbol: str, before: int, limit: int, least: Decimal) -> tuple[pa.Table, int]:
    """The warehouse's part of a page, and the lowest id that was looked at for it."""
    for reach in _REACHES if least else _REACHES[:1]:
        floor = max(0, before - max(1, limit) * reach)
        table = reader.query(_PAGE, [symbol, before, floor, str(least), limit])
        if table.num_rows >= limit:
            break
    return table, floor


def _missing(
    reader: Viewed, symbol: str, before: int, floor: int, settled: int | None, newest: Sequence[FeedTrade]
) -> list[dict[str, str]]:
    """The ids in [floor, before) that are not here: of a hole, or still on their way from the feed to the warehouse."""
    holes = reader.query(_MISSING, [symbol, before, floor]).to_pylist()
    found = [
        {
            "first": str(max(hole["first_missing_id"], floor)),
            "last": str(min(hole["last_missing_id"], before - 1)),
            "state": hole["state"],
        }
        for hole in holes
    ]
    known = [trade.trade_id for trade in newest if trade.trade_id > (settled or 0)]
    for previous, following in zip([settled, *known], known, strict=False):
        if previous is not None and following > previous + 1 and previous + 1 < before:
            found.append({"first": str(previous + 1), "last": str(following - 1), "state": "on its way"})
    return found


def _texts(trades: Sequence[FeedTrade], name: str) -> list[str]:
    return [f'"{decimal_text(getattr(trade, name))}"' for trade in trades]


def _joined(literals: Sequence[str], rest: str) -> str:
    """An array that begins with literals."""
    return f"[{','.join([*literals, *([rest[1:-1]] if rest != '[]' else [])])}]"
