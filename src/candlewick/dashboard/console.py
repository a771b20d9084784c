"""SQL for whoever sits at the dashboard: one SELECT at a time, for so long and so many rows, and nothing but reading.

That it can only read is not decided here: the engine below it has no way to do more.
"""

import threading
import time
from dataclasses import dataclass

import pyarrow as pa
import structlog

from candlewick.errors import ConfigError, QueryRefusedError, WarehouseError
from candlewick.warehouse.contract import Engine
from candlewick.warehouse.rows import WHOLE, Limits

log = structlog.get_logger(__name__)

AT_ONCE = 2
STATEMENT_BYTES = 20_000
"""A statement that a person wrote is shorter; parsing one of megabytes takes seconds."""


@dataclass(frozen=True)
class Answer:
    """What a statement gave: at most so many rows, and whether there were more."""

    table: pa.Table
    is_cut: bool
    seconds: float


class Console:
    """Runs statements for all visitors, a few at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def prepare(self) -> None:
        """Say in the log, before anybody asks, where no statement may be run."""
        try:
            self._engine.prepare()
        except (WarehouseError, ConfigError) as error:
            log.error("the Data page runs no statements", problem=str(error))

    def run(self, statement: str, limits: Limits = WHOLE, visitor: str = "") -> Answer:
        """Run one SELECT of a visitor and return its first rows. Raises `QueryRefusedError`, and `WarehouseError`."""
        _check_size(statement)
        self._engine.check(statement)
        if not self._places.acquire(timeout=self._engine.seconds):
            raise QueryRefusedError("others are asking already; try again in a moment")
        try:
            started = time.monotonic()
            table, is_cut = self._engine.first_rows(statement, limits, visitor)
            return Answer(table, is_cut, time.monotonic() - started)
        finally:
            self._places.release()

    def close(self) -> None:
        """Run no more."""
        self._engine.close()


def _check_size(statement: str) -> None:
    size = len(statement.encode(errors="replace"))
    if size > STATEMENT_BYTES:
        raise QueryRefusedError(f"expected a statement of at most {STATEMENT_BYTES:,} bytes, got {size:,}")
    if not statement.isascii() and any("\ud800" <= letter <= "\udfff" for letter in statement):
        raise QueryRefusedError("expected a statement of Unicode text, got half a character")
