"""What the dashboard asks of a warehouse, and how its rows become bars. The embedded mart answers, or Snowflake."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from candlewick.dashboard.bars import Bar, State, scaled
from candlewick.errors import OverloadedError
from candlewick.mart.rolling import base_of
from candlewick.moments import interval, to_micros
from candlewick.warehouse.contract import Viewed

P = ParamSpec("P")
T = TypeVar("T")

STAMPED = 20_000


class Reads:
    """Runs blocking reads on a few threads of their own, so that they neither block nor crowd out the event loop.

    With `waiting`, no more than so many wait for a thread.
    """

    def __init__(self, threads: int = 2, *, waiting: int | None = None) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="read")
        self._most = None if waiting is None else threads + waiting
        self._asked = 0

    async def __call__(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Await a blocking call. Raises `OverloadedError` where too many wait already."""
        if self._most is not None and self._asked >= self._most:
            raise OverloadedError(f"{self._asked} others are being served; try again in a moment")
        self._asked += 1
        work = asyncio.get_running_loop().run_in_executor(self._threads, partial(call, *args, **kwargs))
        work.add_done_callback(self._done)  # whoever asked may be gone before the thread is free
        return await work

    def _done(self, _: object) -> None:
        self._asked -= 1

    def close(self) -> None:
        """Take no more calls."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def bars_of(table: pa.Table, timeframe: str, zone: ZoneInfo) -> list[Bar]:
    """Turn the rows of a gold table, ascending by open_time, into bars."""
    return [_bar(row, timeframe, zone) for row in table.to_pylist()]


def _bar(row: dict[str, Any], timeframe: str, zone: ZoneInfo) -> Bar:
    # The warehouse has time zones of its own: where the two tell a midnight differently, its word counts.
    opened = to_micros(row["open_time"])
    _, closed = interval(timeframe, opened, zone)
    state = State.COMPLETE if row["is_complete"] else State.CLOSED if row["is_closed"] else State.FORMING
    return Bar(
        open_time=opened,
        close_time=closed,
        open=scaled(row["open"]),
        high=scaled(row["high"]),
        low=scaled(row["low"]),
        close=scaled(row["close"]),
        volume=scaled(row["volume"]),
        quote_volume=scaled(row["quote_volume"]),
        trade_count=int(row["trade_count"]),
        first_trade_id=row["first_trade_id"],
        last_trade_id=row["last_trade_id"],
        state=state,
        taker_buy_volume=scaled(row["taker_buy_volume"]),
    )


def history_stamp(reader: Viewed, symbol: str, timeframe: str, before: datetime) -> str:
    """Return a text that changes when candles older than `before` do: history grew, or a hole was filled.

    Filling a hole completes its neighbours, so the first candle and the number of incomplete ones tell all of it. It
    looks at no more candles than a chart holds. What is rolled up changes when what it is made of does.
    """
    table = reader.candles(symbol, base_of(timeframe) or timeframe, None, before, STAMPED)
    incomplete = table.num_rows - (pc.sum(table.column("is_complete")).as_py() or 0)
    first = table.column("open_time")[0].as_py() if 0 < table.num_rows < STAMPED else None
    return f"{first}/{incomplete}"
