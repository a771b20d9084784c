"""One login that a process's threads share: opened when first needed, and again where Snowflake has ended it."""

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from candlewick.config import SnowflakeSettings
from candlewick.errors import WarehouseAccountError, WarehouseLoginError
from candlewick.warehouse.snowflake.connection import Connection

T = TypeVar("T")


class Session:
    """Runs reads one at a time on a connection of a role, on which `begins_with` was run first.

    A session that idles costs nothing: it holds no warehouse.
    """

    def __init__(
        self, settings: SnowflakeSettings, role: str, *, warehouse: str | None = None, begins_with: Sequence[str] = ()
    ) -> None:
        self._settings, self._role, self._warehouse = settings, role, warehouse
        self._begins_with = [_running(statement) for statement in begins_with]
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def __call__(self, read: Callable[[Connection], T]) -> T:
        """Run a read, which must be safe to repeat: it is, once, where an older session turns out to be over.

        Raises as `Connection.open`, and what `read` raises.
        """
        with self._lock:
            was_open = self._connection is not None
            try:
                return self._read(read)
            except (WarehouseAccountError, WarehouseLoginError):
                if not was_open:
                    raise
            return self._read(read)

    def _read(self, read: Callable[[Connection], T]) -> T:
        if self._connection is None:
            self._connection = self._open()
        try:
            return read(self._connection)
        except (WarehouseAccountError, WarehouseLoginError):
            self._connection = None  # what it says may be told of a session that is over; the next read logs in anew
            raise

    def _open(self) -> Connection:
        connection = Connection.open(self._settings, self._role, warehouse=self._warehouse)
        for begin in self._begins_with:
            begin(connection)
        return connection

    def begin_with(self, begin: Callable[[Connection], object]) -> None:
        """Do something on the connection, and again on every later one before anything else. Raises as `__call__`."""
        self._begins_with.append(begin)
        with self._lock:
            if self._connection is not None:
                begin(self._connection)

    def close(self) -> None:
        """End the session where there is one."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None


def _running(statement: str) -> Callable[[Connection], object]:
    return lambda connection: connection.run(statement)
