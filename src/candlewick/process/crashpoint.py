"""Named steps at which a test ends this process at once: what a kill or a power cut at that very instant leaves.

`CANDLEWICK_CRASHPOINT="after put:3"` makes the process send itself SIGKILL at its third pass of that step: no handler
runs, nothing is flushed. Without it, as always but under `benchmarks/crash_matrix.py`, a step is one comparison.
"""

import os
import signal

VARIABLE = "CANDLEWICK_CRASHPOINT"

_step = ""
_passes_left = 0


def arm(text: str) -> None:
    """Crash at a step's n-th pass, given as `step:n`; n is 1 where it is left out, no text disarms.

    Raises `ValueError` for an n that is no number, and then nothing has changed.
    """
    global _step, _passes_left
    step, _, passes = text.partition(":")
    _step, _passes_left = step, int(passes or 1)


def is_armed() -> bool:
    """Whether this process is to crash."""
    return bool(_step)


def crashpoint(step: str) -> None:
    """Pass a step; die here where that was asked for."""
    global _passes_left  # noqa: PLW0603
    if step != _step:
        return
    _passes_left -= 1
    if not _passes_left:
        os.kill(os.getpid(), signal.SIGKILL)


arm(os.environ.get(VARIABLE, ""))
