"""What runs inside the sandbox: one SELECT in a process of its own, over tables that it is handed, and nothing else.

`sandbox_mother.py` forks that process, and ends it in time. Three fences stand around a statement, each without the
others' help:

- DuckDB has no files: the tables are Arrow datasets, and access to anything outside, be it a file, a socket or an
  extension, is switched off for good before the statement is parsed. A list of allowed folders would not do: it allows
  writing, and since DuckDB 2.0 a SELECT may hold a `COPY … TO`.
- The process can write no file, gets no environment, and may take so much address space and CPU time: DuckDB's own
  limits bind neither its planner nor all of its functions.
- An alarm of the kernel's ends it after the deadline, even where nobody is left to do so and whatever it is busy with.
"""

import os
import resource
import signal
import sys
from collections.abc import Iterator, Sequence
from itertools import chain, count
from math import ceil
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa
from pyarrow import dataset

from candlewick.errors import QueryRefusedError
from candlewick.mart.sealed import query
from candlewick.mart.version import Table
from candlewick.warehouse.rows import COLUMNS, Limits, first_line, first_of

MEMORY = "512MB"
HEADROOM = 1024 * 2**20
"""Bytes of address space on top of what the idle process has: DuckDB's memory, Arrow's, and the answer's."""
LATE_SECONDS = 1
"""After so many seconds more than the statement was given, the process ends itself."""
NICENESS = 10
TOO_LARGE = f"stopped: it needs more than {MEMORY} of memory, or is nested too deeply; ask for less"

_BATCH = 10_000
_SETTINGS = (
    f"set memory_limit = '{MEMORY}'",
    "set temp_directory = ''",
    "set TimeZone = 'UTC'",
    "set python_enable_replacements = false",
    "set autoinstall_known_extensions = false",
    "set autoload_known_extensions = false",
    "set enable_external_access = false",
    "set lock_configuration = true",
)
_SHORT = (
    {"boolean", "float", "double", "decimal", "interval", "uuid", "null"}
    | {sign + size for sign in ("", "u") for size in ("tinyint", "smallint", "integer", "bigint", "hugeint")}
    | {"date", "time", "time with time zone", "timestamp", "timestamp with time zone"}
    | {"timestamp_s", "timestamp_ms", "timestamp_ns"}
)
"""Types whose values are short by nature."""


class Question(msgspec.Struct):
    """A statement, what it may give and take, and the mart's tables that it may read, in a folder."""

    statement: str
    limits: Limits
    seconds: float
    folder: str
    tables: dict[str, Table]


def warm_up() -> None:
    """Load all that a statement needs, some of which is loaded late. It leaves no thread behind: forks follow."""
    pa.set_cpu_count(1)
    with _open("", {}) as connection:
        connection.sql("select 1").to_arrow_table()


def answer(question: Question) -> tuple[bool | None, bytes | memoryview]:
    """Run a statement in this process, which is good for nothing else any more.

    Return whether the answer was cut, and the answer; or None, and why there is none.
    """
    _fence(question.seconds)
    try:
        table, is_cut = _rows(question)
        return is_cut, _written(table)
    except QueryRefusedError as error:
        return None, str(error).encode()
    except (duckdb.OutOfMemoryException, MemoryError, pa.ArrowMemoryError):
        return None, f"stopped: it needs more than {MEMORY} of memory; ask for less".encode()
    except (duckdb.Error, pa.ArrowException, OSError, AttributeError) as error:
        return None, first_line(error).encode(errors="replace")


def _fence(seconds: float) -> None:
    """Take from this process what no statement needs. It cannot be taken back."""
    os.nice(NICENESS)
    signal.setitimer(signal.ITIMER_REAL, seconds + LATE_SECONDS)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu = ceil(usage.ru_utime + usage.ru_stime + seconds) + LATE_SECONDS
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CPU: cpu}
    if sys.platform == "linux":
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")  # who goes first where memory is short
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limits[resource.RLIMIT_AS] = pages * resource.getpagesize() + HEADROOM
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, most))


def _rows(question: Question) -> tuple[pa.Table, bool]:
    """Run the statement."""
    limits = question.limits
    with _open(question.folder, question.tables) as connection:
        _check(connection, question.statement)
        relation = _cut(connection.sql(question.statement).limit(limits.rows + 1), limits.cell)
        reader = relation.to_arrow_reader(min(_BATCH, limits.rows + 1))
        batches: Iterator[pa.Table] = (pa.Table.from_batches([batch]) for batch in reader)
        return first_of(chain([reader.schema.empty_table()], batches), limits)


def _check(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    """Raise `QueryRefusedError` where a statement is not one SELECT."""
    try:
        statements = connection.extract_statements(statement)
    except ValueError:  # a kind of statement that DuckDB has, and that its Python package has no name for
        raise QueryRefusedError("expected a SELECT, got another statement: the warehouse is read only here") from None
    if len(statements) != 1:
        raise QueryRefusedError(f"expected one statement, got {len(statements)}")
    if statements[0].type is not duckdb.StatementType.SELECT:
        raise QueryRefusedError(f"expected a SELECT, got {statements[0].type.name}: the warehouse is read only here")


def _cut(relation: duckdb.DuckDBPyRelation, cell: int | None) -> duckdb.DuckDBPyRelation:
    """The relation with every value that may be long as a text of at most `cell` characters."""
    if cell is None:
        return relation
    if len(relation.columns) > COLUMNS:
        raise QueryRefusedError(f"expected at most {COLUMNS} columns, got {len(relation.columns):,}; name those wanted")
    columns = enumerate(zip(relation.columns, relation.types, strict=True), start=1)
    return relation.project(", ".join(_shortened(number, name, kind.id, cell) for number, (name, kind) in columns))


def _shortened(number: int, name: str, kind: str, cell: int) -> str:
    quoted = name.replace('"', '""')
    if kind in _SHORT:
        return f'#{number} as "{quoted}"'
    text = f"#{number}::varchar"
    return f"case when length({text}) > {cell} then left({text}, {cell - 1}) || '…' else {text} end as \"{quoted}\""


def _open(folder: str, tables: dict[str, Table]) -> duckdb.DuckDBPyConnection:
    """A database in memory that has these tables, and no way out."""
    connection = duckdb.connect(config={"threads": "1"})
    connection.execute("create schema silver; create schema gold")
    handles = (f"files_{number}" for number in count())

    def source(names: Sequence[str]) -> str:
        handle = next(handles)
        connection.register(handle, dataset.dataset([str(Path(folder) / name) for name in names], format="parquet"))
        return handle

    for name, table in tables.items():
        connection.execute(f"create view {name} as {query(name, table, source)}")
    for setting in _SETTINGS:
        connection.execute(setting)
    return connection


def _written(table: pa.Table) -> memoryview:
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, table.schema) as stream:
        stream.write_table(table)
    return memoryview(out.getvalue())
