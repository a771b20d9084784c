"""SQL for whoever sits at the dashboard: one SELECT at a time, for so long and so many rows, and nothing but reading.

That it can only read is not decided here: the engine below it has no way to do more.
"""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from candlewick.errors import CandlewickError

SECONDS = 10.0
ROWS = 1_000_000
BYTES = 256 * 2**20
AT_ONCE = 2


class QueryRefusedError(CandlewickError):
    """A statement was not run, or not to its end; its text is one line for the reader."""


@dataclass(frozen=True)
class Answer:
    """What a statement gave: at most so many rows, and whether there were more."""

    table: pa.Table
    is_cut: bool
    seconds: float


class Engine(Protocol):
    """What runs statements, and cannot write."""

    seconds: float
    """How long a statement may take."""

    def check(self, statement: str) -> None:
        """Raise `QueryRefusedError` where it is not one SELECT: a refusal that is plainer than the engine's own."""

    def first_rows(self, statement: str, rows: int) -> tuple[pa.Table, bool]:
        """Run a statement; its first rows, and whether there are more. Raises `QueryRefusedError`, `WarehouseError`."""


class Console:
    """Runs statements for all visitors, a few at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def run(self, statement: str, rows: int = ROWS) -> Answer:
        """Run one SELECT and return its first rows. Raises `QueryRefusedError`, and `WarehouseError`."""
        self._engine.check(statement)
        if not self._places.acquire(timeout=self._engine.seconds):
            raise QueryRefusedError("others are asking already; try again in a moment")
        try:
            started = time.monotonic()
            table, is_cut = self._engine.first_rows(statement, min(rows, ROWS))
            return Answer(table, is_cut, time.monotonic() - started)
        finally:
            self._places.release()


def first_of(batches: Iterable[pa.Table], rows: int) -> tuple[pa.Table, bool]:
    """Return the first rows of what comes batch by batch, one at least, and whether there are more.

    No more is fetched than is needed to know.
    """
    parts: list[pa.Table] = []
    count = size = 0
    for batch in batches:
        parts.append(batch)
        count, size = count + batch.num_rows, size + batch.nbytes
        if count > rows or size > BYTES:
            break
    return pa.concat_tables(parts, promote_options="permissive").slice(0, rows), count > rows or size > BYTES


def first_line(error: Exception) -> str:
    """Return what an error says first."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
