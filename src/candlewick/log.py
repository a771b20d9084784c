"""Logs as events with fields: one line each on standard error, JSON where nobody watches."""

import logging
import os
import sys

import structlog


def configure(process: str, *, level: str | None = None) -> None:
    """Set up structlog for this process; `CANDLEWICK_LOG_LEVEL` (default `info`) is the floor."""
    floor = logging.getLevelNamesMapping()[(level or os.environ.get("CANDLEWICK_LOG_LEVEL", "info")).upper()]
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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
