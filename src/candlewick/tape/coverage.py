"""Pure: what of a symbol's tape is ours, and what is to be filled next.

Nothing remembers holes. What is missing is always computed: the ids from the floor to the head that are neither
secured nor declared. So a hole cannot be forgotten, whatever made it: a lost frame, a cut socket, a kill, a night off.
"""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from candlewick.lake.manifest import HistoryMark
from candlewick.spans import Range, Spans

MOST_DISPUTED = 10_000
"""How many disputed trades are asked about: where every trade is disputed, not each one is."""


class Minutes:
    """The minutes whose candle of the exchange is durable, or held by this process."""

    def __init__(self, durable: Iterable[Range] = ()) -> None:
        self.durable = Spans(durable)
        self.secured = self.durable.copy()

    def secure(self, first: int, last: int) -> None:
        """Count minutes as ours from now on."""
        self.secured.add(first, last)

    def commit(self, minutes: Spans) -> None:
        """Count minutes as durable."""
        self.durable.update(minutes)

    def reopen(self, first: int, last: int) -> None:
        """Count minutes as not ours: they are asked for again."""
        self.durable.remove(first, last)
        self.secured.remove(first, last)

    def pages(self, first: int, last: int, size: int) -> Iterator[Range]:
        """Return what is missing of `first..last` as spans of at most `size` minutes, the newest first."""
        return _pages(self.secured.missing(first, last), size)


class Coverage:
    """One symbol. `covered` is durable; `secured` is that and what this process holds and will make durable.

    `minutes` are the minutes (since the epoch) whose candle of the exchange is ours. `wanted` are the ids that are to
    be ours, where that is not all from the floor to the head. `disputed` are ids of which two copies differ.
    `declared` are ids that the exchange says do not exist, `proven` those of which its answer is durable.
    `lost` are ids that were durable and are to be fetched again.
    """

    def __init__(
        self,
        covered: Iterable[Range] = (),
        declared: Iterable[Range] = (),
        history: HistoryMark | None = None,
        minutes: Iterable[Range] = (),
    ) -> None:
        self.covered = Spans(covered)
        self.secured = self.covered.copy()
        self.declared = Spans(declared)
        self.proven = self.declared.copy()
        self.history = history
        self.minutes = Minutes(minutes)
        self.wanted: Spans | None = None
        self.disputed: dict[int, None] = {}
        self.lost = Spans()
        self.head: int | None = self.covered.last if self.covered else None

    @property
    def floor(self) -> int | None:
        """The lowest id that is wanted: where history starts, once that is known; till then, where the tape does.

        A stray id from far below, should one ever come, is kept, but asks for nothing.
        """
        if self.history and self.history.floor is not None:
            return self.history.floor
        return self.secured.first if self.secured else None

    def found_floor(self, trade_id: int) -> None:
        """Learn where history starts: there, or where the tape already reaches further back."""
        if self.history:
            floor = min(trade_id, self.covered.first) if self.covered else trade_id
            self.history = replace(self.history, floor=floor)

    def secure(self, first: int, last: int) -> None:
        """Count ids as ours from now on; an id that was declared not to exist exists after all."""
        self.secured.add(first, last)
        if self.declared:
            self.declared.remove(first, last)
        if self.head is None or last > self.head:
            self.head = last
        self._begin(first)

    def holds(self, trade_id: int) -> bool:
        """Whether an id is ours; asked for every trade, and most are newer than all."""
        return self.head is not None and trade_id <= self.head and trade_id in self.secured

    def commit(self, ids: Spans) -> None:
        """Count ids as durable."""
        self.covered.update(ids)

    def reopen(self, ids: Spans) -> None:
        """Count durable ids as missing: the objects that held them are gone."""
        gone = ids.common(self.covered)
        self.lost.update(gone)
        for first, last in gone:
            self.covered.remove(first, last)
            self.secured.remove(first, last)

    def refill(self, ids: Spans, first_minute: int, last_minute: int) -> None:
        """Note that lost ids are ours again; the candles of their minutes may have gone with them, and are not."""
        if self.lost and self.lost.common(ids):
            self.lost = self.lost.without(ids)
            self.minutes.reopen(first_minute - 1, last_minute + 1)

    def saw(self, trade_id: int) -> None:
        """Learn that an id exists: everything up to it is wanted."""
        if self.head is None or trade_id > self.head:
            self.head = trade_id
        self._begin(trade_id + 1)

    def _begin(self, origin: int) -> None:
        """Note where the tape began; what lies before it is history."""
        if self.history and self.history.origin is None:
            self.history = replace(self.history, origin=origin)

    def declare(self, first: int, last: int) -> None:
        """Note that the exchange says these ids do not exist."""
        for start, end in self.secured.missing(first, last):
            self.declared.add(start, end)

    def declared_with(self, holes: Spans | None = None) -> list[Range]:
        """Return the declared ids whose evidence is durable once that of `holes` is."""
        if not self.declared:
            return []
        proven = self.proven.copy()
        proven.update(holes or Spans())
        return proven.common(self.declared).ranges()

    def exists(self, trade_id: int) -> None:
        """Note that a declared id exists after all: it is missing again."""
        self.declared.remove(trade_id, trade_id)

    def dispute(self, trade_id: int) -> None:
        """Note that copies of a trade differ; the exchange is to say which one is true."""
        if len(self.disputed) < MOST_DISPUTED:
            self.disputed[trade_id] = None

    def missing(self) -> Spans:
        """Return the ids that are wanted, not secured and not declared."""
        if self.wanted is not None:
            return self._without_declared(self.wanted.without(self.secured))
        if self.floor is None or self.head is None:
            return Spans()
        return self._without_declared(self.secured.missing(self.floor, self.head))

    def pages(self, size: int) -> Iterator[Range]:
        """Return what is missing as spans of at most `size` ids, the newest first."""
        return _pages(self.missing(), size)

    @property
    def holes(self) -> int:
        """How many ids are missing between covered ones, from the floor on, and are not declared."""
        if not self.covered or self.floor is None:
            return 0
        between = self.covered.missing(max(self.floor, self.covered.first), self.covered.last)
        return self._without_declared(between).count

    @property
    def history_durable(self) -> float:
        """How much of the history is durable, from 0 to 1, by the number of its trades."""
        return self._history_in(self.covered)

    @property
    def history_secured(self) -> float:
        """How much of the history is secured, from 0 to 1, by the number of its trades."""
        return self._history_in(self.secured)

    def _history_in(self, ids: Spans) -> float:
        mark = self.history
        if mark is None or mark.floor is None or mark.origin is None:
            return 0.0
        wanted = mark.origin - mark.floor
        absent = self._without_declared(ids.missing(mark.floor, mark.origin - 1))
        return 1.0 - absent.count / wanted if wanted > 0 else 1.0

    def _without_declared(self, ids: Spans) -> Spans:
        return ids.without(self.declared) if self.declared else ids


def _pages(ids: Spans, size: int) -> Iterator[Range]:
    for first, last in reversed(ids):
        for end in range(last, first - 1, -size):
            yield max(first, end - size + 1), end
