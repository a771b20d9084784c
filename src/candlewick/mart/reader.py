"""The mart: SILVER and GOLD as Parquet files that anybody may read while the warehouse is written.

A file never changes once it is named. `CURRENT`, replaced atomically, names the files of one version with their rows
and digests: so a reader sees one version whole, holds no lock and waits for none. Files that no version names any more
stay for a while, and as long as a living reader has pinned them.
"""

import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from candlewick.errors import UNREADABLE, MartNotReadyError, WarehouseError
from candlewick.mart.pins import pin
from candlewick.mart.sealed import parquet_in, query
from candlewick.mart.settled import read_current
from candlewick.mart.version import CANDLES, CURRENT, TRADES, Version
from candlewick.moments import naive

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from candlewick.mart.candles import Candles

_ATTEMPTS = 5

T = TypeVar("T")


class Mart:
    """A reader of the mart in a folder. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._newest: tuple[tuple[int, int], Version] | None = None
        self._database: tuple[Version, duckdb.DuckDBPyConnection] | None = None

    def current(self) -> Version:
        """Return the newest version. Raises `MartNotReadyError` before the first."""
        try:
            status = (self.path / CURRENT).stat()
            stamp = status.st_ino, status.st_mtime_ns
            known = self._newest
            if known is None or known[0] != stamp:
                known = self._newest = stamp, read_current(self.path)
            return known[1]
        except (FileNotFoundError, *UNREADABLE):
            raise MartNotReadyError(
                f"{self.path}: nothing is published yet; `candlewick up` and `candlewick warehouse` publish"
            ) from None

    def connect(self, *tables: str) -> "duckdb.DuckDBPyConnection":
        """Open an in-memory DuckDB with the tables of the current version as views, such as `gold.trades_ohlc_1m`.

        With `tables`, those alone: the files of each are opened once here. It stays at that version; its files are kept
        until it is forgotten. Raises `MartNotReadyError`.
        """
        return _again(lambda: self._connect(tables))

    def query(self, sql: str, params: Sequence[Any] = ()) -> "pa.Table":
        """Run one statement over the current version. Raises `MartNotReadyError`, and `duckdb.Error` for its own."""
        with self._shared_database().cursor() as cursor:
            return cursor.sql(sql, params=list(params)).to_arrow_table()

    def version(self) -> int:
        """Return the number of the newest version. Raises `MartNotReadyError`."""
        return self.current().version

    def candles(
        self,
        symbol: str,
        timeframe: str,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int | None = None,
    ) -> "pa.Table":
        """Return candles with `start` <= open_time < `end`, the newest `limit` of them, ascending by open_time.

        Column `origin` says who made a candle: where none is made of trades, the exchange's own is there, if it was
        fetched (`candlewick backfill --candles`). Times without a zone are UTC.
        Other timeframes than those with a table of their own are rolled up (`rolling.py`).
        Raises `MartNotReadyError`, and `WarehouseError` for an unknown timeframe.
        """
        from candlewick.mart import rolling  # noqa: PLC0415 - Arrow takes long to load, and SQL needs none

        if rolling.base_of(timeframe):
            return rolling.rolled_up(self.candles, symbol, timeframe, _moment(start), _moment(end), limit)
        if timeframe not in CANDLES:
            raise WarehouseError(rolling.expected(timeframe))
        asked = symbol, timeframe, _moment(start), _moment(end), limit
        return _again(lambda: self._candles.read(self.current(), *asked))

    def trades(self, symbol: str, start: datetime | None = None, end: datetime | None = None) -> "pa.Table":
        """Return trades with `start` <= traded_at < `end`, by trade id. Raises `MartNotReadyError`."""
        bounds = {"traded_at >=": _moment(start), "traded_at <": _moment(end)}
        given = {condition: moment for condition, moment in bounds.items() if moment is not None}
        conditions = " ".join(f"and {condition} ?" for condition in given)
        statement = f"select * from {TRADES} where symbol = ? {conditions} order by trade_id"
        return _again(lambda: self.query(statement, [symbol, *given.values()]))

    @cached_property
    def _candles(self) -> "Candles":
        from candlewick.mart.candles import Candles  # noqa: PLC0415 - as above

        return Candles(self.path)

    def _connect(self, tables: Sequence[str]) -> "duckdb.DuckDBPyConnection":
        pinned = pin(self.path)
        if pinned is None:
            return _open(self.path, self.current(), tables)
        try:
            connection = _open(self.path, pinned.version, tables)
        except BaseException:
            pinned.release()
            raise
        weakref.finalize(connection, pinned.release)
        return connection

    def _shared_database(self) -> "duckdb.DuckDBPyConnection":
        """A database of the current version, shared by all threads."""
        with self._lock:
            if self._database is None or self._database[0].version != self.current().version:
                self._database = _again(self._newest_database)
            return self._database[1]

    def _newest_database(self) -> "tuple[Version, duckdb.DuckDBPyConnection]":
        """The database of before with what the newest version changes, or one that is made: that takes far longer."""
        newest = self.current()
        if self._database is None:
            return newest, _open(self.path, newest)
        shown, connection = self._database
        with connection.cursor() as cursor:
            cursor.execute("begin")
            for name, table in newest.tables.items():
                if table != shown.tables.get(name):
                    cursor.execute(f"create or replace view {name} as {query(name, table, parquet_in(self.path))}")
            cursor.execute("commit")
        return newest, connection


def _moment(given: datetime | None) -> datetime | None:
    return None if given is None else naive(given)


def _open(path: Path, version: Version, tables: Sequence[str] = ()) -> "duckdb.DuckDBPyConnection":
    """A database in memory with a version's tables as views, or with some of them."""
    import duckdb  # noqa: PLC0415 - as below

    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'; create schema silver; create schema gold")
    for name, table in version.tables.items():
        if tables and name not in tables:
            continue
        connection.execute(f"create view {name} as {query(name, table, parquet_in(path))}")
    connection.execute("set search_path = 'main,gold,silver'")  # so that `show tables` shows them
    return connection


def _again(read: Callable[[], T]) -> T:
    """Read once more where a file went away meanwhile: this reader was held up for longer than files are kept."""
    import duckdb  # noqa: PLC0415 - which version there is can be told without

    for _ in range(_ATTEMPTS - 1):
        with suppress(FileNotFoundError, duckdb.IOException):
            return read()
    return read()
