"""Pure: the copies of a symbol's trades that several legs deliver go in, one ordered tape comes out.

The first copy of an id wins. A trade that is ahead of its turn is held back for `patience` seconds, in which another
leg may deliver what is missing; then the hole is given up and the tape goes on. An id that comes after its hole was
given up is still a trade: it comes out as healed, beside the order. So nothing that was delivered is lost, and what
`missing` holds in the end is exactly what was never delivered. Time comes in from outside, in seconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from candlewick.spans import Spans
from candlewick.trade import Trade, is_same_print

PATIENCE = 0.5
HELD_AT_MOST = 5_000
REMEMBERED = 2_048


class Emitted(NamedTuple):
    """The next trade of the tape, in the order of ids."""

    trade: Trade
    line: bytes


class Healed(NamedTuple):
    """A trade out of a hole that was given up before, or from before the tape's start."""

    trade: Trade
    line: bytes


class Hole(NamedTuple):
    """Ids that were given up: the tape goes on behind them. Both inclusive."""

    first: int
    last: int


class Conflict(NamedTuple):
    """A copy that differs from the one that won: an incident. Its line is kept, too."""

    held: Trade
    trade: Trade
    line: bytes


Output = Emitted | Healed | Hole | Conflict


@dataclass(slots=True)
class _Held:
    trade: Trade
    line: bytes
    since: float


class Sequencer:
    """One symbol's tape. Memory is bounded by `held_at_most` trades ahead and `remembered` trades behind."""

    def __init__(
        self, *, patience: float = PATIENCE, held_at_most: int = HELD_AT_MOST, remembered: int = REMEMBERED
    ) -> None:
        self.missing = Spans()
        self.copies = 0
        self._patience = patience
        self._held_at_most = held_at_most
        self._remembered = remembered
        self._ring: list[Trade | None] = [None] * remembered
        self._held: dict[int, _Held] = {}
        self._origin = 0
        self._expected: int | None = None

    @property
    def emitted(self) -> int | None:
        """The last id of the tape; None before it starts."""
        return None if self._expected is None else self._expected - 1

    @property
    def deadline(self) -> float | None:
        """When the first hole is given up; None where no trade is held back."""
        return min(held.since for held in self._held.values()) + self._patience if self._held else None

    @property
    def newest(self) -> Trade | None:
        """The last trade of the tape; None before it starts."""
        return None if self._expected is None else self._ring[(self._expected - 1) % self._remembered]

    def take_next(self, trade: Trade) -> bool:
        """Emit a trade where it is the next one and none is held back; else do nothing: it is to be offered.

        This and `drop_copy` are `offer` at the least cost, for what nearly all trades are.
        """
        if trade.trade_id != self._expected or self._held:
            return False
        self._ring[trade.trade_id % self._remembered] = trade
        self._expected += 1
        return True

    def drop_copy(self, trade: Trade) -> bool:
        """Drop a trade where it equals the one remembered under its id; else do nothing: it is to be offered."""
        held = self._ring[trade.trade_id % self._remembered]
        if held is not trade and held != trade:
            return False
        self.copies += 1
        return True

    def offer(self, trade: Trade, line: bytes, now: float) -> list[Output]:
        """Take a leg's copy of a trade; return what that makes of the tape."""
        trade_id = trade.trade_id
        if self._expected is None:
            self._origin = self._expected = trade_id
        if trade_id == self._expected:
            output: list[Output] = [self._emit(trade, line)]
            if self._held:
                output.extend(self._release())
            return output
        return self._behind(trade, line) if trade_id < self._expected else self._ahead(trade, line, now)

    def tick(self, now: float) -> list[Output]:
        """Give up the holes whose time is over."""
        output: list[Output] = []
        while (deadline := self.deadline) is not None and deadline <= now:
            output.extend(self._give_up())
        return output

    def flush(self) -> list[Output]:
        """Give up every hole at once: nothing more will come."""
        output: list[Output] = []
        while self._held:
            output.extend(self._give_up())
        return output

    def _emit(self, trade: Trade, line: bytes) -> Emitted:
        self._ring[trade.trade_id % self._remembered] = trade
        self._expected = trade.trade_id + 1
        return Emitted(trade, line)

    def _release(self) -> Iterator[Output]:
        """Emit the held trades whose turn has come."""
        while self._expected is not None and (held := self._held.pop(self._expected, None)):
            yield self._emit(held.trade, held.line)

    def _ahead(self, trade: Trade, line: bytes, now: float) -> list[Output]:
        if held := self._held.get(trade.trade_id):
            return self._copy(held.trade, trade, line)
        self._held[trade.trade_id] = _Held(trade, line, now)
        return self._give_up() if len(self._held) > self._held_at_most else []

    def _behind(self, trade: Trade, line: bytes) -> list[Output]:
        trade_id = trade.trade_id
        if trade_id in self.missing:
            self.missing.remove(trade_id, trade_id)
        elif trade_id < self._origin:
            self.missing.add(trade_id + 1, self._origin - 1)
            self._origin = trade_id
        else:
            return self._copy(self._ring[trade_id % self._remembered], trade, line)
        return [Healed(trade, line)]

    def _copy(self, held: Trade | None, trade: Trade, line: bytes) -> list[Output]:
        """Drop a copy, unless it differs from the one that is remembered under its id."""
        self.copies += 1
        if held is None or held.trade_id != trade.trade_id or held == trade or is_same_print(held, trade):
            return []
        return [Conflict(held, trade, line)]

    def _give_up(self) -> list[Output]:
        assert self._expected is not None, "a trade is held only behind an emitted one"
        first, resume = self._expected, min(self._held)
        self.missing.add(first, resume - 1)
        self._expected = resume
        return [Hole(first, resume - 1), *self._release()]
