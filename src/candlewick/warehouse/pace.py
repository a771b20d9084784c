"""Pure: when work that need not be done in every cycle is due."""

from dataclasses import dataclass

CORE_SHARE = 0.06
"""Of a core, for the cycles of live trading."""
_SHARE = 0.1
_LONGEST_PAUSE = 3.0
_SPREAD = 4


@dataclass
class Pace:
    """Work that is owed after every change and done every `seconds` at most, in a tenth of the time at most.

    Times are seconds of a monotonic clock.
    """

    seconds: float
    is_owed: bool = True
    _next: float = 0.0

    def owe(self, *, at_once: bool = False) -> None:
        """Note that there is something to do; `at_once` it is due now."""
        self.is_owed = True
        if at_once:
            self._next = 0.0

    def is_due(self, now: float) -> bool:
        """Whether to do it now."""
        return self.is_owed and now >= self._next

    def done(self, started: float, now: float) -> None:
        """Note that it is done."""
        self.is_owed = False
        self._next = max(started + self.seconds, now + (now - started) / _SHARE)

    def done_for_now(self, started: float, now: float) -> None:
        """Note that it is done, and is to be done again whether anything changes or not."""
        self.done(started, now)
        self.owe()


@dataclass
class Budget:
    """A share of a core on average: what cycles take is paid back by the pauses after them.

    What a dear cycle takes is spread over the next ones, so that none comes late because of it, and a backlog is
    forgotten but for some seconds. `spent` is this process's CPU time up to now, in seconds.
    """

    spent: float
    _debt: float = 0.0

    def pause(self, spent: float, elapsed: float) -> float:
        """Return how long to rest after a cycle that ended with so much CPU spent, `elapsed` seconds after the last."""
        self._debt = max(0.0, self._debt + spent - self.spent - CORE_SHARE * elapsed)
        self._debt = min(self._debt, CORE_SHARE * _LONGEST_PAUSE * _SPREAD)
        self.spent = spent
        return self._debt / CORE_SHARE / _SPREAD
