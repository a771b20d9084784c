"""The leash of what tests start: a process on it ends when the one that started it does, in whatever way.

It is the supervisor's own (`candlewick.process.leash`), with one pipe for all: its writing end is this process's
alone and never written to, so the kernel closes it when this process is killed, and every process that reads from it
stops.
"""

import multiprocessing
import os
import subprocess
import threading
from typing import Any

from candlewick.process.leash import VARIABLE

_end, _held = os.pipe()


def start(command: list[str], **options: Any) -> "subprocess.Popen[Any]":
    """Start a process of Candlewick, or another that calls `watch_supervisor`, on the leash."""
    environment = options.pop("env", os.environ) | {VARIABLE: "1"}
    return subprocess.Popen(command, stdin=_end, env=environment, **options)


def end_with_parent() -> None:
    """Put this process, a child of `multiprocessing`, on a leash."""
    threading.Thread(target=_wait_for_parent, name="parent-watch", daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
