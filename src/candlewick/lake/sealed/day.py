"""Pure: a day of a symbol, from whatever lines of it there are: one trade an id, by id, and what else was said.

Which copy of a trade counts is the warehouse's rule (`models/macros/copies.sql`): the exchange's own records before
what the stream said, the archive before REST; then the finer time, and last the smaller content. So any order of the
lines, and any number of recorders, make the same day.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from candlewick.lake.sealed import lines
from candlewick.lake.sealed.lines import Candle, Columns, Hole
from candlewick.spans import Spans

_ORDER = [
    ("trade_id", "ascending"),
    ("rank", "ascending"),
    ("traded_at", "descending"),
    ("price", "ascending"),
    ("quantity", "ascending"),
    ("is_buyer_maker", "ascending"),
    ("received_at", "ascending"),
    ("event_at", "ascending"),
]


@dataclass
class Gathered:
    """The lines of one symbol and UTC day, as they come. What is said of a day's candles and holes is kept as it is."""

    symbol: str
    day: date
    trades: Columns = field(init=False)
    candles: dict[bytes, Candle] = field(default_factory=dict)
    holes: dict[bytes, Hole] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.trades = Columns(self.symbol)

    def assemble(self) -> "Day":
        """Make the day of what came."""
        return _assemble(self)


@dataclass(frozen=True)
class Day:
    """A day: `trades` is a table of `lines.SCHEMA`, one row an id, ascending, all in the symbol's own places.

    `places` are those of price and quantity. `copies` are the lines of trades that do not count, `conflicting` the ids
    of which a copy says something else.
    """

    symbol: str
    day: date
    trades: pa.Table
    places: tuple[int, int]
    copies: tuple[bytes, ...]
    conflicting: tuple[int, ...]
    candles: dict[int, Candle]
    lines_of_candles: tuple[bytes, ...]
    holes: dict[bytes, Hole]

    @property
    def ids(self) -> "np.ndarray[Any, Any]":
        """The trade ids, ascending."""
        return column(self.trades, "trade_id")

    @property
    def spans(self) -> Spans:
        """The trade ids as spans."""
        return spans_of(self.ids)

    @property
    def evidence(self) -> list[bytes]:
        """Every line of the day that the trades do not give again: copies, candles, answers about holes."""
        return sorted({*self.copies, *self.lines_of_candles, *self.holes})


def column(table: pa.Table, name: str) -> "np.ndarray[Any, Any]":
    """Return a column without nulls as a numpy array."""
    values: np.ndarray[Any, Any] = table.column(name).to_numpy()
    return values


def spans_of(ids: "np.ndarray[Any, Any]") -> Spans:
    """Return ascending ids as spans."""
    if not len(ids):
        return Spans()
    breaks = np.flatnonzero(np.diff(ids) > 1)
    firsts, lasts = ids[np.r_[0, breaks + 1]], ids[np.r_[breaks, len(ids) - 1]]
    return Spans(zip(firsts.tolist(), lasts.tolist(), strict=True))


def _assemble(gathered: Gathered) -> Day:
    table = gathered.trades.table()
    printed = {name: column(table, name) for name in ("price", "quantity")}
    places = {name: column(table, f"{name}_places") for name in printed}
    own = {name: lines.own_places(printed[name], places[name]) for name in printed}
    for name, digits in printed.items():
        scaled = lines.rescaled(digits, places[name], own[name])
        at = table.schema.get_field_index(name)
        table = table.set_column(at, table.schema.field(name), pa.array(scaled))
    trades, others = _first_of_each(table)
    copies = sorted(set(encode(gathered.symbol, others, (own["price"], own["quantity"]))))
    kept = set(encode(gathered.symbol, _of_ids(trades, others), (own["price"], own["quantity"])))
    return Day(
        gathered.symbol,
        gathered.day,
        trades,
        (own["price"], own["quantity"]),
        tuple(line for line in copies if line not in kept),
        tuple(_conflicting(trades, others)),
        _latest(gathered.candles),
        tuple(gathered.candles),
        dict(gathered.holes),
    )


def encode(symbol: str, table: pa.Table, own: tuple[int, int]) -> Iterable[bytes]:
    """Write the raw lines of trades in the symbol's own places again."""
    for name, places in zip(("price", "quantity"), own, strict=True):
        printed = column(table, f"{name}_places")
        digits = lines.reprinted(column(table, name), places, printed)
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, pa.array(digits))
    return lines.encode(symbol, table)


def _first_of_each(table: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Return the copy of each trade that counts, by id, and all the others."""
    if not _ascends(table):
        table = table.take(pc.sort_indices(table, [("trade_id", "ascending")]))
    if _ascends(table):
        return table.combine_chunks(), table.slice(0, 0)
    source = table.column("source")
    rank = pc.case_when(pc.make_struct(pc.equal(source, "archive"), pc.equal(source, "rest")), 1, 2, 3)
    ranked = table.append_column("rank", rank)
    table = table.take(pc.sort_indices(ranked, _ORDER))
    ids = column(table, "trade_id")
    is_first = pa.array(np.r_[True, np.diff(ids) > 0])
    return table.filter(is_first).combine_chunks(), table.filter(pc.invert(is_first))


def _ascends(table: pa.Table) -> bool:
    return bool((np.diff(column(table, "trade_id")) > 0).all())


def _of_ids(trades: pa.Table, others: pa.Table) -> pa.Table:
    """Return the trades of which there are other copies."""
    if not others.num_rows:
        return others
    return trades.take(pa.array(np.searchsorted(column(trades, "trade_id"), np.unique(column(others, "trade_id")))))


def _conflicting(trades: pa.Table, others: pa.Table) -> list[int]:
    """Return the ids of which a copy has other values, or another time to the ms that all sources have in common."""
    if not others.num_rows:
        return []
    rows = np.searchsorted(column(trades, "trade_id"), column(others, "trade_id"))
    differs = np.zeros(len(rows), bool)
    for name, unit in (("price", 1), ("quantity", 1), ("is_buyer_maker", 1), ("traded_at", 1_000)):
        one, other = column(trades, name)[rows], column(others, name)
        differs |= (one != other) if unit == 1 else (one // unit != other // unit)
    return [int(each) for each in np.unique(column(others, "trade_id")[differs])]


def _latest(candles: dict[bytes, Candle]) -> dict[int, Candle]:
    """Return the last word on each minute by its opening (µs): a candle's event time says when it was said."""
    latest: dict[int, Candle] = {}
    for _, candle in sorted(candles.items(), key=lambda each: (each[1].event_at, each[0])):
        latest[candle.opens_at] = candle
    return latest
