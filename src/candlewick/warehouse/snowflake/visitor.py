"""The engine of SQL for visitors over Snowflake: a session that has the reader's role and no other.

That role may SELECT from SILVER and GOLD. Its user has no other, which is checked when the session begins: a statement
could take another role otherwise. Secondary roles, which would lend a session all that its user may do, are put out.
Time and rows are limited by the session's parameters, which a SELECT cannot change.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pyarrow as pa

from candlewick.config import Settings
from candlewick.errors import QueryRefusedError, WarehouseError, WarehouseLoginError, WarehousePermissionError
from candlewick.warehouse.rows import WHOLE, Limits, cut, first_line, first_of
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.guard import guarded
from candlewick.warehouse.snowflake.session import Session

SECONDS = 30.0
"""A warehouse that sleeps needs some of them to wake."""
_EVERYBODY = "PUBLIC"
"""A role that every user of an account has."""
_ROLES = "SELECT CURRENT_AVAILABLE_ROLES()"


class Visitor:
    """Runs statements as the reader, one after the other. Satisfies `contract.Engine`."""

    def __init__(self, settings: Settings, *, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        snowflake = settings.snowflake
        self._role = snowflake.reader_role
        self._approved: Connection | None = None
        self._session = Session(
            snowflake.model_copy(update={"connection": snowflake.visitors or snowflake.connection}),
            self._role,
            warehouse=snowflake.warehouse,
            begins_with=(
                "USE SECONDARY ROLES NONE",
                f"ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = {round(seconds)}"
                f" STATEMENT_QUEUED_TIMEOUT_IN_SECONDS = {round(seconds)} ROWS_PER_RESULTSET = {WHOLE.rows + 1}",
            ),
        )

    def check(self, statement: str) -> None:
        """Raise `QueryRefusedError` where it is not one SELECT."""
        guarded(statement)

    def first_rows(self, statement: str, limits: Limits = WHOLE) -> tuple[pa.Table, bool]:
        """Run a statement. Raises `QueryRefusedError` where the statement is at fault, else `WarehouseError`."""
        plain = guarded(statement)

        def read(connection: Connection) -> tuple[pa.Table, bool]:
            self._approve(connection)
            return first_of(connection.batches(plain, seconds=self.seconds), limits)

        with _refused(self.seconds):
            table, is_cut = self._session(read)
        return cut(table, limits.cell), is_cut

    def _approve(self, connection: Connection) -> None:
        """Raise `WarehouseLoginError` where the session's user could take another role than the reader's."""
        if connection is self._approved:
            return
        available = set(msgspec.json.decode(connection.run(_ROLES)[0][0], type=list[str]))
        if more := sorted(available - {self._role, _EVERYBODY}):
            raise WarehouseLoginError(
                f"{connection.login.where}: expected a user whose only role is {self._role}, got one who has "
                f"{', '.join(more)}, too; make one for the Data page and name its connection in snowflake.visitors"
            )
        self._approved = connection

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
