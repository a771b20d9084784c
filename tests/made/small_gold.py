"""Tables of GOLD and SILVER on Snowflake's peer, made by hand: for tests of who reads them, not of the models."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from candlewick.config import Settings
from candlewick.mart.version import CANDLES, GAPS, TRADES
from candlewick.warehouse.snowflake.connection import Connection

_CANDLES = """
    symbol varchar, open_time timestamp_ntz(6), open number(38,8), high number(38,8), low number(38,8),
    close number(38,8), volume number(38,8), quote_volume number(38,8), trade_count number(38,0),
    taker_buy_volume number(38,8), taker_buy_quote_volume number(38,8), vwap number(38,8),
    first_trade_id number(38,0), last_trade_id number(38,0), is_closed boolean, is_complete boolean,
    open_time_ist timestamp_ntz(6), loaded_at timestamp_ntz(6)
"""
TIMEFRAMES = ("1m", "5m", "1h")
_TRADES = "symbol varchar, trade_id number(38,0), price number(38,8), traded_at timestamp_ntz(6)"
_GAPS = "symbol varchar, first_missing_id number(38,0), state varchar"


@dataclass
class SmallGold:
    """Settled candles, and a tail that the `…_LIVE` views show before the models have settled it."""

    connection: Connection
    clock: datetime = field(default=datetime(2024, 1, 1))

    @classmethod
    def make(cls, settings: Settings) -> "SmallGold":
        connection = Connection.open(settings.snowflake, settings.snowflake.transformer_role)
        run, database = connection.run, settings.snowflake.database
        run(f"create database if not exists {database}")
        for schema in ("raw", "silver", "gold"):
            run(f"create schema if not exists {database}.{schema}")
        run(f"use database {database}")
        run(f"create table {TRADES} ({_TRADES})")
        run(f"create table {GAPS} ({_GAPS})")
        for timeframe in TIMEFRAMES:
            table = CANDLES[timeframe]
            run(f"create table {table} ({_CANDLES})")
            run(f"create table {table}_tail ({_CANDLES})")
            run(f"create view {table}_live as select * from {table} union all select * from {table}_tail")
        return cls(connection)

    def settle(self, at: datetime, price: int = 5, *, symbol: str = "BTCUSDT", timeframe: str = "1m") -> None:
        """Put a candle, or put it anew, as a run of the models does: with a later `loaded_at`."""
        self.clock += timedelta(seconds=1)
        for table in (CANDLES[timeframe], f"{CANDLES[timeframe]}_tail"):
            self.connection.run(f"delete from {table} where symbol = ? and open_time = ?", [symbol, str(at)])
        self._put(CANDLES[timeframe], at, price, symbol, is_closed=True)

    def trade(self, at: datetime, price: int = 5, *, symbol: str = "BTCUSDT", timeframe: str = "1m") -> None:
        """Put a candle into the tail: a trade has come that the models have not settled yet."""
        table = f"{CANDLES[timeframe]}_tail"
        self.connection.run(f"delete from {table} where symbol = ? and open_time = ?", [symbol, str(at)])
        self._put(table, at, price, symbol, is_closed=False)

    def _put(self, table: str, at: datetime, price: int, symbol: str, *, is_closed: bool) -> None:
        amounts = [price] * 4 + [1, price, 1, 1, price, price]
        values = [symbol, str(at), *amounts, price, price, is_closed, is_closed, str(at), str(self.clock)]
        self.connection.run(f"insert into {table} values ({', '.join('?' * 18)})", values)
