"""A chore: a command of ours that runs now and then beside a process, in one of its own, and ends with it.

Between two runs it costs nothing, neither memory nor processor: that is why it is no process that waits.
"""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from candlewick.process.leash import VARIABLE

FIRST_AFTER, EVERY = 60.0, 3_600.0
"""Seconds."""
_GRACE_SECONDS = 10.0
_NICENESS = 10
"""Whoever waits for a trade or a chart comes first."""
_LARGEST_LOG = 1_000_000

log = structlog.get_logger()


@contextmanager
def chore(
    arguments: tuple[str, ...],
    log_file: Path,
    *,
    first_after: float = FIRST_AFTER,
    every: float = EVERY,
    once: bool = False,
) -> Iterator[None]:
    """Run `candlewick <arguments>` every so many seconds while the block runs, its output appended to a log.

    With `once`, only until it has succeeded.
    """
    over = threading.Event()
    thread = threading.Thread(target=_repeat, args=(arguments, log_file, over, first_after, every, once), name="chore")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _repeat(
    arguments: tuple[str, ...], log_file: Path, over: threading.Event, first_after: float, every: float, once: bool
) -> None:
    wait = first_after
    while not over.wait(wait):
        wait = every
        try:
            if _run(arguments, log_file, over) == 0 and once:
                return
        except OSError as error:  # no room for its log, no process left: try again next time
            log.warning("chore not started", command=" ".join(arguments), problem=str(error))


def _run(arguments: tuple[str, ...], log_file: Path, over: threading.Event) -> int | None:
    """Run it once; return its exit code."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    if log_file.exists() and log_file.stat().st_size > _LARGEST_LOG:
        log_file.replace(log_file.with_suffix(".log.1"))
    with (
        log_file.open("ab") as output,
        subprocess.Popen(
            [sys.executable, "-m", "candlewick", *arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=os.environ | {VARIABLE: "1"},
        ) as process,
    ):
        with contextlib.suppress(OSError):  # it may be over already
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
        while process.poll() is None and not over.wait(0.5):
            pass
        process.terminate()
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.returncode
