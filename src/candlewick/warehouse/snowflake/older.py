"""The exchange's own candles of the time before the tape, on Snowflake: joined to ours by the mart's rule.

SILVER has them by quarters of an hour, where somebody has fetched them (`candlewick backfill --candles`). They are read
whole, once a symbol, and again only when their table has changed, which is asked without a warehouse.
"""

import threading
from datetime import datetime

import pyarrow as pa

from candlewick.config import Settings
from candlewick.mart import history
from candlewick.mart.version import OLDER
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.news import changes
from candlewick.warehouse.snowflake.session import Session

_AMOUNT = pa.decimal128(38, 8)
_QUARTER = pa.schema(
    {
        "symbol": pa.string(),
        "open_time": pa.timestamp("us"),
        **dict.fromkeys(("open", "high", "low", "close", "volume", "quote_volume"), _AMOUNT),
        "trade_count": pa.int64(),
        **dict.fromkeys(("taker_buy_volume", "taker_buy_quote_volume"), _AMOUNT),
        "loaded_at": pa.timestamp("us"),
    }
)
_SELECT = f"select {', '.join(_QUARTER.names)} from {OLDER} where symbol = ? order by open_time"


class Older:
    """What was read of them, rolled up to the timeframes asked for. Safe to use from several threads."""

    def __init__(self, settings: Settings, session: Session) -> None:
        self._database, self._zone = settings.snowflake.database, settings.timezone
        self._session = session
        self._lock = threading.Lock()
        self._state: int | None = None
        self._read: dict[str, pa.Table] = {}
        self._rolled_up: dict[tuple[str, str], pa.Table] = {}

    def look(self) -> bool:
        """Ask whether the table has changed since the last look, and forget what was read then. Needs no warehouse.

        Raises `WarehouseError`.
        """
        state = self._session(self._ask)
        with self._lock:
            is_news = state != self._state
            if is_news:
                self._state, self._read, self._rolled_up = state, {}, {}
            return is_news

    def joined(
        self,
        ours: pa.Table,
        symbol: str,
        timeframe: str,
        start: datetime | None,
        end: datetime | None,
        limit: int | None,
    ) -> pa.Table:
        """Return our candles of a period and, where there is none, the exchange's: the newest `limit` of all of them.

        As things were at the last look. Raises `WarehouseError`.
        """
        theirs = self._candles(symbol, timeframe)
        if not theirs.num_rows:
            return ours
        theirs = history.between(theirs, start, end)
        return history.joined(ours.drop_columns(["origin"]), theirs, limit).cast(ours.schema)

    def _candles(self, symbol: str, timeframe: str) -> pa.Table:
        with self._lock:
            if self._state is None or timeframe not in history.LABELS:
                return _QUARTER.empty_table()
            if symbol not in self._read:
                self._read[symbol] = self._session(lambda connection: _read(connection, symbol))
            key = symbol, timeframe
            if key not in self._rolled_up:
                self._rolled_up[key] = history.rolled_up(self._read[symbol], timeframe, self._zone)
            return self._rolled_up[key]

    def _ask(self, connection: Connection) -> int | None:
        """A number that differs after every change of the table; None where there is no table yet."""
        schema, table = OLDER.upper().split(".")
        if not connection.run(f"SHOW TABLES LIKE '{table}' IN SCHEMA {self._database}.{schema}"):
            return None
        return changes(connection, self._database, [OLDER])[0]


def _read(connection: Connection, symbol: str) -> pa.Table:
    return connection.arrow(_SELECT, [symbol]).cast(_QUARTER)


def has(timeframe: str) -> bool:
    """Whether the exchange's candles of a timeframe can be made of quarters of an hour."""
    return timeframe in history.LABELS
