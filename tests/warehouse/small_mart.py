"""A warehouse with small tables made by hand, and its publisher: for tests of what is published, not of the models."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from candlewick.mart.publisher import Publisher
from candlewick.mart.version import (
    AUDIT,
    CANDLES,
    DAYS,
    FOOTPRINT,
    FOOTPRINT_AUDIT,
    GAPS,
    OBJECTS,
    OLDER,
    TRADES,
)
from candlewick.warehouse.duckdb.file import Warehouse

_CANDLES = """
    symbol varchar, open_time timestamp, open decimal(38,8), high decimal(38,8), low decimal(38,8),
    close decimal(38,8), volume decimal(38,8), trade_count bigint, last_trade_id bigint, is_closed boolean,
    is_complete boolean, loaded_at timestamp
"""
_TRADES = """
    business_key varchar generated always as (symbol || '-' || trade_id), symbol varchar, trade_id bigint,
    price decimal(38,8), quantity decimal(38,8) default 0.5,
    quote_quantity decimal(38,8) generated always as (trunc(price * quantity, 8)), is_buyer_maker boolean default true,
    traded_at timestamp, traded_at_ist timestamp generated always as (traded_at + interval '330 minutes'),
    received_at timestamp, loaded_at timestamp, source varchar default 'ws'
"""
_FOOTPRINT = "symbol varchar, open_time timestamp, price decimal(38,8), loaded_at timestamp"
_SPANS = "symbol varchar, last_trade_id bigint, last_traded_at timestamp, loaded_at timestamp"


@dataclass
class SmallMart:
    """Tables of GOLD and SILVER as they are published; every change has a later `loaded_at`."""

    warehouse: Warehouse
    path: Path
    clock: datetime = datetime(2024, 1, 1)

    @classmethod
    def make(cls, home: Path) -> "SmallMart":
        warehouse = Warehouse.open(home / "small.duckdb")
        warehouse.connection.execute(f"""
            create schema silver; create schema gold;
            create table {TRADES} ({_TRADES}); create table silver.tape_spans ({_SPANS});
            create table {OBJECTS} (symbol varchar, first_trade_id bigint, created_at timestamp, loaded_at timestamp);
            create table {GAPS} (symbol varchar, first_missing_id bigint, state varchar);
            create table {AUDIT} (symbol varchar, open_time timestamp, status varchar, loaded_at timestamp);
            create table {DAYS} (
                symbol varchar, day date, state varchar, why varchar, loaded_at timestamp, digest varchar,
                sealed_file varchar, first_trade_id bigint, last_trade_id bigint, trade_count bigint,
                declared_count bigint
            );
            create table {FOOTPRINT_AUDIT} (symbol varchar, open_time timestamp, status varchar, loaded_at timestamp);
            create table {FOOTPRINT} ({_FOOTPRINT})
        """)
        for table in [OLDER, *CANDLES.values()]:
            warehouse.connection.execute(f"create table {table} ({_CANDLES})")
        return cls(warehouse, home / "mart")

    def publisher(self, generation: str = "g1") -> Publisher:
        return Publisher(self.warehouse.connection, self.path, generation=generation, timezone="UTC")

    def put_candle(self, at: datetime, price: int = 5, *, symbol: str = "BTCUSDT", table: str = CANDLES["1m"]) -> None:
        """Put a candle, or put it anew."""
        self.clock += timedelta(seconds=1)
        self.warehouse.connection.execute(f"delete from {table} where symbol = ? and open_time = ?", [symbol, at])
        prices = [price] * 4
        values = [symbol, at, *prices, 1, 1, price, True, True, self.clock]
        self.warehouse.connection.execute(f"insert into {table} values ({', '.join('?' * 12)})", values)

    def put_trade(self, trade_id: int, at: datetime, *, symbol: str = "BTCUSDT") -> None:
        self.clock += timedelta(seconds=1)
        insert = self.warehouse.connection.execute
        columns = "symbol, trade_id, price, traded_at, loaded_at"
        insert(f"insert into {TRADES} ({columns}) values (?, ?, 5, ?, ?)", [symbol, trade_id, at, self.clock])
        insert("insert into silver.tape_spans values (?, ?, ?, ?)", [symbol, trade_id, at, self.clock])
