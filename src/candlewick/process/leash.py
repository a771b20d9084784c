"""The child's side of the supervisor: a process that outlives its supervisor ends itself.

The supervisor holds the writing end of each child's standard input and never writes. When it dies, in any
way, the kernel closes that end, and the child stops as it would on SIGTERM: nothing is left running.
"""

import os
import signal
import sys
import threading

VARIABLE = "CANDLEWICK_SUPERVISED"
"""Makes a child end when the writing end of its standard input is gone, in whatever way its parent ended."""


def watch_supervisor() -> None:
    """Start watching, in a daemon thread, where this process is a supervisor's child."""
    if os.environ.pop(VARIABLE, None):
        threading.Thread(target=_stop_at_end_of_input, name="supervisor-watch", daemon=True).start()


def _stop_at_end_of_input() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
