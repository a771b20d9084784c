"""The engine of SQL for visitors over Snowflake: a session for each, which has the reader's role and no other.

That role may SELECT from SILVER and GOLD. Its user has no other, which is checked when the session begins: a statement
could take another role otherwise. Secondary roles, which would lend a session all that its user may do, are put out.
Time and rows are limited by the session's parameters, which a SELECT cannot change. Nobody finds in their session what
another visitor asked, and each statement has the visitor's name in its tag, so that the account's history tells who
spent what.
"""

import re
import threading
from collections import OrderedDict
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
MOST_SESSIONS = 16
"""One that idles costs nothing, and is over after four hours."""
_EVERYBODY = "PUBLIC"
"""A role that every user of an account has."""
_ROLES = "SELECT CURRENT_AVAILABLE_ROLES()"


class Visitor:
    """Runs statements as the reader, those of one visitor one after the other. Satisfies `contract.Engine`."""

    def __init__(self, settings: Settings, *, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        snowflake = settings.snowflake
        self._role, self._warehouse = snowflake.reader_role, snowflake.reader_warehouse
        self._settings = snowflake.model_copy(update={"connection": snowflake.visitors or snowflake.connection})
        self._lock = threading.Lock()
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._approved: dict[str, Connection] = {}

    def check(self, statement: str) -> None:
        """Raise `QueryRefusedError` where it is not one SELECT."""
        guarded(statement)

    def prepare(self) -> None:
        """Log in, and see that the user is fit for visitors; it wakes no warehouse. Raises `WarehouseError`."""
        self._session_of("")(lambda connection: self._approve(connection, ""))

    def first_rows(self, statement: str, limits: Limits = WHOLE, visitor: str = "") -> tuple[pa.Table, bool]:
        """Run a statement. Raises `QueryRefusedError` where the statement is at fault, else `WarehouseError`."""
        plain = guarded(statement)

        def read(connection: Connection) -> tuple[pa.Table, bool]:
            self._approve(connection, visitor)
            return first_of(connection.batches(plain, seconds=self.seconds), limits)

        with _refused(self.seconds):
            table, is_cut = self._session_of(visitor)(read)
        return cut(table, limits.cell), is_cut

    def _session_of(self, visitor: str) -> Session:
        """A visitor's own session; that of whoever asked longest ago ends, where there would be too many."""
        with self._lock:
            session = self._sessions.pop(visitor, None) or self._new_session(visitor)
            self._sessions[visitor] = session
            oldest = self._sessions.popitem(last=False) if len(self._sessions) > MOST_SESSIONS else None
        if oldest is not None:
            self._approved.pop(oldest[0], None)
            oldest[1].close()
        return session

    def _new_session(self, visitor: str) -> Session:
        seconds = round(self.seconds)
        return Session(
            self._settings,
            self._role,
            warehouse=self._warehouse,
            begins_with=(
                "USE SECONDARY ROLES NONE",
                f"ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = {seconds}"
                f" STATEMENT_QUEUED_TIMEOUT_IN_SECONDS = {seconds} ROWS_PER_RESULTSET = {WHOLE.rows + 1}"
                f" SEARCH_PATH = '$current, $public' QUERY_TAG = '{_tag(visitor)}'",
            ),
        )

    def _approve(self, connection: Connection, visitor: str) -> None:
        """Raise `WarehouseLoginError` where the session's user could take another role than the reader's."""
        if connection is self._approved.get(visitor):
            return
        available = set(msgspec.json.decode(connection.run(_ROLES)[0][0], type=list[str]))
        if more := sorted(available - {self._role, _EVERYBODY}):
            raise WarehouseLoginError(
                f"{connection.login.where}: expected a user whose only role is {self._role}, got one who has "
                f"{', '.join(more)}, too; make one for the Data page and name its connection in snowflake.visitors"
            )
        self._approved[visitor] = connection

    def close(self) -> None:
        """End the sessions."""
        with self._lock:
            sessions, self._sessions = self._sessions, OrderedDict()
        for session in sessions.values():
            session.close()


def _tag(visitor: str) -> str:
    """What the account's history calls a visitor's statements: plain letters, so that it needs no quoting."""
    return f"candlewick sql {re.sub(r'[^A-Za-z0-9@._-]', '_', visitor)[:80]}".rstrip()


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
