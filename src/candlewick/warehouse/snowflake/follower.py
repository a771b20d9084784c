"""The dashboard's reader on Snowflake: what somebody looks at is held here, and one poller keeps it fresh for all.

The poller asks, every `poll_seconds`, whether the candles looked at have changed, which needs no warehouse; only then
it reads, and only what has changed. When nobody has looked for a while it stops, and the warehouse can suspend.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pyarrow as pa
import structlog

from candlewick.config import Settings
from candlewick.errors import CandlewickError
from candlewick.mart import rolling
from candlewick.process.backoff import doubled
from candlewick.warehouse.snowflake.gold import Gold, newest_candles, table_of
from candlewick.warehouse.snowflake.news import changes
from candlewick.warehouse.snowflake.older import has
from candlewick.warehouse.snowflake.series import BEGINNING, Key, Series, refresh_all, select_changes
from candlewick.warehouse.snowflake.session import Session

IDLE_SECONDS = 15.0
"""Nobody looks any more after so long without a question: the hub asks several times a second for its viewers."""
FORGOTTEN_SECONDS = 600.0
QUERY_SECONDS = 30.0
LOOK_BACK = timedelta(days=7)
"""How old what a symbol without a settled candle has unsettled may be: each poll asks for it."""
_QUERIES = 64
_PAGE = 2_000
_LONGEST_PAUSE_SECONDS = 120.0

log = structlog.get_logger()


class Seen(NamedTuple):
    """What is held now; `version` differs between any two states."""

    version: int

    def traded_at(self, symbol: str) -> None:
        """None: to know it would take another statement on each look."""


@dataclass
class _Held:
    """A series, when it was last asked for, and the state of its view when it was last read."""

    series: Series = field(default_factory=Series)
    asked_at: float = 0.0
    change: int | None = None


class Follower:
    """Reads for all viewers of a dashboard. Safe to use from several threads; those wait for each other."""

    def __init__(self, settings: Settings) -> None:
        """Log in, so that what is wrong is told before anybody looks. Raises `ConfigError` and `WarehouseError`."""
        self._snowflake = settings.snowflake
        self._gold = Gold(settings)
        self._watch = Session(self._snowflake, self._snowflake.reader_role)
        self._watch(lambda connection: connection.run("SELECT 1"))
        self._lock = threading.Lock()
        self._held: dict[Key, _Held] = {}
        self._queries: dict[tuple[str, tuple[Any, ...]], tuple[float, pa.Table]] = {}
        self._version = 1
        self._looked_at = 0.0
        self._looks = threading.Event()
        self._over = threading.Event()
        self._poller = threading.Thread(target=self._poll_for_ever, name="snowflake-poller", daemon=True)
        self._poller.start()

    def current(self) -> Seen:
        """Return what is held now; asks nobody."""
        self._look()
        return Seen(self._version)

    def candles(
        self,
        symbol: str,
        timeframe: str,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int | None = None,
    ) -> pa.Table:
        """Return candles as `Gold.candles` does: from here as far as they are held. Raises `WarehouseError`."""
        self._look()
        if rolling.base_of(timeframe):
            return rolling.rolled_up(self.candles, symbol, timeframe, start, end, limit)
        table_of(timeframe)
        with self._lock:
            held = self._held.get((symbol, timeframe)) or self._open(symbol, timeframe)
            held.asked_at = time.monotonic()
            is_far_back = end is not None and end < held.series.reaches
            if not is_far_back:
                self._reach_back(held.series, symbol, timeframe, start, end, limit)
                ours = held.series.between(start, end, limit)
                return self._gold.older.joined(ours, symbol, timeframe, start, end, limit)
        return self._gold.candles(symbol, timeframe, start, end, limit)

    def query(self, sql: str, params: Sequence[Any] = ()) -> pa.Table:
        """Run one statement, unless it was run less than `QUERY_SECONDS` ago. Raises `WarehouseError`."""
        self._look()
        key, now = (sql, tuple(params)), time.monotonic()
        known = self._queries.get(key)
        if known is None or known[0] + QUERY_SECONDS < now:
            known = now, self._gold.query(sql, params)
            with self._lock:
                self._queries[key] = known
                while len(self._queries) > _QUERIES:
                    del self._queries[min(self._queries, key=lambda each: self._queries[each][0])]
        return known[1]

    def close(self) -> None:
        """Stop polling, and end the sessions."""
        self._over.set()
        self._looks.set()
        self._poller.join()
        self._gold.close()
        self._watch.close()

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        self._looks.set()

    def _open(self, symbol: str, timeframe: str) -> _Held:
        """Begin to hold a series: the newest page of settled candles, and the tail.

        Its view's state is asked before it is read: a change in between is then read twice, never missed.
        """
        held = _Held(Series(since=datetime.now(UTC).replace(tzinfo=None) - LOOK_BACK))
        if has(timeframe):
            self._gold.older.look()
        (held.change,) = self._changes([timeframe])
        self._reach_back(held.series, symbol, timeframe, None, None, _PAGE)
        self._refresh({(symbol, timeframe): held})
        self._held[symbol, timeframe] = held
        return held

    def _reach_back(
        self,
        series: Series,
        symbol: str,
        timeframe: str,
        start: datetime | None,
        end: datetime | None,
        limit: int | None,
    ) -> None:
        """Read older settled candles, as many as an answer lacks, and a page at least."""
        lacking = series.lacks(start, end, limit)
        if lacking == 0:
            return
        most = None if lacking is None else max(lacking, _PAGE)
        before = None if series.reaches == datetime.max else series.reaches
        older = newest_candles(self._gold.query, table_of(timeframe), symbol, timeframe, start, before, most)
        is_all = most is None or older.num_rows < most
        series.extend(older, (start or BEGINNING) if is_all else older["open_time"][0].as_py())

    def _poll_for_ever(self) -> None:
        failures = 0
        while self._is_looked_at():
            try:
                self._poll()
            except CandlewickError as error:
                log.warning("snowflake cannot be polled", problem=str(error)) if not failures else None
                failures += 1
            except Exception:  # this thread alone keeps the charts going: whatever it was, the next poll may do
                log.exception("snowflake could not be polled, in an unexpected way")
                failures += 1
            else:
                failures = 0
            poll = self._snowflake.poll_seconds
            self._over.wait(max(poll, doubled(poll, failures, _LONGEST_PAUSE_SECONDS)))

    def _is_looked_at(self) -> bool:
        """Wait until somebody looks; False at the end."""
        if time.monotonic() - self._looked_at > IDLE_SECONDS:
            self._looks.clear()
            if not self._over.is_set():  # looked at after the clearing: `close` sets it before it wakes this
                self._looks.wait()
        return not self._over.is_set()

    def _poll(self) -> None:
        with self._lock:
            oldest = time.monotonic() - FORGOTTEN_SECONDS
            self._held = {key: held for key, held in self._held.items() if held.asked_at > oldest}
            timeframes = sorted({timeframe for _, timeframe in self._held})
            if not timeframes:
                return
            now = dict(zip(timeframes, self._changes(timeframes), strict=True))
            stale = {key: held for key, held in self._held.items() if held.change != now[key[1]]}
            is_history_new = any(map(has, timeframes)) and self._gold.older.look()
            if (stale and self._refresh(stale)) or is_history_new:
                self._version += 1
            for (_, timeframe), held in stale.items():
                held.change = now[timeframe]

    def _changes(self, timeframes: Sequence[str]) -> tuple[int, ...]:
        views = [f"{table_of(timeframe)}_live" for timeframe in timeframes]
        return self._watch(lambda connection: changes(connection, self._snowflake.database, views))

    def _refresh(self, stale: dict[Key, _Held]) -> bool:
        """Read what has changed of some series, in one statement; whether anything has."""
        series = {key: held.series for key, held in stale.items()}
        return refresh_all(series, self._gold.query(*select_changes(series)))
