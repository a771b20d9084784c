"""The newest trades of one symbol, told one by one to who looks at its tape. No tasks, no I/O: the hub drives it."""

import asyncio
import json
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from candlewick.dashboard.bars import FeedTrade, decimal_text
from candlewick.dashboard.live.topic import Viewer

HELD = 20_000
"""So many trades are held for who joins, and for pages of the tape; the warehouse has those before them."""


@dataclass(eq=False)
class Prints:
    """The trades of a symbol since somebody looks at its tape."""

    symbol: str
    held: deque[FeedTrade] = field(default_factory=lambda: deque(maxlen=HELD))
    viewers: set[Viewer] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _untold: list[FeedTrade] = field(default_factory=list)
    _event_at: int = 0

    def take(self, trades: Iterable[FeedTrade], event_at: int) -> None:
        """Take newer trades on."""
        fresh = list(trades)
        self.held.extend(fresh)
        self._untold = [*self._untold, *fresh][-HELD:]
        self._event_at = event_at
        self.changed.set()

    def tell(self, now: int) -> None:
        """Tell the viewers of the trades that came since the last time. Times in µs."""
        untold, self._untold = self._untold, []
        if untold:
            frame = frame_of(self.symbol, untold, event_at=self._event_at, sent_at=now)
            for viewer in self.viewers:
                viewer.offer(frame)


def frame_of(symbol: str, trades: Sequence[FeedTrade], *, event_at: int, sent_at: int) -> str:
    """Write trades as columns: `t` µs, `i` ids, `p` prices and `q` quantities as text, `m` 1 where the taker sold.

    `g` and `t` are as in frames of bars.
    """
    columns = {
        "i": [str(trade.trade_id) for trade in trades],
        "t": [trade.traded_at for trade in trades],
        "p": [decimal_text(trade.price) for trade in trades],
        "q": [decimal_text(trade.quantity) for trade in trades],
        "m": [int(trade.is_sell) for trade in trades],
    }
    told = {"s": symbol, "p": columns, "g": event_at / 1_000, "t": (sent_at - event_at) / 1_000}
    return json.dumps(told, separators=(",", ":"))
