"""A connection to Snowflake: named in connections.toml, made with a role of ours, its errors in one line.

Account, user and key (or password, or token) are in connections.toml, where Snowflake's own tools look for them; the
settings only name the connection. Every connector's way to log in works: key pair, OAuth, password, browser.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self, cast

import duckdb
import pyarrow as pa

from candlewick import __version__
from candlewick.config import SnowflakeSettings
from candlewick.errors import CandlewickError, ConfigError, WarehouseLoginError
from candlewick.moments import naive
from candlewick.warehouse.snowflake.errors import Login, explain

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.connector.cursor import SnowflakeCursor

_LOGIN_SECONDS = 20
_LOCK_SECONDS = 600  # a transaction that is idle and in another's way is ended after five minutes ("Transactions")
_NETWORK_SECONDS = 120  # for one request and its repetitions, not for a statement


class Connection:
    """An open session. Not for several threads at once: each opens its own.

    `tag` is what QUERY_HISTORY shows of the statements of `run`, where it is set.
    """

    def __init__(self, session: "SnowflakeConnection", login: Login) -> None:
        self.login = login
        self.tag: str | None = None
        self._session = session

    @classmethod
    def open(cls, settings: SnowflakeSettings, role: str, *, warehouse: str | None = None) -> Self:
        """Log in with a role, into the settings' database if it is there.

        `warehouse` is used where it is given; without one, statements that need one fail.
        Raises `ConfigError` for a name that connections.toml has not, and a `WarehouseError` of the kind that fits.
        """
        name = settings.connection or _default_name()
        connector = _connector()
        try:
            session = connector.connect(
                connection_name=name,
                **_connections_file(),
                role=role,
                warehouse=warehouse,
                database=settings.database,
                login_timeout=_LOGIN_SECONDS,
                network_timeout=_NETWORK_SECONDS,
                application="Candlewick",
                paramstyle="qmark",  # as DuckDB's, and bound by Snowflake itself
                arrow_number_to_decimal=True,  # without it, the connector makes floats of prices
                session_parameters={
                    "QUERY_TAG": f"candlewick {__version__}",
                    "TIMEZONE": "UTC",
                    "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",  # what `timestamp` means in the models
                    "LOCK_TIMEOUT": _LOCK_SECONDS,
                },
            )
        except connector.errors.Error as error:
            raise _explain(error, name, role) from error
        except (OSError, ValueError, TypeError) as error:  # a key file that is not there, or is no key
            text = " ".join(str(error).split())
            raise WarehouseLoginError(f"{_login(name, role).where}: {text}") from error
        return cls(session, _login(name, role))

    def run(self, statement: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run one statement, with a parameter for every `?`, and return its rows. Raises `WarehouseError`."""
        tagged = {"QUERY_TAG": self.tag} if self.tag else None
        with _explained(self.login), self._session.cursor() as cursor:
            cursor.execute(statement, _bound(parameters), _statement_params=tagged)
            return [tuple(row) for row in cursor.fetchall()]

    def rows(self, statement: str) -> list[dict[str, Any]]:
        """Run one statement and return its rows by column name, in lower case. Raises `WarehouseError`."""
        with _explained(self.login), self._session.cursor() as cursor:
            cursor.execute(statement)
            names = [column.name.lower() for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def arrow(self, statement: str, parameters: Sequence[Any] | None = None) -> pa.Table:
        """Run one statement and return its rows: names in lower case, decimals exact, times in µs.

        Raises `WarehouseError`.
        """
        with _explained(self.login), self._session.cursor() as cursor:
            cursor.execute(statement, _bound(parameters))
            return _lower_case(cursor.fetch_arrow_all(force_return_table=True, force_microsecond_precision=True))

    def batches(self, statement: str, *, seconds: float) -> Iterator[pa.Table]:
        """Run one statement and yield its rows as they come, as `arrow` would return them; one table at least.

        It is cancelled where it has no answer after so many seconds. Raises `WarehouseError`.
        """
        with _explained(self.login), self._session.cursor() as cursor:
            cursor.execute(statement, timeout=round(seconds))
            is_empty = True
            for batch in cursor.fetch_arrow_batches(force_microsecond_precision=True):
                is_empty = False
                yield _lower_case(batch)
            if is_empty:
                yield _lower_case(cursor.fetch_arrow_all(force_return_table=True, force_microsecond_precision=True))

    def execute(self, query: str, parameters: Sequence[Any] | None = None) -> "Cursor":
        """Run one statement on Snowflake, with a parameter for every `?`; its rows are to be fetched.

        Raises `WarehouseError`.
        """
        with _explained(self.login):
            cursor = self._session.cursor()
            cursor.execute(query, _bound(parameters))
        return Cursor(cursor, self.login)

    def sql(self, query: str) -> duckdb.DuckDBPyRelation:
        """Run one statement on Snowflake; its rows are a relation, as those of the embedded warehouse are.

        Raises `WarehouseError`.
        """
        return duckdb.connect().from_arrow(self.arrow(query))

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class Cursor:
    """The rows of a statement, to be fetched whole or part by part; names in lower case."""

    def __init__(self, cursor: "SnowflakeCursor", login: Login) -> None:
        self._cursor, self._login = cursor, login
        self.description = [(column.name.lower(),) for column in cursor.description]

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        """Return the next rows, none at the end. Raises `WarehouseError`."""
        with _explained(self._login):
            return self._cursor.fetchmany(size)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows that are left. Raises `WarehouseError`."""
        with _explained(self._login):
            return self._cursor.fetchall()


def parameters(settings: SnowflakeSettings) -> Mapping[str, Any]:
    """Return what connections.toml says of the settings' connection, secrets too. Raises `ConfigError`."""
    name = settings.connection or _default_name()
    file = _connections_file().get("connections_file_path")
    try:
        return (tomllib.loads(file.read_text()) if file else _connections())[name]
    except (KeyError, FileNotFoundError):
        raise _no_connection(name) from None


def _bound(parameters: Sequence[Any] | None) -> list[Any] | None:
    """Parameters as Snowflake compares them: a moment as a TIMESTAMP_NTZ, in UTC without a zone."""
    return None if parameters is None else [_text(each) if isinstance(each, datetime) else each for each in parameters]


def _text(moment: datetime) -> str:
    return naive(moment).isoformat(sep=" ", timespec="microseconds")


def _lower_case(rows: pa.Table) -> pa.Table:
    return rows.rename_columns([name.lower() for name in rows.column_names])


@contextmanager
def _explained(login: Login) -> Iterator[None]:
    import snowflake.connector.errors  # noqa: PLC0415

    try:
        yield
    except snowflake.connector.errors.Error as error:
        raise explain(str(error), login) from error


def _explain(error: Exception, name: str, role: str) -> CandlewickError:
    if "connection_name" in str(error):
        return _no_connection(name)
    return explain(str(error), _login(name, role))


def _no_connection(name: str) -> ConfigError:
    return ConfigError(
        f"connections.toml has no connection {name!r} (it has: {', '.join(sorted(_connections())) or 'none'}); "
        "add it, or correct `connection` in [snowflake]"
    )


def _login(name: str, role: str) -> Login:
    parameters = _connections().get(name, {})
    return Login(name, str(parameters.get("account", "")), str(parameters.get("user", "")), role)


def _connections() -> Mapping[str, Mapping[str, Any]]:
    from snowflake.connector.config_manager import CONFIG_MANAGER  # noqa: PLC0415

    return cast(Mapping[str, Mapping[str, Any]], CONFIG_MANAGER["connections"])


def _connector() -> ModuleType:
    try:
        import snowflake.connector  # noqa: PLC0415
    except ImportError:
        raise ConfigError("Snowflake needs the extra `snowflake`: pip install 'candlewick[snowflake]'") from None
    return snowflake.connector


def _default_name() -> str:
    _connector()
    from snowflake.connector.config_manager import CONFIG_MANAGER  # noqa: PLC0415

    return str(CONFIG_MANAGER["default_connection_name"])


def _connections_file() -> dict[str, Any]:
    """Look where SNOWFLAKE_HOME points now; the connector looks where it pointed when it was imported."""
    home = os.environ.get("SNOWFLAKE_HOME")
    return {"connections_file_path": Path(home).expanduser() / "connections.toml"} if home else {}
