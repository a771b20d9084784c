"""The engine of SQL for visitors over Snowflake: a session that has the reader's role and no other.

That role may SELECT from SILVER and GOLD; secondary roles, which would lend a session all that its user may do, are put
out before the first statement. Time and rows are limited by the session's parameters, which a SELECT cannot change.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from candlewick.config import Settings
from candlewick.errors import QueryRefusedError, WarehouseError, WarehousePermissionError
from candlewick.warehouse.rows import ROWS, first_line, first_of
from candlewick.warehouse.snowflake.connection import statements_in
from candlewick.warehouse.snowflake.session import Session

SECONDS = 30.0
"""A warehouse that sleeps needs some of them to wake."""
_READS = ("select", "with", "(")
_MORE = re.compile(r"->>|\bas\s+procedure\b", re.IGNORECASE)
"""By these a statement that begins as a SELECT may hold others."""


class Visitor:
    """Runs statements as the reader, one after the other. Satisfies `contract.Engine`."""

    def __init__(self, settings: Settings, *, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        snowflake = settings.snowflake
        self._session = Session(
            snowflake,
            snowflake.reader_role,
            warehouse=snowflake.warehouse,
            begins_with=(
                "USE SECONDARY ROLES NONE",
                f"ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = {round(seconds)}"
                f" STATEMENT_QUEUED_TIMEOUT_IN_SECONDS = {round(seconds)} ROWS_PER_RESULTSET = {ROWS + 1}",
            ),
        )

    def check(self, statement: str) -> None:
        """Raise `QueryRefusedError` where it is not one SELECT."""
        statements = statements_in(statement)
        if len(statements) != 1:
            raise QueryRefusedError(f"expected one statement, got {len(statements)}")
        if _MORE.search(statements[0]):
            raise QueryRefusedError("expected a SELECT and nothing in it that runs others (`->>`, procedures)")
        if not statements[0].lower().startswith(_READS):
            word = statements[0].split(maxsplit=1)[0].upper()
            raise QueryRefusedError(f"expected a SELECT, got {word[:40]}: the warehouse is read only here")

    def first_rows(self, statement: str, rows: int) -> tuple[pa.Table, bool]:
        """Run a statement. Raises `QueryRefusedError` where the statement is at fault, else `WarehouseError`."""
        with _refused(self.seconds):
            return self._session(lambda connection: first_of(connection.batches(statement, seconds=self.seconds), rows))

    def close(self) -> None:
        """End the session."""
        self._session.close()


@contextmanager
def _refused(seconds: float) -> Iterator[None]:
    """Tell what Snowflake says of a statement as a refusal, and leave what it says of a login as it is."""
    try:
        yield
    except WarehousePermissionError as error:
        raise QueryRefusedError(first_line(error)) from None
    except WarehouseError as error:
        if type(error) is not WarehouseError:
            raise
        is_late = any(word in str(error) for word in ("timeout", "canceled"))
        text = f"stopped after {seconds:g} s; ask for less" if is_late else first_line(error)
        raise QueryRefusedError(text) from None
