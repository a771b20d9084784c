"""Pure: the newest trades of one symbol, to be read from any id on, as far as they go."""

from array import array
from bisect import bisect_left
from typing import NamedTuple

from candlewick.moments import micros
from candlewick.spans import Range
from candlewick.trade import Trade

TRADES_AT_MOST = 200_000
MICROSECONDS_AT_MOST = 15 * 60 * 1_000_000
_COMPACT_AT = 16_384
_WASTE = 8
"""At most one row in this many belongs to a trade that has already left the ring."""

Row = tuple[int, str, str, int, int]
"""Trade id, price, quantity, trade time (µs), whether the buyer is the maker (0 or 1)."""


class Gap(NamedTuple):
    """Ids that cannot be given: they are too old, or they were not seen live. Both inclusive."""

    first: int
    last: int


class Rows(NamedTuple):
    """Trades of contiguous ids, and the newest event time among them (µs)."""

    rows: list[Row]
    event_at: int


class Ring:
    """Trades in ascending order of their ids; the oldest ones leave by number and by age.

    A trade takes some 110 bytes: a column of numbers for each of its fields, and its price and quantity in one text.
    """

    def __init__(self, trades_at_most: int = TRADES_AT_MOST, microseconds_at_most: int = MICROSECONDS_AT_MOST) -> None:
        self._trades_at_most = trades_at_most
        self._microseconds_at_most = microseconds_at_most
        self._ids = array("q")
        self._amounts: list[str] = []
        self._traded_at = array("q")
        self._sides = array("b")
        self._event_at = array("q")
        self._start = 0

    def __len__(self) -> int:
        return len(self._ids) - self._start

    @property
    def ids(self) -> Range | None:
        """First and last id held; None while it is empty."""
        return (self._ids[self._start], self._ids[-1]) if self._ids else None

    def push(self, trade: Trade) -> None:
        """Add the next trade of the tape; its id is higher than every one before."""
        traded_at = micros(trade.traded_at)
        self._ids.append(trade.trade_id)
        self._amounts.append(f"{trade.price} {trade.quantity}")
        self._traded_at.append(traded_at)
        self._sides.append(trade.is_buyer_maker)
        self._event_at.append(micros(trade.event_at))
        oldest = traded_at - self._microseconds_at_most
        if len(self._ids) - self._start > self._trades_at_most or self._traded_at[self._start] < oldest:
            self._let_go(oldest)

    def _let_go(self, oldest: int) -> None:
        """Let the trades go that are too many, or older than a moment (µs)."""
        while len(self) > self._trades_at_most or self._traded_at[self._start] < oldest:
            self._start += 1
        if self._start >= _COMPACT_AT and self._start * _WASTE >= len(self._ids):
            self._compact()

    def read(self, next_id: int, at_most: int) -> Gap | Rows | None:
        """Return what follows for a reader whose next id is `next_id`; None where nothing does, yet."""
        if not self._ids or next_id > self._ids[-1]:
            return None
        index = bisect_left(self._ids, next_id, lo=self._start)
        found = self._ids[index]
        if found > next_id:
            return Gap(next_id, found - 1)
        end = self._contiguous_end(index, min(index + at_most, len(self._ids)))
        return Rows([self._row(at) for at in range(index, end)], max(self._event_at[index:end]))

    def _row(self, at: int) -> Row:
        price, _, quantity = self._amounts[at].partition(" ")
        return self._ids[at], price, quantity, self._traded_at[at], self._sides[at]

    def _contiguous_end(self, index: int, end: int) -> int:
        """Return where ids stop being contiguous, `end` at most; ids minus positions never decrease."""
        shift = self._ids[index] - index
        if self._ids[end - 1] - (end - 1) == shift:
            return end
        return bisect_left(range(end), shift + 1, lo=index, hi=end, key=lambda at: self._ids[at] - at)

    def _compact(self) -> None:
        for column in (self._ids, self._amounts, self._traded_at, self._sides, self._event_at):
            del column[: self._start]
        self._start = 0
