"""What a warehouse gives to whoever reads it, whichever of the two homes it has."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:  # both take long to load, and not all who import this need them
    import duckdb
    import pyarrow as pa

    from candlewick.warehouse.rows import Limits


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

    def sql(self, query: str) -> "duckdb.DuckDBPyRelation":
        """Run one statement; its rows are a relation: `.df()`, `.pl()`, `.fetchall()`, or printed, a table."""

    def execute(self, query: str, parameters: Sequence[Any] | None = None) -> Cursor:
        """Run one statement, with a parameter for every `?`; its rows are to be fetched."""

    def close(self) -> None:
        """End it."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: Any) -> Any: ...  # noqa: ANN401 - DuckDB's own says so


class CandleReader(Protocol):
    """What programs and the dashboard alike ask of a warehouse; safe to call from several threads."""

    def query(self, sql: str, params: Sequence[Any] = ()) -> "pa.Table":
        """Run one statement, with a parameter for every `?`."""

    def candles(
        self,
        symbol: str,
        timeframe: str,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int | None = None,
    ) -> "pa.Table":
        """Return candles with `start` <= open_time < `end`, the newest `limit` of them, ascending by open_time."""


class Reader(CandleReader, Protocol):
    """What a program asks of a warehouse; safe to call from several threads."""

    def connect(self) -> Database:
        """Open a connection for SQL."""

    def trades(self, symbol: str, start: datetime | None = None, end: datetime | None = None) -> "pa.Table":
        """Return trades with `start` <= traded_at < `end`, by trade id."""

    def version(self) -> int | None:
        """Return the number of the published state that is read; None where states have none."""


class Version(Protocol):
    """One published state of the warehouse."""

    @property
    def version(self) -> object:
        """Differs between any two states."""

    def traded_at(self, symbol: str) -> datetime | None:
        """When the newest trade of a symbol in it was made (UTC); None where that is not known."""


class Viewed(CandleReader, Protocol):
    """What the dashboard asks of a warehouse; safe to call from several threads."""

    def current(self) -> Version:
        """Return the newest version; raises MartNotReadyError before the first."""


class Engine(Protocol):
    """What runs statements, and cannot write."""

    seconds: float
    """How long a statement may take."""

    def check(self, statement: str) -> None:
        """Raise `QueryRefusedError` where it is not one SELECT: a refusal that is plainer than the engine's own."""

    def prepare(self) -> None:
        """See, before anybody asks, that statements may be run. Raises `WarehouseError`."""

    def first_rows(self, statement: str, limits: "Limits", visitor: str = "") -> "tuple[pa.Table, bool]":
        """Run a visitor's statement; its first rows, and whether there are more.

        Raises `QueryRefusedError`, `WarehouseError`.
        """

    def close(self) -> None:
        """Let go of what it holds."""
