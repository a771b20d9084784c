"""Pure: a day of a symbol, from whatever lines of it there are: one trade an id, by id, and what else was said.

Which copy of a trade counts is the warehouse's rule (`models/macros/copies.sql`): the exchange's own records before
what the stream said, the archive before REST; then the finer time, and last the smaller content. So any order of the
lines, and any number of recorders, make the same day.
"""

from array import array
from collections.abc import Iterator
from dataclasses import InitVar, dataclass, field
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from candlewick.lake.sealed import lines
from candlewick.lake.sealed.columns import Columns, spans_of
from candlewick.lake.sealed.lines import Candle, Hole, NoCandle, Numbers
from candlewick.lake.sealed.spool import Spool
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
    """The lines of one symbol and UTC day, as they come. What is said of a day's candles and holes is kept as it is.

    `beside` are ids of trades that came with them, and are of another day by their time.
    """

    symbol: str
    day: date
    spool: InitVar[Spool | None] = None
    trades: Columns = field(init=False)
    candles: dict[bytes, Candle] = field(default_factory=dict)
    holes: dict[bytes, Hole] = field(default_factory=dict)
    absent: dict[bytes, NoCandle] = field(default_factory=dict)
    beside: "array[int]" = field(default_factory=lambda: array("q"))

    def __post_init__(self, spool: Spool | None) -> None:
        self.trades = Columns(self.symbol, spool)

    def assemble(self) -> "Day":
        """Make the day of what came. Raises `OverflowError` for numbers that no sealed column holds."""
        return _assemble(self)


@dataclass(frozen=True)
class Day:
    """A day: its trades are read a part at a time from what was gathered, and `count` is how many there are.

    `places` are those of price and quantity. `copies` are the lines of trades that do not count, `conflicting` the ids
    of which a copy says something else, `absent` the exchange's answers by which minutes have no candle. Trades with
    the ids `beside` are of another day by their time.
    """

    symbol: str
    day: date
    gathered: Columns
    places: tuple[int, int]
    copies: tuple[bytes, ...]
    conflicting: tuple[int, ...]
    candles: dict[int, Candle]
    lines_of_candles: tuple[bytes, ...]
    holes: dict[bytes, Hole]
    absent: dict[bytes, NoCandle]
    beside: Spans = field(default_factory=Spans)

    @property
    def spans(self) -> Spans:
        """The trade ids."""
        return self.gathered.ids

    @property
    def count(self) -> int:
        """How many trades there are."""
        return self.spans.count

    def parts(self) -> Iterator[pa.Table]:
        """Give the trades as tables of `lines.SCHEMA`, one row an id, ascending, all in the symbol's own places.

        Each has `columns.IDS_PER_PART` of them, the last one what is left.
        """
        for rows in self.gathered.parts():
            yield _first_of_each(_in_places(rows, self.places))[0]

    @property
    def evidence(self) -> list[bytes]:
        """Every line of the day that the trades do not give again: copies, candles, answers about what is not there."""
        return sorted({*self.copies, *self.lines_of_candles, *self.holes, *self.absent})


def column(table: pa.Table, name: str) -> Numbers:
    """Return a column without nulls as a numpy array."""
    values: Numbers = table.column(name).to_numpy()
    return values


def _assemble(gathered: Gathered) -> Day:
    places = gathered.trades.places
    copies, conflicting = _copies(gathered, places) if gathered.trades.has_copies else ([], [])
    return Day(
        gathered.symbol,
        gathered.day,
        gathered.trades,
        places,
        tuple(copies),
        tuple(conflicting),
        _latest(gathered.candles),
        tuple(gathered.candles),
        dict(gathered.holes),
        dict(gathered.absent),
        spans_of(np.unique(np.asarray(gathered.beside, np.int64))),
    )


def _in_places(rows: pa.Table, own: tuple[int, int]) -> pa.Table:
    """Return trades in the symbol's own places."""
    for name, places in zip(("price", "quantity"), own, strict=True):
        digits = lines.rescaled(column(rows, name), column(rows, f"{name}_places"), places)
        at = rows.schema.get_field_index(name)
        rows = rows.set_column(at, rows.schema.field(name), pa.array(digits))
    return rows


def encode(symbol: str, table: pa.Table, own: tuple[int, int]) -> Iterator[bytes]:
    """Write the raw lines of trades in the symbol's own places again."""
    for name, places in zip(("price", "quantity"), own, strict=True):
        printed = column(table, f"{name}_places")
        digits = lines.reprinted(column(table, name), places, printed)
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, pa.array(digits))
    return lines.encode(symbol, table)


def _first_of_each(table: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Return the copy of each trade that counts, and all the others; the table is by id."""
    ids = column(table, "trade_id")
    if (ids[1:] > ids[:-1]).all():
        return table.combine_chunks(), table.slice(0, 0)
    source = table.column("source")
    rank = pc.case_when(pc.make_struct(pc.equal(source, "archive"), pc.equal(source, "rest")), 1, 2, 3)
    ranked = table.append_column("rank", rank)
    table = table.take(pc.sort_indices(ranked, _ORDER))
    is_first = pa.array(np.r_[True, np.diff(ids) > 0])
    return table.filter(is_first).combine_chunks(), table.filter(pc.invert(is_first))


def _copies(gathered: Gathered, places: tuple[int, int]) -> tuple[list[bytes], list[int]]:
    """Return the lines of trades that do not count, and the ids of which one says something else."""
    copies: list[bytes] = []
    conflicting: list[int] = []
    for rows in gathered.trades.parts():
        trades, others = _first_of_each(_in_places(rows, places))
        if others.num_rows:
            told = trades.take(pa.array(np.searchsorted(column(trades, "trade_id"), column(others, "trade_id"))))
            kept = set(encode(gathered.symbol, told, places))
            copies += sorted(set(encode(gathered.symbol, others, places)) - kept)
            conflicting += _conflicting(told, others)
    return copies, conflicting


def _conflicting(told: pa.Table, others: pa.Table) -> list[int]:
    """Return the ids of which a copy has other values, or another time to the ms that all sources have in common."""
    differs = np.zeros(others.num_rows, bool)
    for name, unit in (("price", 1), ("quantity", 1), ("is_buyer_maker", 1), ("traded_at", 1_000)):
        one, other = column(told, name), column(others, name)
        differs |= (one != other) if unit == 1 else (one // unit != other // unit)
    return [int(each) for each in np.unique(column(others, "trade_id")[differs])]


def _latest(candles: dict[bytes, Candle]) -> dict[int, Candle]:
    """Return the last word on each minute by its opening (µs): a candle's event time says when it was said."""
    latest: dict[int, Candle] = {}
    for _, candle in sorted(candles.items(), key=lambda each: (each[1].event_at, each[0])):
        latest[candle.opens_at] = candle
    return latest
