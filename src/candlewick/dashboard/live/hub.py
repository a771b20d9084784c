"""The hub: one pump per (symbol, timeframe), fed by the feed, settled by the mart, fanned out to its viewers.

All of it runs on one event loop; only reads of the mart are on threads. A task that fails ends the hub's block with
its error: a dashboard that stands still would be worse than one that its supervisor starts again.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from candlewick.dashboard.bars import FeedTrade, LiveBars, Tail
from candlewick.dashboard.live.feed_client import FeedClient
from candlewick.dashboard.live.prints import Prints
from candlewick.dashboard.live.progress import history_of, start_of
from candlewick.dashboard.live.topic import Key, Topic, Viewer
from candlewick.dashboard.reads import Reads, bars_of, history_stamp
from candlewick.errors import MartNotReadyError, WarehouseError
from candlewick.mart.rolling import base_of
from candlewick.moments import now_us, to_micros
from candlewick.process import heartbeat
from candlewick.warehouse.contract import Viewed

log = structlog.get_logger(__name__)

COALESCE_SECONDS = 0.1
MART_POLL_SECONDS = 0.2
STATUS_SECONDS = 1.0
KEEP, KEEP_OTHERS, KEEP_ROLLED_UP = {"1s": 40}, 12, 4
"""How many of the newest bars are carried: they should span what the warehouse needs to settle a bar.

Those that are rolled up cost a row for each of their parts.
"""


class Hub:
    """Live bars for every viewer."""

    def __init__(self, reader: Viewed, reads: Reads, *, feed_url: str, zone: ZoneInfo, run_path: Path) -> None:
        self._reader, self._reads, self._zone, self._run_path = reader, reads, zone, run_path
        self._topics: dict[Key, Topic] = {}
        self._pumps: dict[Key | str, asyncio.Task[None]] = {}
        self._tails: dict[str, Tail] = {}
        self._prints: dict[str, Prints] = {}
        self._feed = FeedClient(feed_url, self._take, self._next_id, run_path / "feed.key")
        self._version: object = None
        self._on_failure: Callable[[BaseException], None] = lambda error: None

    @asynccontextmanager
    async def running(self, on_failure: Callable[[BaseException], None]) -> AsyncIterator["Hub"]:
        """Run the hub's tasks while the block runs; `on_failure` hears of one that fails."""
        self._on_failure = on_failure
        tasks = [self._start(run()) for run in (self._feed.run, self._follow_mart, self._tell_status)]
        try:
            yield self
        finally:
            tasks.extend(self._pumps.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def numbers(self) -> dict[str, Any]:
        """What the dashboard's heartbeat tells of the hub."""
        viewers = {viewer for topic in self._topics.values() for viewer in topic.viewers}
        return {
            "viewers": len(viewers),
            "topics": len(self._topics),
            "dropped_frames": sum(viewer.dropped for viewer in viewers),
            "feed": "connected" if self._feed.is_connected else "away",
        }

    async def watch(self, viewer: Viewer, keys: set[Key]) -> None:
        """Let a viewer follow exactly these series; a status and a snapshot of each new one come at once."""
        for key, topic in list(self._topics.items()):
            if key not in keys:
                self._leave(topic, viewer)
        for key in keys:
            topic = self._topics.get(key) or self._open(key)
            is_new = viewer not in topic.viewers
            topic.viewers.add(viewer)
            if topic.settled_id is None:
                await self._settle(topic)
            if is_new:
                self._greet(topic, viewer)
        await self._feed.want(frozenset(symbol for symbol, _ in self._topics))

    def follow_tapes(self, viewer: Viewer, symbols: set[str]) -> None:
        """Let a viewer see each trade of exactly these symbols, of those whose series it follows."""
        for symbol, prints in list(self._prints.items()):
            if symbol not in symbols:
                self._stop_telling(prints, viewer)
        for symbol in symbols & self._tails.keys():
            prints = self._prints.get(symbol) or self._tell_prints(symbol)
            prints.viewers.add(viewer)

    def recent(self, symbol: str) -> list[FeedTrade]:
        """The newest trades that are held of a symbol, ascending by id; holes between them are holes."""
        if symbol in self._prints:
            return list(self._prints[symbol].held)
        return list(self._tails[symbol].beyond(-1)) if symbol in self._tails else []

    def _tell_prints(self, symbol: str) -> Prints:
        prints = self._prints[symbol] = Prints(symbol)
        prints.held.extend(self._tails[symbol].beyond(-1))
        self._pumps[symbol] = self._start(self._pump_prints(prints))
        return prints

    def _stop_telling(self, prints: Prints, viewer: Viewer) -> None:
        prints.viewers.discard(viewer)
        if not prints.viewers:
            self._pumps.pop(prints.symbol).cancel()
            del self._prints[prints.symbol]

    async def _pump_prints(self, prints: Prints) -> None:
        while True:
            await prints.changed.wait()
            prints.changed.clear()
            prints.tell(now_us())
            await asyncio.sleep(COALESCE_SECONDS)

    def tell_all(self, frame: str) -> None:
        """Give a frame to everybody who looks at anything."""
        for viewer in {viewer for topic in self._topics.values() for viewer in topic.viewers}:
            viewer.offer(frame)

    def catch_up(self, viewer: Viewer) -> None:
        """Give a viewer that missed frames what it needs to be right again."""
        viewer.is_behind = False
        for topic in self._topics.values():
            if viewer in topic.viewers:
                self._greet(topic, viewer)

    def _start(self, run: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(run)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self._on_failure(error)

    def _greet(self, topic: Topic, viewer: Viewer) -> None:
        viewer.offer(self._status_of(topic))
        if topic.live.bars:
            viewer.offer(topic.snapshot(now_us()))

    def _open(self, key: Key) -> Topic:
        symbol, timeframe = key
        keep = KEEP_ROLLED_UP if base_of(timeframe) else KEEP.get(timeframe, KEEP_OTHERS)
        topic = self._topics[key] = Topic(symbol, LiveBars(timeframe, self._zone, keep))
        self._tails.setdefault(symbol, Tail())
        self._pumps[key] = self._start(self._pump(topic))
        return topic

    def _leave(self, topic: Topic, viewer: Viewer) -> None:
        topic.viewers.discard(viewer)
        if topic.viewers:
            return
        self._pumps.pop(topic.key).cancel()
        del self._topics[topic.key]
        if all(symbol != topic.symbol for symbol, _ in self._topics):
            del self._tails[topic.symbol]

    async def _pump(self, topic: Topic) -> None:
        """Tell what changed, at most once in `COALESCE_SECONDS`; the first change after a pause goes at once."""
        while True:
            await topic.changed.wait()
            topic.changed.clear()
            if frame := topic.changes(now_us()):
                topic.tell(frame)
                await asyncio.sleep(COALESCE_SECONDS)

    def _next_id(self, symbol: str) -> int | None:
        """Where the feed should go on for a symbol: after what is held or shown, or from now."""
        shown = [topic.live.last_id for topic in self._topics.values() if topic.symbol == symbol]
        held = self._tails[symbol].last_id if symbol in self._tails else None
        return max((known + 1 for known in [held, *shown] if known is not None), default=None)

    def _take(self, symbol: str, trades: list[FeedTrade], event_at: int) -> None:
        tail = self._tails.get(symbol)
        fresh = tail.append(trades) if tail is not None else []
        if fresh and symbol in self._prints:
            self._prints[symbol].take(fresh, event_at)
        for topic in self._topics.values() if fresh else ():
            if topic.symbol == symbol:
                topic.take(fresh, event_at)

    async def _follow_mart(self) -> None:
        """Settle every topic anew on each version of the mart."""
        while True:
            if self._topics and await self._has_new_version():
                for topic in list(self._topics.values()):
                    await self._settle(topic)
                self._forget_settled()
            await asyncio.sleep(MART_POLL_SECONDS)

    async def _has_new_version(self) -> bool:
        try:
            version = (await self._reads(self._reader.current)).version
        except MartNotReadyError:
            return False
        changed, self._version = version != self._version, version
        return bool(changed)

    async def _settle(self, topic: Topic) -> None:
        try:
            table = await self._reads(self._reader.candles, *topic.key, None, None, topic.live.keep)
            bars = bars_of(table, topic.live.timeframe, self._zone)
            if bars:
                before = table.column("open_time")[0].as_py()
                topic.stamp = await self._reads(history_stamp, self._reader, *topic.key, before)
                traded_at = (await self._reads(self._reader.current)).traded_at(topic.symbol)
                topic.settled_at = to_micros(traded_at) if traded_at else topic.settled_at
        except WarehouseError as error:
            log.info("topic waits for the mart", topic=topic.key, problem=str(error))
            return
        if bars and topic.symbol in self._tails:
            topic.settle(bars, self._tails[topic.symbol])
            await self._ask_for_what_is_missing(topic)

    async def _ask_for_what_is_missing(self, topic: Topic) -> None:
        """Where the tail begins after a hole behind the mart, the feed may still have what is in the hole."""
        first = self._tails[topic.symbol].first_id
        if first is not None and topic.settled_id is not None and first > topic.settled_id + 1:
            self._tails[topic.symbol] = Tail()
            await self._feed.subscribe()

    def _forget_settled(self) -> None:
        """Drop the trades that every topic of their symbol has from the mart."""
        for symbol, tail in self._tails.items():
            settled = [topic.settled_id for topic in self._topics.values() if topic.symbol == symbol]
            known = [trade_id for trade_id in settled if trade_id is not None]
            if known and len(known) == len(settled):
                tail.forget(min(known) - 1)

    async def _tell_status(self) -> None:
        while True:
            for topic in self._topics.values():
                topic.tell(self._status_of(topic))
            await asyncio.sleep(STATUS_SECONDS)

    def _status_of(self, topic: Topic) -> str:
        beat = heartbeat.read(self._run_path, "recorder") or {}
        waiting = (beat.get("waiting") or {}).get("problem") if beat and heartbeat.is_alive(beat) else None
        symbol = beat.get("symbols", {}).get(topic.symbol, {})
        told: dict[str, Any] = {"history": history_of(symbol), "problem": waiting}
        if not topic.live.bars:
            told["start"] = start_of(symbol, beat, heartbeat.read(self._run_path, "warehouse") or {})
        return topic.status(now_us(), feed=self._feed.is_connected, **told)
