"""SQL over one version of the mart for whoever sits at the dashboard: it can read the tables and nothing else.

The engine has no files at all: the tables are handed to it as Arrow datasets, and access to anything outside, be it a
file, a socket or an extension, is switched off for good before the first statement. A list of allowed folders would not
do: it allows writing, and since DuckDB 2.0 a SELECT may hold a `COPY … TO`.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from candlewick.errors import CandlewickError
from candlewick.mart import Mart

SECONDS = 10.0
ROWS = 1_000_000
BYTES = 256 * 2**20
MEMORY = "512MB"
AT_ONCE = 2

_BATCH = 10_000
_SETTINGS = (
    f"set memory_limit = '{MEMORY}'",
    "set threads = 1",
    "set temp_directory = ''",
    "set TimeZone = 'UTC'",
    "set python_enable_replacements = false",
    "set autoinstall_known_extensions = false",
    "set autoload_known_extensions = false",
    "set enable_external_access = false",
    "set lock_configuration = true",
)


class QueryRefusedError(CandlewickError):
    """A statement was not run, or not to its end; its text is one line for the reader."""


@dataclass(frozen=True)
class Answer:
    """What a statement gave: at most so many rows, and whether there were more."""

    table: pa.Table
    is_cut: bool
    seconds: float


class Console:
    """Runs statements for all visitors, a few at a time."""

    def __init__(self, mart: Mart, *, seconds: float = SECONDS) -> None:
        self._mart = mart
        self._seconds = seconds
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def run(self, statement: str, rows: int = ROWS) -> Answer:
        """Run one SELECT and return its first rows. Raises `QueryRefusedError`, and `MartNotReadyError`."""
        _check(statement)
        if not self._places.acquire(timeout=self._seconds):
            raise QueryRefusedError("others are asking already; try again in a moment")
        try:
            return self._run(statement, min(rows, ROWS))
        finally:
            self._places.release()

    def _run(self, statement: str, rows: int) -> Answer:
        started = time.monotonic()
        with self._open() as connection, _stopping(connection.interrupt, self._seconds):
            try:
                table, is_cut = _first_rows(connection.sql(statement).to_arrow_reader(_BATCH), rows)
            except duckdb.InterruptException:
                raise QueryRefusedError(f"stopped after {self._seconds:g} s; ask for less") from None
            except duckdb.OutOfMemoryException:
                raise QueryRefusedError(f"stopped: it needs more than {MEMORY} of memory; ask for less") from None
            except (duckdb.Error, pa.ArrowException, OSError, AttributeError) as error:
                raise QueryRefusedError(_first_line(error)) from None
        return Answer(table, is_cut, time.monotonic() - started)

    def _open(self) -> duckdb.DuckDBPyConnection:
        """A database in memory that has the tables of the newest version, and no way out."""
        from pyarrow import dataset  # noqa: PLC0415 - pandas comes with it, a second that no chart should wait for

        connection = duckdb.connect()
        connection.execute("create schema silver; create schema gold")
        for name, table in self._mart.current().tables.items():
            files = [str(self._mart.path / file.name) for file in table.files]
            handle = name.replace(".", "__")
            connection.register(handle, dataset.dataset(files, format="parquet"))
            connection.execute(f"create view {name} as select * from {handle}")
        for setting in _SETTINGS:
            connection.execute(setting)
        return connection


class _stopping:  # noqa: N801 - reads as what it does
    """Call `stop` where the block takes longer than so many seconds."""

    def __init__(self, stop: Callable[[], None], seconds: float) -> None:
        self._timer = threading.Timer(seconds, stop)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def _check(statement: str) -> None:
    """Raise where it is not one SELECT. The engine could do no harm with another; the refusal is plainer like this."""
    try:
        statements = duckdb.extract_statements(statement)
    except duckdb.Error as error:
        raise QueryRefusedError(_first_line(error)) from None
    if len(statements) != 1:
        raise QueryRefusedError(f"expected one statement, got {len(statements)}")
    if statements[0].type is not duckdb.StatementType.SELECT:
        raise QueryRefusedError(f"expected a SELECT, got {statements[0].type.name}: the warehouse is read only here")


def _first_rows(reader: pa.RecordBatchReader, rows: int) -> tuple[pa.Table, bool]:
    batches: list[pa.RecordBatch] = []
    count = size = 0
    for batch in reader:
        batches.append(batch)
        count, size = count + batch.num_rows, size + batch.nbytes
        if count > rows or size > BYTES:
            break
    table = pa.Table.from_batches(batches, reader.schema)
    return table.slice(0, rows), count > rows or size > BYTES


def _first_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
