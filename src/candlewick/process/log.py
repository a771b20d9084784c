"""Logs as events with fields: one line each on standard error, JSON where nobody watches."""

import logging
import os
import sys
from typing import TextIO, cast

import structlog

from candlewick.errors import ConfigError

VARIABLE = "CANDLEWICK_LOG_LEVEL"
LEVELS = ("debug", "info", "warning", "error", "critical")


class Spillway:
    """Standard error, but a line that cannot be written (a full disk, a closed pipe) is dropped and counted.

    What a process does matters more than what it says of it: a log must never end a recorder.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.dropped = 0

    def write(self, text: str) -> int:
        """Write, or count the text as dropped."""
        try:
            return self._stream.write(text)
        except OSError:
            self.dropped += 1
            return len(text)

    def flush(self) -> None:
        """Flush, or count what was waiting as dropped."""
        try:
            self._stream.flush()
        except OSError:
            self.dropped += 1


def configure(process: str, *, level: str | None = None) -> None:
    """Set up structlog for this process; `CANDLEWICK_LOG_LEVEL` (default `info`) is the floor.

    Raises `ConfigError` for a level that does not exist.
    """
    wanted = (level or os.environ.get(VARIABLE) or "info").lower()
    if wanted not in LEVELS:
        raise ConfigError(f"{VARIABLE}: expected one of {', '.join(LEVELS)}, got {wanted!r}")
    floor = logging.getLevelNamesMapping()[wanted.upper()]
    watched = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if watched else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(floor),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", Spillway(sys.stderr))),
    )
    structlog.contextvars.bind_contextvars(process=process)
