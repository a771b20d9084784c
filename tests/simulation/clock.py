"""Virtual time: clocks that stand still while there is work, and jump to the next timer when there is none.

`install` puts them in the place of the ones in `time`, for everything in this process. So it comes before the first
import of what is simulated: default arguments such as `clock=time.monotonic` are bound then.
"""

import random
import time
from typing import Any

from simulation.machine import MACHINE

_US = 1_000_000


class Clock:
    """Seconds since the start, and the wall clock that each machine has."""

    def __init__(self) -> None:
        self.now = 0.0
        self._epoch_us = 0

    def start(self, epoch_us: int) -> None:
        """Begin anew, at a moment (µs since the epoch)."""
        self.now, self._epoch_us = 0.0, epoch_us

    def monotonic(self) -> float:
        """Stand in for `time.monotonic`."""
        return self.now

    def time_ns(self) -> int:
        """Stand in for `time.time_ns`: the wall clock of the machine that asks."""
        machine = MACHINE.get()
        ahead = machine.ahead if machine else 0.0
        return (self._epoch_us + round((self.now + ahead) * _US)) * 1_000

    def time(self) -> float:
        """Stand in for `time.time`."""
        return self.time_ns() / 1e9


CLOCK = Clock()


class Seeded(random.Random):
    """`random.Random` whose unseeded generators are seeded by the run, too."""

    def __init__(self, seed: Any = None) -> None:
        super().__init__(random.getrandbits(64) if seed is None else seed)


def install() -> None:
    """Let every clock and every generator of random numbers in this process be the simulation's."""
    time.monotonic = CLOCK.monotonic
    time.time = CLOCK.time
    time.time_ns = CLOCK.time_ns
    random.Random = Seeded  # type: ignore[misc, assignment]
