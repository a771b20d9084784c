"""Who reads SILVER and GOLD, and from where: the embedded mart, or Snowflake."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol, Self

import duckdb
import pyarrow as pa

from candlewick.config import Settings
from candlewick.mart import Mart


class Cursor(Protocol):
    """The rows of a statement, to be fetched whole or part by part."""

    @property
    def description(self) -> Sequence[tuple[Any, ...]] | None:
        """What the columns are; the first of each is its name."""

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        """Return the next rows, none at the end."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows that are left."""


class Database(Protocol):
    """An open connection to the warehouse: DuckDB's own, or one to Snowflake that answers alike."""

    def sql(self, query: str) -> duckdb.DuckDBPyRelation:
        """Run one statement; its rows are a relation: `.df()`, `.pl()`, `.fetchall()`, or printed, a table."""

    def execute(self, query: str, parameters: Sequence[Any] | None = None) -> Cursor:
        """Run one statement, with a parameter for every `?`; its rows are to be fetched."""

    def close(self) -> None:
        """End it."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: Any) -> Any: ...  # noqa: ANN401 - DuckDB's own says so


class CandleReader(Protocol):
    """What programs and the dashboard alike ask of a warehouse; safe to call from several threads."""

    def query(self, sql: str, params: Sequence[Any] = ()) -> pa.Table:
        """Run one statement, with a parameter for every `?`."""

    def candles(
        self,
        symbol: str,
        timeframe: str,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int | None = None,
    ) -> pa.Table:
        """Return candles with `start` <= open_time < `end`, the newest `limit` of them, ascending by open_time."""


class Reader(CandleReader, Protocol):
    """What a program asks of a warehouse; safe to call from several threads."""

    def connect(self) -> Database:
        """Open a connection for SQL."""

    def trades(self, symbol: str, start: datetime | None = None, end: datetime | None = None) -> pa.Table:
        """Return trades with `start` <= traded_at < `end`, by trade id."""


def open_reader(settings: Settings) -> Reader:
    """Return the reader of the settings' warehouse; it connects when it is first asked."""
    if settings.warehouse == "duckdb":
        return Mart(settings.mart_path)
    from candlewick.snowflake.gold import Gold  # noqa: PLC0415 - the extra `snowflake`

    return Gold(settings)
