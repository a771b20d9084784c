"""The engine of SQL for visitors over the mart: a DuckDB that can read one version's tables and nothing else.

It has no files at all: the tables are handed to it as Arrow datasets, and access to anything outside, be it a file, a
socket or an extension, is switched off for good before the first statement. A list of allowed folders would not do: it
allows writing, and since DuckDB 2.0 a SELECT may hold a `COPY … TO`.
"""

import threading
from collections.abc import Callable
from itertools import chain

import duckdb
import pyarrow as pa

from candlewick.errors import QueryRefusedError
from candlewick.mart.reader import Mart
from candlewick.warehouse.rows import first_line, first_of

MEMORY = "512MB"
SECONDS = 10.0

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


class Sandbox:
    """Runs statements over the newest version of a mart. Satisfies `contract.Engine`."""

    def __init__(self, mart: Mart, *, seconds: float = SECONDS) -> None:
        self._mart = mart
        self.seconds = seconds

    def check(self, statement: str) -> None:
        """Raise `QueryRefusedError` where it is not one SELECT."""
        try:
            statements = duckdb.extract_statements(statement)
        except duckdb.Error as error:
            raise QueryRefusedError(first_line(error)) from None
        if len(statements) != 1:
            raise QueryRefusedError(f"expected one statement, got {len(statements)}")
        if statements[0].type is not duckdb.StatementType.SELECT:
            raise QueryRefusedError(
                f"expected a SELECT, got {statements[0].type.name}: the warehouse is read only here"
            )

    def first_rows(self, statement: str, rows: int) -> tuple[pa.Table, bool]:
        """Run a statement. Raises `QueryRefusedError`, and `MartNotReadyError`."""
        with self._open() as connection, _stopping(connection.interrupt, self.seconds):
            try:
                reader = connection.sql(statement).to_arrow_reader(_BATCH)
                batches = (pa.Table.from_batches([batch]) for batch in reader)
                return first_of(chain([reader.schema.empty_table()], batches), rows)
            except duckdb.InterruptException:
                raise QueryRefusedError(f"stopped after {self.seconds:g} s; ask for less") from None
            except duckdb.OutOfMemoryException:
                raise QueryRefusedError(f"stopped: it needs more than {MEMORY} of memory; ask for less") from None
            except (duckdb.Error, pa.ArrowException, OSError, AttributeError) as error:
                raise QueryRefusedError(first_line(error)) from None

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
