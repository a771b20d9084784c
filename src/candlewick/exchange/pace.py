"""The exchange's clock: when it moves on, and to which moment. Times in µs since the epoch."""

import asyncio
import time
from typing import Protocol

from candlewick.exchange.timeline import Timeline

_SHORTEST_NAP = 0.004
_LONGEST_NAP = 0.1
_AT_ONCE = 256
"""A replay without a pace makes about so many trades public at a time."""


class Pace(Protocol):
    """How an exchange's time passes."""

    @property
    def yields_to_clients(self) -> bool:
        """Whether time waits for clients that read slowly; else they are cut off."""

    def now(self, timeline: Timeline) -> int:
        """Return what the exchange's clock says."""

    async def next_moment(self, timeline: Timeline) -> int | None:
        """Wait for the next moment at which something becomes public; None where nothing more will."""


class WallPace:
    """The time of this machine."""

    yields_to_clients = False

    def now(self, timeline: Timeline) -> int:
        """Return the wall clock, or the last moment where that was set back."""
        return max(time.time_ns() // 1_000, timeline.now)

    async def next_moment(self, timeline: Timeline) -> int | None:
        """Sleep until the next event is due."""
        await _nap(timeline, self.now(timeline), 1.0)
        return self.now(timeline)


class SteadyPace:
    """Recorded time from `start` to `end`, at `speed` times the pace of this machine's clock."""

    yields_to_clients = True

    def __init__(self, start: int, end: int, speed: float) -> None:
        self._start, self._end, self._speed = start, end, speed
        self._began = time.monotonic()

    def now(self, timeline: Timeline) -> int:
        """Return the recorded time that it is now; it stands still after the end."""
        passed = (time.monotonic() - self._began) * self._speed
        return min(self._start + int(passed * 1e6), self._end)

    async def next_moment(self, timeline: Timeline) -> int | None:
        """Sleep until the next event is due."""
        if timeline.now >= self._end:
            return None
        await _nap(timeline, self.now(timeline), self._speed)
        return self.now(timeline)


class FreePace:
    """Recorded time as fast as clients take it."""

    yields_to_clients = True

    def now(self, timeline: Timeline) -> int:
        """Return the moment until which trades are public."""
        return timeline.now

    async def next_moment(self, timeline: Timeline) -> int | None:
        """Return the moment after some hundred trades more."""
        await asyncio.sleep(0)
        return timeline.moment_after(_AT_ONCE)


class Frozen:
    """A clock that stands still: a replay that has not begun."""

    yields_to_clients = True

    def now(self, timeline: Timeline) -> int:
        """Return the moment it stands at."""
        return timeline.now

    async def next_moment(self, timeline: Timeline) -> int | None:
        """Return None: nothing happens."""
        return None


async def _nap(timeline: Timeline, now: int, speed: float) -> None:
    """Sleep until the next event, but long enough to gather some and short enough to see new subscriptions."""
    due = timeline.next_at()
    seconds = _LONGEST_NAP if due is None else (due - now) / 1e6 / speed
    await asyncio.sleep(min(max(seconds, _SHORTEST_NAP), _LONGEST_NAP))
