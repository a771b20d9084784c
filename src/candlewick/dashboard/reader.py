"""What the dashboard asks of a warehouse, and how its rows become bars. The embedded mart answers, or Snowflake."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, ParamSpec, Protocol, TypeVar
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from candlewick.config import Settings
from candlewick.dashboard.bars import Bar, State, interval, scaled
from candlewick.dashboard.console import Console
from candlewick.dashboard.sandbox import Sandbox
from candlewick.mart import Mart
from candlewick.reader import CandleReader

P = ParamSpec("P")
T = TypeVar("T")

STAMPED = 20_000


class Version(Protocol):
    """One published state of the warehouse."""

    @property
    def version(self) -> object:
        """Differs between any two states."""


class Reader(CandleReader, Protocol):
    """What the dashboard asks of a warehouse; safe to call from several threads."""

    def current(self) -> Version:
        """Return the newest version; raises MartNotReadyError before the first."""


@contextmanager
def open_reader(settings: Settings) -> Iterator[Reader]:
    """Open the reader of the settings' warehouse for all viewers of a dashboard. Raises `WarehouseError`."""
    if settings.warehouse == "duckdb":
        yield Mart(settings.mart_path)
        return
    from candlewick.snowflake.follower import Follower  # noqa: PLC0415 - the extra `snowflake`

    with closing(Follower(settings)) as follower:
        yield follower


def open_console(settings: Settings, reader: Reader) -> Console:
    """Open the SQL of visitors over the warehouse that a reader reads; it connects when it is first asked."""
    if isinstance(reader, Mart):
        return Console(Sandbox(reader))
    from candlewick.dashboard.visitor import Visitor  # noqa: PLC0415 - the extra `snowflake`

    return Console(Visitor(settings))


class Reads:
    """Runs blocking reads on a few threads of their own, so that they neither block nor crowd out the event loop."""

    def __init__(self, threads: int = 2) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="read")

    async def __call__(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Await a blocking call."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(call, *args, **kwargs))

    def close(self) -> None:
        """Take no more calls."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def bars_of(table: pa.Table, timeframe: str, zone: ZoneInfo) -> list[Bar]:
    """Turn the rows of a gold table, ascending by open_time, into bars."""
    return [_bar(row, timeframe, zone) for row in table.to_pylist()]


def _bar(row: dict[str, Any], timeframe: str, zone: ZoneInfo) -> Bar:
    # The warehouse has time zones of its own: where the two tell a midnight differently, its word counts.
    opened = micros(row["open_time"])
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
    )


def micros(at: datetime) -> int:
    """Turn a timestamp of the warehouse (UTC, with or without a zone) into µs since the epoch, exactly."""
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    delta = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def instant(seconds: int) -> datetime:
    """Turn seconds since the epoch into the naive UTC timestamp that the warehouse keeps."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def history_stamp(reader: Reader, symbol: str, timeframe: str, before: datetime) -> str:
    """Return a text that changes when candles older than `before` do: history grew, or a hole was filled.

    Filling a hole completes its neighbours, so the first candle and the number of incomplete ones tell all of it. It
    looks at no more candles than a chart holds.
    """
    table = reader.candles(symbol, timeframe, None, before, STAMPED)
    incomplete = table.num_rows - (pc.sum(table.column("is_complete")).as_py() or 0)
    first = table.column("open_time")[0].as_py() if 0 < table.num_rows < STAMPED else None
    return f"{first}/{incomplete}"
