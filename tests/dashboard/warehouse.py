"""A tape, a warehouse that knows a part of it, and a feed that tells the rest: what a dashboard stands on.

The warehouse is a DuckDB in memory with the gold tables' columns; the feed is a real server. Both are told what to do.
"""

import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
from aiohttp import web

from candlewick.dashboard.bars import FeedTrade, decimal_text
from candlewick.errors import MartNotReadyError
from candlewick.mart import rolling
from candlewick.moments import TIMEFRAMES

SYMBOL = "BTCDEMO"
GOLD = """
create or replace table gold.trades_ohlc_{timeframe} as
select
    symbol, open_time, open, high, low, close, volume, quote_volume, trade_count, first_trade_id, last_trade_id,
    taker_buy_volume, taker_buy_quote_volume, loaded_at, origin,
    last_trade_id < max(last_trade_id) over (partition by symbol) as is_closed,
    is_closed and open_time > min(open_time) over (partition by symbol) as is_complete
from (
    select
        symbol,
        time_bucket(interval '{seconds} seconds', traded_at) as open_time,
        min_by(price, trade_id) as open, max(price) as high, min(price) as low, max_by(price, trade_id) as close,
        cast(sum(quantity) as decimal(38, 8)) as volume,
        cast(sum(cast(price as decimal(38, 8)) * quantity) as decimal(38, 8)) as quote_volume,
        cast(sum(case when is_sell then 0 else quantity end) as decimal(38, 8)) as taker_buy_volume,
        cast(sum(case when is_sell then 0 else cast(price as decimal(38, 8)) * quantity end) as decimal(38, 8))
            as taker_buy_quote_volume,
        max(traded_at) as loaded_at, 'trades' as origin,
        count(*) as trade_count, min(trade_id) as first_trade_id, max(trade_id) as last_trade_id
    from trades
    group by all
)
"""


def tape(count: int, *, start: int, step_us: int = 400_000, first_id: int = 1_000) -> list[FeedTrade]:
    """Trades with contiguous ids at a steady pace, their prices a walk that anybody can repeat."""
    price, trades = 9_700_000_000_000, []
    for number in range(count):
        price += ((number * 7_919) % 2_001 - 1_000) * 1_000_000
        quantity, at = 1_000 * (1 + (number * 31) % 977), start + number * step_us
        trades.append(FeedTrade(first_id + number, price, quantity, at, number % 3 == 0))
    return trades


@dataclass(frozen=True)
class Version:
    """One state of the warehouse."""

    version: int
    newest: dict[str, datetime]

    def traded_at(self, symbol: str) -> datetime | None:
        return self.newest.get(symbol)


class Warehouse:
    """Answers like the mart, with what was loaded into it."""

    def __init__(self) -> None:
        self._connection = duckdb.connect()
        self._lock = threading.Lock()
        self._version = 0
        self._connection.execute("create schema gold")
        self._connection.execute(
            "create table trades (symbol text, trade_id bigint, price decimal(18, 8), quantity decimal(18, 8), "
            "traded_at timestamp, is_sell boolean); create schema silver; "
            "create view silver.trades_deduped as select * rename (is_sell as is_buyer_maker) from trades"
        )

    def load(self, trades: Sequence[FeedTrade], symbol: str = SYMBOL) -> None:
        """Publish a new version that holds these trades too."""
        rows = pa.table(
            {
                "symbol": [symbol for _ in trades],
                "trade_id": [trade.trade_id for trade in trades],
                "price": [decimal_text(trade.price) for trade in trades],
                "quantity": [decimal_text(trade.quantity) for trade in trades],
                "traded_at": pa.array([trade.traded_at for trade in trades], pa.timestamp("us")),
                "is_sell": [trade.is_sell for trade in trades],
            }
        )
        with self._lock:
            self._connection.register("rows", rows)
            self._connection.execute("insert into trades select * from rows")
            self._connection.unregister("rows")
            for timeframe, seconds in TIMEFRAMES.items():
                self._connection.execute(GOLD.format(timeframe=timeframe, seconds=seconds))
            self._version += 1

    def current(self) -> Version:
        if not self._version:
            raise MartNotReadyError("nothing has been published yet")
        with self._lock:
            newest = self._connection.execute("select symbol, max(traded_at) from trades group by symbol").fetchall()
        return Version(self._version, dict(newest))

    def candles(
        self, symbol: str, timeframe: str, start: datetime | None, end: datetime | None, limit: int | None
    ) -> pa.Table:
        self.current()
        if rolling.base_of(timeframe):
            return rolling.rolled_up(self.candles, symbol, timeframe, start, end, limit)
        return self.query(
            f"from (from gold.trades_ohlc_{timeframe} where symbol = ? "
            "and open_time >= coalesce(?, '-infinity'::timestamp) and open_time < coalesce(?, 'infinity'::timestamp) "
            "order by open_time desc limit ?) order by open_time",
            [symbol, start, end, limit or 10**9],
        )

    def query(self, sql: str, params: Sequence[Any] = ()) -> pa.Table:
        self.current()
        with self._lock:
            return self._connection.cursor().sql(sql, params=list(params)).to_arrow_table()


@dataclass
class FeedServer:
    """A feed that says what a test tells it to, and notes what it is asked for; it records the symbols in `records`."""

    port: int = 0
    records: frozenset[str] = frozenset({SYMBOL})
    asked: list[dict[str, int | None]] = field(default_factory=list)
    sockets: set[web.WebSocketResponse] = field(default_factory=set)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/feed"

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FeedServer"]:
        app = web.Application()
        app.router.add_get("/feed", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            for socket in list(self.sockets):
                await socket.close()
            await runner.cleanup()

    def is_asked(self) -> bool:
        """Whether somebody has subscribed to a symbol."""
        return bool(self.asked and self.asked[-1])

    async def say(self, trades: Sequence[FeedTrade], symbol: str = SYMBOL, *, late: bool = False) -> None:
        """Send one frame of trades to everybody; before it, what lies between them and the id that was asked for.

        A `late` frame was on its way before the newest subscription came.
        """
        begins = self.asked[-1].get(symbol) if self.asked else None
        if not late and begins is not None and begins < trades[0].trade_id:
            await self._send({"s": symbol, "gap": [begins, trades[0].trade_id - 1]})
        rows = [[t.trade_id, decimal_text(t.price), decimal_text(t.quantity), t.traded_at, t.is_sell] for t in trades]
        newest = trades[-1].traded_at
        await self._send({"s": symbol, "E": newest, "sent": newest, "trades": rows})

    async def _send(self, frame: dict[str, Any]) -> None:
        for socket in self.sockets:
            await socket.send_str(msgspec.json.encode(frame).decode())

    async def _answer(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.add(socket)
        self.connections += 1
        async for message in socket:
            asked = msgspec.json.decode(message.data)["subscribe"]
            if unknown := sorted(asked.keys() - self.records):
                await socket.close(code=1008, message=f"not recorded here: {unknown[0]!r}".encode())
            else:
                self.asked.append(asked)
        self.sockets.discard(socket)
        return socket
