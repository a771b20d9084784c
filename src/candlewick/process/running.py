"""What a process of the warehouse does, whichever it owns: it beats every second, and stops when it is asked to."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from candlewick.process.heartbeat import Heartbeat

_EVERY_SECONDS = 1.0


@contextmanager
def stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Set `stop` on SIGINT and SIGTERM: a cycle is ended, not cut."""
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def beating(run_path: Path, numbers: Callable[[], dict[str, Any]]) -> Iterator[None]:
    """Beat with these numbers from a thread of its own, since a cycle can be longer than a second."""
    heartbeat, over = Heartbeat(run_path, "warehouse"), threading.Event()

    def beat() -> None:
        while True:
            heartbeat.beat(**numbers())
            if over.wait(_EVERY_SECONDS):
                return

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        heartbeat.stop()
