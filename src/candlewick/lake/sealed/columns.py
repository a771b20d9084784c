"""Trades of one symbol as they are gathered: lines go in, in any order; columns come out by id, a part at a time."""

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from candlewick.lake.sealed import lines
from candlewick.lake.sealed.lines import LARGEST, SCHEMA, Numbers, TradeLine
from candlewick.lake.sealed.spool import Place, Spool
from candlewick.spans import Range, Spans

IDS_PER_PART = 131_072
"""A power of two: the trades of a part are a whole subtree of the day's tree (`seal.merkle`)."""
_ROWS_PER_CHUNK = 50_000
Rows = TypeVar("Rows", pa.RecordBatch, pa.Table)


class _Chunk(NamedTuple):
    """Rows that lie in the spool together, by id."""

    place: Place
    first: int
    last: int


class _Scale:
    """What is to be known of all numbers of a column: in how many places they are exact, and how large they are."""

    def __init__(self) -> None:
        self.places = 0
        self._largest: dict[int, int] = {}

    def take(self, digits: Numbers, printed: Numbers) -> None:
        self.places = lines.own_places(digits, printed, self.places)
        for places, those in lines.by_places(printed):
            self._largest[places] = max(self._largest.get(places, 0), int(digits[those].max()))

    def check(self) -> None:
        """Raise `OverflowError` where one of them does not fit a sealed column."""
        for places, largest in self._largest.items():
            if largest * 10 ** max(0, self.places - places) > LARGEST:
                raise OverflowError(f"expected numbers of 18 digits at most, got {largest} with {self.places} places")


class Columns:
    """Trades of one symbol as rows of `lines.SCHEMA`.

    Memory is in proportion to a part: rows go to a spool, `_ROWS_PER_CHUNK` lines at a time, and are read again by
    their ids. What is scattered over the whole day (no recorder writes it so) takes more.
    """

    def __init__(self, symbol: str, spool: Spool | None = None) -> None:
        self.symbol = symbol
        self._spool = spool or Spool(SCHEMA)
        self._rows: list[tuple[Any, ...]] = []
        self._chunks: list[_Chunk] = []
        self._scales = {"price": _Scale(), "quantity": _Scale()}
        self._ids = Spans()
        self._count = 0

    def add(self, line: bytes, event: TradeLine) -> None:
        """Add a line that `lines.read` has read. Raises `OverflowError` for a number that no sealed column holds."""
        self._rows.append(lines.row(line, event))
        if len(self._rows) >= _ROWS_PER_CHUNK:
            self.pack()

    def extend(self, trades: pa.RecordBatch) -> None:
        """Add trades that are columns of `SCHEMA` already."""
        self.pack()
        self._put(trades)

    def pack(self) -> None:
        """Put away the lines that came."""
        if self._rows:
            values = zip(*self._rows, strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(values, SCHEMA, strict=True)]
            self._rows = []
            self._put(pa.RecordBatch.from_arrays(arrays, schema=SCHEMA))

    @property
    def ids(self) -> Spans:
        """The trade ids that came."""
        self.pack()
        return self._ids

    @property
    def places(self) -> tuple[int, int]:
        """The fewest places by which all prices, and all quantities, are exact. Raises `OverflowError`."""
        self.pack()
        for scale in self._scales.values():
            scale.check()
        return self._scales["price"].places, self._scales["quantity"].places

    @property
    def has_copies(self) -> bool:
        """Whether an id came more than once."""
        return self._count > self.ids.count

    def parts(self) -> Iterator[pa.Table]:
        """Give all rows, `IDS_PER_PART` ids at a time, ascending; those of one id in the order in which they came."""
        held: dict[_Chunk, pa.RecordBatch] = {}
        for first, last in _runs(self.ids, IDS_PER_PART):
            reaching = [each for each in self._chunks if each.first <= last and each.last >= first]
            held = {each: held[each] if each in held else self._spool.get(each.place) for each in reaching}
            rows = pa.Table.from_batches([_between(each, first, last) for each in held.values()], SCHEMA)
            held = {each: batch for each, batch in held.items() if each.last > last}
            yield _by_id(rows)

    def _put(self, batch: pa.RecordBatch) -> None:
        batch = _by_id(batch)
        ids = batch["trade_id"].to_numpy()
        for name, scale in self._scales.items():
            scale.take(batch[name].to_numpy(), batch[f"{name}_places"].to_numpy())
        self._ids.update(spans_of(ids))
        self._count += len(ids)
        self._chunks.append(_Chunk(self._spool.put(batch), int(ids[0]), int(ids[-1])))


def spans_of(ids: Numbers) -> Spans:
    """Return ascending ids as spans."""
    if not len(ids):
        return Spans()
    breaks = np.flatnonzero(np.diff(ids) > 1)
    firsts, lasts = ids[np.r_[0, breaks + 1]], ids[np.r_[breaks, len(ids) - 1]]
    return Spans(zip(firsts.tolist(), lasts.tolist(), strict=True))


def _runs(ids: Spans, size: int) -> Iterator[Range]:
    """Give stretches that have so many of the ids each, the last one what is left."""
    first, room = None, size
    for start, end in ids:
        while start <= end:
            first = start if first is None else first
            taken = min(room, end - start + 1)
            start, room = start + taken, room - taken  # noqa: PLW2901 - what is left of the span
            if not room:
                yield first, start - 1
                first, room = None, size
    if first is not None:
        yield first, ids.last


def _between(batch: pa.RecordBatch, first: int, last: int) -> pa.RecordBatch:
    """Return the rows of the ids `first..last`; a batch is by id."""
    start, end = np.searchsorted(batch["trade_id"].to_numpy(), [first, last + 1]).tolist()
    return batch.slice(start, end - start)


def _by_id(rows: Rows) -> Rows:
    """Return rows, a batch or a table of them, by id; nearly always they are."""
    ids = rows["trade_id"].to_numpy()
    is_sorted = bool((ids[1:] >= ids[:-1]).all())
    return rows if is_sorted else rows.take(pc.sort_indices(rows, [("trade_id", "ascending")]))
