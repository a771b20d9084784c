"""Candlewick's processes for runs in which they are killed, each of which runs what its command runs."""

import os
import threading
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from candlewick import recorder
from candlewick.config import Settings
from candlewick.fake_binance.server import server
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.process import crashpoint, log
from candlewick.warehouse.duckdb import owner
from made import forked

_ASKING = threading.Lock()


def record(settings: Settings) -> None:
    """`candlewick record`."""
    recorder.run(settings)


def own(settings: Settings) -> None:
    """`candlewick warehouse`."""
    owner.run(settings)


def own_once(settings: Settings) -> None:
    """`candlewick warehouse --once`."""
    owner.run(settings, once=True)


def rebuild(settings: Settings) -> None:
    """`candlewick rebuild`."""
    owner.rebuild(settings, lambda done, total: None)


def serve(options: ExchangeOptions) -> None:
    """`candlewick exchange`."""
    server.run(options)


def start(command: Callable[[Any], None], options: object, log_path: Path, crash_at: str = "") -> BaseProcess:
    """Start a command whose output goes to a file; `crash_at` is a step at which it kills itself."""
    with _ASKING:
        process = forked.process(_run, command, options, log_path, crash_at, name=command.__name__)
        process.start()
    return process


def has_ended(process: BaseProcess, seconds: float | None = None) -> bool:
    """Whether a process has ended, or does within so many seconds (None: however long it takes).

    A process that starts asks after all others, and of two threads that ask after one only the first is told its exit
    code, the other 255. So nobody asks in any other way, and one thread at a time.
    """
    wait([process.sentinel], seconds)
    with _ASKING:
        return process.exitcode is not None


def _run(command: Callable[[Any], None], options: object, log_path: Path, crash_at: str) -> None:
    descriptor = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    log.configure(command.__name__)
    crashpoint.arm(crash_at)
    command(options)
