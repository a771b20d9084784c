"""One series that somebody looks at, and the mailboxes of those who do. No tasks, no I/O: the hub drives it."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from candlewick.dashboard.bars import Bar, FeedTrade, LiveBars, Tail
from candlewick.dashboard.live.frames import FrameWriter

FRAMES_PER_VIEWER = 32

Key = tuple[str, str]
"""(symbol, timeframe)"""


class Viewer:
    """One connection's mailbox: bounded, the oldest frame dropped; after a drop the viewer is behind."""

    def __init__(self, limit: int = FRAMES_PER_VIEWER) -> None:
        self.frames: asyncio.Queue[str] = asyncio.Queue(limit)
        self.is_behind = False
        self.dropped = 0

    def offer(self, frame: str) -> None:
        """Put a frame into the mailbox, at the cost of the oldest where it is full."""
        if self.frames.full():
            self.frames.get_nowait()
            self.is_behind = True
            self.dropped += 1
        self.frames.put_nowait(frame)


@dataclass(eq=False)
class Topic:
    """One (symbol, timeframe): its live bars, its viewers, and what is known of its history."""

    symbol: str
    live: LiveBars
    viewers: set[Viewer] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    settled_id: int | None = None
    event_at: int = 0
    """The newest event that the feed told of, in µs; 0 for none."""
    settled_at: int = 0
    """When the newest trade in the warehouse was made, in µs; 0 where that is not known."""
    stamp: str = ""
    follows_feed: bool = False
    ahead: LiveBars | None = None
    """The bars carried on over a hole, while there is one."""
    _told_at: int = 0

    def __post_init__(self) -> None:
        self._writer = FrameWriter(self.symbol, self.live.timeframe)

    @property
    def key(self) -> Key:
        """The topic's name."""
        return self.symbol, self.live.timeframe

    def settle(self, bars: Sequence[Bar], tail: Tail) -> None:
        """Start again from a version of the mart, and carry on by the trades that it does not have yet."""
        self.live.settle(bars)
        self.settled_id = self.live.last_id
        if self.settled_id is not None:
            self.live.extend(tail.after(self.settled_id))
            self.follows_feed = tail.last_id is not None and tail.last_id <= (self.live.last_id or 0)
        self.ahead = None
        if not self.follows_feed:
            self._go_on(tail.beyond(self.live.last_id or 0))
        self.changed.set()

    def take(self, fresh: Sequence[FeedTrade], event_at: int) -> None:
        """Carry the bars on by the feed's newest trades; at a hole they wait for the mart, and a copy goes on."""
        self.follows_feed = self.live.extend(fresh)
        if self.follows_feed:
            self.ahead = None
        else:
            self._go_on(fresh)
        if self.follows_feed or self.ahead:
            self.event_at = event_at
            self.changed.set()

    @property
    def shown(self) -> LiveBars:
        """The bars that viewers see."""
        return self.ahead or self.live

    def tell(self, frame: str) -> None:
        """Give a frame to every viewer."""
        for viewer in self.viewers:
            viewer.offer(frame)

    def changes(self, at_us: int) -> str | None:
        """Return a frame of what changed since the last call, or None.

        It names the newest event only where that is in no frame before it: what the mart settles is no news of a trade,
        and would look like one that came late.
        """
        event_at = self.event_at if self.event_at > self._told_at else 0
        frame = self._writer.changes(self.shown, event_at=event_at, sent_at=at_us)
        self._told_at = self.event_at if frame else self._told_at
        return frame

    def snapshot(self, at_us: int) -> str:
        """Return a frame of all bars kept."""
        return self._writer.snapshot(self.shown, event_at=0, sent_at=at_us)

    def status(self, at_us: int, *, feed: bool, **more: Any) -> str:
        """Return a status frame: where the bars come from, when the forming one closes, and the history's stamp."""
        newest = self.shown.bars[-1] if self.live.bars else None
        source = "waiting" if newest is None else self._feeds() if feed else self._unfed()
        return self._writer.status(
            now=at_us // 1_000,
            source=source,
            closes=newest.close_time // 1_000 if newest else None,
            event=max(self.event_at, self.settled_at) // 1_000 or None,
            stamp=self.stamp,
            **more,
        )

    def _feeds(self) -> str:
        return "feed" if self.follows_feed else "ahead" if self.ahead else "mart"

    def _unfed(self) -> str:
        """Without a feed: whether what it told last is all in the warehouse by now."""
        return "settled" if self.shown.last_id == self.settled_id else "away"

    def _go_on(self, trades: Iterable[FeedTrade]) -> None:
        """Carry a copy of the bars on by trades behind a hole."""
        beyond = list(trades)
        if beyond and self.live.bars:
            self.ahead = self.ahead or self.live.over_a_hole()
            self.ahead.extend_over(beyond)
