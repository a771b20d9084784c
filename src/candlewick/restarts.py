"""Pure: when a process that ended is started again.

The wait doubles from `first` up to `cap` and starts anew once a run has lasted `settled` seconds. A process that
ends before it was ever healthy is not restarted: its error is the user's to read.
"""

from dataclasses import dataclass


@dataclass
class Restarts:
    """The back-off of one process, in seconds; the n-th wait in a row is `min(cap, first * 2**n)`."""

    first: float = 0.5
    cap: float = 30.0
    settled: float = 60.0
    in_a_row: int = 0
    total: int = 0

    def wait_after(self, ran_for: float) -> float:
        """Count an end after `ran_for` seconds and return how long to wait before the next start."""
        if ran_for >= self.settled:
            self.in_a_row = 0
        wait = min(self.cap, self.first * 2.0**self.in_a_row)
        self.in_a_row += 1
        self.total += 1
        return wait
