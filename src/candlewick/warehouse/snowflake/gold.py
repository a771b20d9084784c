"""SILVER and GOLD on Snowflake, read as the embedded mart is.

Candles come from the `…_LIVE` views: what the models have settled, and the trades that came since. Those of the time
before the tape are the exchange's own, as in the mart.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from candlewick.config import Settings
from candlewick.errors import WarehouseError
from candlewick.mart import rolling
from candlewick.mart.version import CANDLES, TRADES
from candlewick.moments import TIMEFRAMES, naive
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.older import Older, has
from candlewick.warehouse.snowflake.session import Session

_LOOK_BACK = 3
"""How many times as long as so many candles last: seconds without trades have none."""
_AMOUNT = pa.decimal128(38, 8)
CANDLE = pa.schema(
    {
        "symbol": pa.string(),
        "open_time": pa.timestamp("us"),
        **dict.fromkeys(("open", "high", "low", "close", "volume", "quote_volume"), _AMOUNT),
        "trade_count": pa.int64(),
        **dict.fromkeys(("taker_buy_volume", "taker_buy_quote_volume", "vwap"), _AMOUNT),
        "first_trade_id": pa.int64(),
        "last_trade_id": pa.int64(),
        "is_closed": pa.bool_(),
        "is_complete": pa.bool_(),
        "open_time_ist": pa.timestamp("us"),
        "loaded_at": pa.timestamp("us"),
        "origin": pa.string(),
    }
)
"""The columns of every candle, in the mart and here."""


class Gold:
    """Reads on demand, with the reader's role and the settings' warehouse. Safe to use from several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.snowflake
        self.session = Session(self._settings, self._settings.reader_role, warehouse=self._settings.reader_warehouse)
        self.older = Older(settings, self.session)

    def connect(self) -> Connection:
        """Open a connection of one's own, in which `gold.trades_ohlc_1m` is what it is in DuckDB."""
        return Connection.open(self._settings, self._settings.reader_role, warehouse=self._settings.reader_warehouse)

    def query(self, sql: str, params: Sequence[Any] = ()) -> pa.Table:
        """Run one statement, with a parameter for every `?`. Raises `WarehouseError`."""
        return self.session(lambda connection: connection.arrow(sql, params))

    def version(self) -> None:
        """Tables on Snowflake have no common version."""

    def candles(
        self,
        symbol: str,
        timeframe: str,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int | None = None,
    ) -> pa.Table:
        """Return candles with `start` <= open_time < `end`, the newest `limit` of them, ascending by open_time.

        Column `origin` says who made a candle. Times without a zone are UTC. Raises `WarehouseError`.
        """
        start, end = (None if each is None else naive(each) for each in (start, end))
        if rolling.base_of(timeframe):
            return rolling.rolled_up(self.candles, symbol, timeframe, start, end, limit)
        ours = newest_candles(self.query, f"{table_of(timeframe)}_live", symbol, timeframe, start, end, limit)
        if not has(timeframe):
            return ours
        self.older.look()
        return self.older.joined(ours, symbol, timeframe, start, end, limit)

    def trades(self, symbol: str, start: datetime | None = None, end: datetime | None = None) -> pa.Table:
        """Return trades with `start` <= traded_at < `end`, by trade id. Raises `WarehouseError`."""
        conditions, values = _between("traded_at", symbol, start, end)
        return self.query(f"select * from {TRADES} where {conditions} order by trade_id", values)

    def close(self) -> None:
        """End the session."""
        self.session.close()


def table_of(timeframe: str) -> str:
    """Return the table of a timeframe's candles. Raises `WarehouseError` for an unknown one."""
    if timeframe not in CANDLES:
        raise WarehouseError(rolling.expected(timeframe))
    return CANDLES[timeframe]


def newest_candles(
    query: Callable[[str, Sequence[Any]], pa.Table],
    relation: str,
    symbol: str,
    timeframe: str,
    start: datetime | None,
    end: datetime | None,
    limit: int | None,
) -> pa.Table:
    """Return the newest `limit` candles of a period, ascending by open_time.

    Without a `start` they are looked for where a tape without holes has them, so that Snowflake reads no more than
    that; everywhere only where those are fewer.
    """
    if start is None and limit is not None:
        until = end or datetime.now(UTC).replace(tzinfo=None)
        seconds = min(_LOOK_BACK * limit * TIMEFRAMES[timeframe], (until - datetime(1970, 1, 1)).total_seconds())
        near = query(*select_candles(relation, symbol, until - timedelta(seconds=seconds), end, limit))
        if near.num_rows == limit:
            return in_order(near)
    return in_order(query(*select_candles(relation, symbol, start, end, limit)))


def select_candles(
    relation: str, symbol: str, start: datetime | None, end: datetime | None, limit: int | None
) -> tuple[str, list[Any]]:
    """Return the statement for the newest `limit` candles of a period, newest first, and its parameters."""
    conditions, values = _between("open_time", symbol, start, end)
    newest = "" if limit is None else f" limit {int(limit)}"
    return f"select {COLUMNS} from {relation} where {conditions} order by open_time desc{newest}", values


def in_order(rows: pa.Table) -> pa.Table:
    """Return candles as the mart has them: its types, ascending by open_time."""
    return rows.select(CANDLE.names).cast(CANDLE).sort_by("open_time")


COLUMNS = ", ".join("'trades' as origin" if name == "origin" else name for name in CANDLE.names)


def _between(column: str, symbol: str, start: datetime | None, end: datetime | None) -> tuple[str, list[Any]]:
    bounds = {f"{column} >= ?": start, f"{column} < ?": end}
    given = {condition: moment for condition, moment in bounds.items() if moment is not None}
    return " and ".join(["symbol = ?", *given]), [symbol, *given.values()]
