"""How far a symbol's tape was looked at: trades in id order, each once, whatever order they come in. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from candlewick.dashboard.bars import FeedTrade

WAITING_AT_MOST = 50_000


@dataclass
class Progress:
    """`last` is the newest trade that was looked at; `waiting` are trades behind a hole, ascending by id."""

    last: FeedTrade | None = None
    waiting: list[FeedTrade] = field(default_factory=list)

    @property
    def hole(self) -> tuple[int, int] | None:
        """The first and the last id that keep the waiting trades waiting."""
        if self.last is None or not self.waiting:
            return None
        return self.last.trade_id + 1, self.waiting[0].trade_id - 1

    @property
    def next_id(self) -> int | None:
        """The id that the feed should go on with; None is from now on."""
        newest = self.waiting[-1] if self.waiting else self.last
        return None if newest is None else newest.trade_id + 1

    @property
    def is_crowded(self) -> bool:
        """Whether more trades wait than may."""
        return len(self.waiting) > WAITING_AT_MOST

    def take(self, trades: Sequence[FeedTrade]) -> list[FeedTrade]:
        """Take trades ascending by id, and return those that are to be looked at now: the next ones, without a hole."""
        known = self.waiting[-1].trade_id if self.waiting else self.last.trade_id if self.last else -1
        self.waiting += [trade for trade in trades if trade.trade_id > known]
        return self._ready()

    def fill(self, trades: Sequence[FeedTrade]) -> list[FeedTrade]:
        """Take trades of the hole that the warehouse has, and return what is to be looked at now."""
        if (hole := self.hole) is None:
            return []
        self.waiting[:0] = [trade for trade in trades if hole[0] <= trade.trade_id <= hole[1]]
        return self._ready()

    def leap(self) -> list[FeedTrade]:
        """Go on behind the hole, and return what is to be looked at now."""
        return self._ready(leaps=True)

    def _ready(self, *, leaps: bool = False) -> list[FeedTrade]:
        if not self.waiting:
            return []
        goes_on = leaps or self.last is None
        expected = self.waiting[0].trade_id if goes_on or self.last is None else self.last.trade_id + 1
        count = 0
        while count < len(self.waiting) and self.waiting[count].trade_id == expected + count:
            count += 1
        ready, self.waiting = self.waiting[:count], self.waiting[count:]
        if ready:
            self.last = ready[-1]
        return ready
