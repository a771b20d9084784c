"""Pure: a fault at work, with its own randomness and its end."""

import math
from random import Random

from candlewick.fake_binance.faults.fault import Fault
from candlewick.fake_binance.faults.journal import Entry


class Active:
    """A fault that has begun. It is over after its `seconds`, or when it has hit its `count`; times in seconds."""

    def __init__(self, entry: Entry, rng: Random, now: float) -> None:
        self.fault: Fault = entry.fault
        self.rng = rng
        self.ends = math.inf
        self._entry = entry
        self._left = entry.fault.count
        self.start(now)

    @property
    def value(self) -> float:
        """The kind's own number."""
        return self.fault.value or 0.0

    def start(self, now: float) -> None:
        """Let its time begin: at once, or when there is something to hit."""
        self.ends = math.inf if self.fault.seconds is None else now + self.fault.seconds

    @property
    def is_spent(self) -> bool:
        """Whether it has hit all it was to hit, or was stopped."""
        return self._left == 0

    def is_over(self, now: float) -> bool:
        """Whether it hits nothing any more."""
        return now >= self.ends or self.is_spent

    def stop(self) -> None:
        """End it."""
        self._left = 0

    def hit(self, note: str | None = None) -> None:
        """Count a hit in the journal, and of those there are to be."""
        self._entry.hit(note)
        if self._left:
            self._left -= 1

    def see(self, note: str | None = None) -> None:
        """Count a hit in the journal only: its `count` is of something else."""
        self._entry.hit(note)
