"""What others read the mart by: `mart.duckdb`, a database of nothing but views, and `views.sql`, the same as SQL.

Superseded files lie beside live ones for a while, so whoever globs the mart's Parquet counts trades twice. The views
name the files of one version, as `CURRENT` does, all of them: so both are made now and then. They are a snapshot: open
them anew for each look.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import structlog

from candlewick.mart.quoting import quoted
from candlewick.mart.sealed import parquet_in, query
from candlewick.mart.version import Version
from candlewick.process.files import replace_atomically

SQL = "views.sql"
DATABASE = "mart.duckdb"
EVERY_SECONDS = 10.0
"""Less than files are kept for that no version names any more."""
STORAGE_VERSION = "v1.2.0"
"""What DuckDB's command line and other tools of 2025 on can open."""

log = structlog.get_logger()


class Views:
    """The two files beside `CURRENT` in a mart's folder."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._next_at = 0.0
        self._waiting: Version | None = None

    def write(self, version: Version) -> None:
        """Name the files of a version, where this was not done just now; else `refresh` does it.

        Never raises OSError or duckdb.Error: they are made for others, and the mart is whole without them.
        """
        self._waiting = version
        self.refresh()

    def refresh(self) -> None:
        """Make both where they are behind and were not made just now."""
        if self._waiting is None or self._clock() < self._next_at:
            return
        statements = views(self._path, self._waiting)
        try:
            self._make_database(statements)
            replace_atomically(self._path / SQL, "\n".join([*statements, ""]).encode(), durable=False)
            self._waiting = None
        except (OSError, duckdb.Error) as error:
            log.warning("views not written", problem=str(error).partition("\n")[0])
        self._next_at = self._clock() + EVERY_SECONDS

    def _make_database(self, statements: list[str]) -> None:
        draft = self._path / f".{DATABASE}.{os.getpid()}.tmp"
        draft.unlink(missing_ok=True)
        with duckdb.connect(config={"threads": 1}) as connection:
            connection.execute(f"attach {quoted(draft)} as made (storage_version '{STORAGE_VERSION}')")
            connection.execute("use made")
            connection.execute("".join(statements))
            connection.execute("use memory; detach made")
        draft.replace(self._path / DATABASE)


def views(path: Path, version: Version) -> list[str]:
    """Return the statements that make a version's tables, one each."""
    schemas = sorted({name.partition(".")[0] for name in version.tables})
    statements = [f"create schema if not exists {schema};" for schema in schemas]
    for name, table in version.tables.items():
        statements.append(f"create or replace view {name} as {query(name, table, parquet_in(path))};")
    return statements
