"""Pure: when work that need not be done in every cycle is due."""

from dataclasses import dataclass

_SHARE = 0.1


@dataclass
class Pace:
    """Work that is owed after every change and done every `seconds` at most, in a tenth of the time at most.

    Times are seconds of a monotonic clock.
    """

    seconds: float
    is_owed: bool = True
    _next: float = 0.0

    def owe(self) -> None:
        """Note that there is something to do."""
        self.is_owed = True

    def is_due(self, now: float) -> bool:
        """Whether to do it now."""
        return self.is_owed and now >= self._next

    def done(self, started: float, now: float) -> None:
        """Note that it is done."""
        self.is_owed = False
        self._next = max(started + self.seconds, now + (now - started) / _SHARE)
