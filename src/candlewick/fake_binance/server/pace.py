"""The exchange's clock: when it moves on, and to which moment. Times in µs since the epoch."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from candlewick.fake_binance.server.timeline import Timeline

_SHORTEST_NAP = 0.004
_LONGEST_NAP = 0.1
_PORTION = 500
"""A fast replay makes about so many trades of a symbol public at a time."""


class Pace(Protocol):
    """How an exchange's time passes."""

    @property
    def waits_for_slow(self) -> bool:
        """Whether time waits for clients that read slowly; else they are cut off."""

    @property
    def waits_for_any(self) -> bool:
        """Whether time stands still while nobody listens."""

    def now(self, timeline: Timeline) -> int:
        """Return what the exchange's clock says."""

    async def next_moment(self, timeline: Timeline) -> int | None:
        """Wait for the next moment at which something becomes public; None where nothing more will."""


class WallPace:
    """The time of this machine, or one that is `skew_us` ahead of it."""

    waits_for_slow = False
    waits_for_any = False

    def __init__(self, skew_us: Callable[[], int] = lambda: 0) -> None:
        self._skew_us = skew_us

    def now(self, timeline: Timeline) -> int:
        """Return the wall clock, or the last moment where that was set back."""
        return max(time.time_ns() // 1_000 + self._skew_us(), timeline.now)

    async def next_moment(self, timeline: Timeline) -> int | None:
        """Sleep until the next event is due."""
        await _nap(timeline, self.now(timeline), 1.0)
        return self.now(timeline)


class SteadyPace:
    """Time from `start` to `end`, at `speed` times the pace of this machine's clock, from now on.

    After the end the clock stands still, as nothing is known about what came then.
    """

    waits_for_slow = True
    waits_for_any = False

    def __init__(self, start: int, end: int, speed: float) -> None:
        self._start, self._end, self._speed = start, end, speed
        self._began = time.monotonic()

    def now(self, timeline: Timeline) -> int:
        """Return the time that it is now in the replay."""
        passed = (time.monotonic() - self._began) * self._speed
        return min(self._start + int(passed * 1e6), self._end)

    async def next_moment(self, timeline: Timeline) -> int | None:
        """Sleep until the next event is due; what piles up meanwhile comes in portions."""
        if timeline.now >= self._end:
            return None
        now = self.now(timeline)
        await _nap(timeline, now, self._speed)
        return min(self.now(timeline), timeline.moment_after(_PORTION) or self._end)


class FreePace:
    """As fast as clients take it."""

    waits_for_slow = True
    waits_for_any = True

    def now(self, timeline: Timeline) -> int:
        """Return the moment until which trades are public."""
        return timeline.now

    async def next_moment(self, timeline: Timeline) -> int | None:
        """Return the moment after some hundred trades more."""
        await asyncio.sleep(0)
        return timeline.moment_after(_PORTION)


async def _nap(timeline: Timeline, now: int, speed: float) -> None:
    """Sleep until the next event, but long enough to gather some and short enough to see new subscriptions."""
    due = timeline.next_at()
    seconds = _LONGEST_NAP if due is None else (due - now) / 1e6 / speed
    await asyncio.sleep(min(max(seconds, _SHORTEST_NAP), _LONGEST_NAP))
