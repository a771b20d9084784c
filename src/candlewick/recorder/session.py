"""The shell: legs, tapes, backfill, writer and feed of one run, wired together, started and stopped in order."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import structlog

from candlewick import metrics
from candlewick.batcher import Batcher, Limits
from candlewick.binance.budget import WeightBudget
from candlewick.binance.rest import Rest
from candlewick.binance.stream import LIFE, Leg, shards
from candlewick.checkpoint import Checkpoint, HistoryMark
from candlewick.config import Settings
from candlewick.errors import CandlewickError, ConfigError, UnreachableError
from candlewick.feed import Feed
from candlewick.heartbeat import Heartbeat
from candlewick.lake import Lake
from candlewick.manifest import Range
from candlewick.recorder import numbers
from candlewick.recorder.backfill import Backfiller
from candlewick.recorder.coverage import Coverage
from candlewick.recorder.klines import KlineFiller, over_by
from candlewick.recorder.tape import Tape
from candlewick.recorder.watch import ExchangeClock, Watch, keep_clock
from candlewick.recorder.writer import Writer
from candlewick.ring import Ring
from candlewick.trade import MINUTE, Kline, Trade, minute_of

BUFFER_BYTES = 64_000_000
"""Live lines held in memory while the lake is slow; beyond, the sockets are cut and ids fill the hole later."""
BACKFILLS_AT_ONCE = 3
STOP_SECONDS = 5.0
FIRST_START_SECONDS = 30.0
LONGEST_WAIT = 30.0
_TICK = 0.05

log = structlog.get_logger()


class Session:
    """One run of a recorder, from its checkpoint on."""

    def __init__(self, settings: Settings, lake: Lake, checkpoint: Checkpoint) -> None:
        self.state = "starting"
        self._settings = settings
        self._is_first_start = checkpoint.seq == 0
        self._coverages = _coverages(settings, checkpoint)
        self._batcher = Batcher(Limits(seconds=settings.flush_seconds))
        self._writer = Writer(lake, checkpoint, settings.state_path, self._coverages, self._batcher)
        self._rings = {symbol: Ring() for symbol in settings.symbols}
        self._tapes = {symbol: self._tape(symbol) for symbol in settings.symbols}
        self._rest = Rest(settings.exchange.rest, WeightBudget())
        self._clock = ExchangeClock(self._rest)
        self._legs: list[list[Leg]] = [self._legs_for(shard) for shard in shards(settings.symbols)]
        self._backfillers: dict[str, Backfiller] = {}
        wanted = {symbol: tape.coverage for symbol, tape in self._tapes.items()}
        self._klines = KlineFiller(wanted, self._rest, self._writer, self._minutes_wanted)
        self._is_paused = False
        self._heartbeat = Heartbeat(settings.run_path, "recorder")
        self._feed = Feed(
            settings.feed.host, settings.feed.port, self._rings, self.numbers, lambda: metrics.render(self.numbers())
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Record until `stop` is set. Raises `CandlewickError` where it cannot."""
        async with self._rest, self._feed:
            writer = asyncio.create_task(self._writer.run(), name="writer")
            pulse = asyncio.create_task(self._beat(), name="heartbeat")
            live = asyncio.create_task(self._live(), name="live")
            stopped = asyncio.create_task(stop.wait(), name="stop")
            await asyncio.wait({writer, pulse, live, stopped}, return_when=asyncio.FIRST_COMPLETED)
            await self._finish(live, writer)
            await _cancel(pulse, stopped)
        for task in (live, writer, pulse):
            _raise_failure(task)
        self._heartbeat.stop()

    def numbers(self) -> dict[str, Any]:
        """Return what the heartbeat, `/health` and `/metrics` say."""
        offset = self._clock.offset_us
        return {
            "state": self.state,
            "symbols": {
                symbol: numbers.of_symbol(tape, self._backfillers.get(symbol), self._klines, offset)
                for symbol, tape in self._tapes.items()
            },
            "legs": numbers.of_legs([leg for legs in self._legs for leg in legs]),
            "weight": numbers.of_weight(self._rest.budget),
            "objects": self._writer.objects,
            "buffered_bytes": self._writer.buffered_bytes,
            "lake_failures": self._writer.failures_in_a_row,
            "put_ms": round(self._writer.put_ms, 1),
            "clock_offset_ms": round(offset / 1_000, 1),
            "feed_port": self._feed.port,
            "feed_clients": self._feed.clients,
        }

    async def _live(self) -> None:
        """Everything that asks the exchange; cancelled first when the recorder stops."""
        await self._meet_exchange()
        self._want_history()
        self._backfillers = self._new_backfillers()
        try:
            async with asyncio.TaskGroup() as group:
                for legs in self._legs:
                    tapes = [self._tapes[symbol] for symbol in legs[0].symbols]
                    group.create_task(Watch(tapes, legs, self._rest, self._clock).run(), name="watch")
                    for leg in legs:
                        group.create_task(leg.run(), name=f"leg {leg.host}")
                for backfiller in self._backfillers.values():
                    group.create_task(backfiller.run(), name=f"backfill {backfiller.symbol}")
                group.create_task(self._klines.run(), name="candles")
                group.create_task(keep_clock(self._clock), name="clock")
                group.create_task(self._tick(), name="tick")
                await self._first_connection()
        except ExceptionGroup as group:
            if known := group.subgroup(CandlewickError):
                raise known.exceptions[0] from None
            raise

    async def _meet_exchange(self) -> None:
        """Learn its limits, symbols and clock. At the first start it must be there; later it is waited for."""
        attempt = 0
        while True:
            try:
                await self._introduce()
                return
            except UnreachableError as error:
                if self._is_first_start:
                    raise
                wait = min(LONGEST_WAIT, 2.0**attempt) * random.uniform(0.5, 1.0)
                attempt = min(attempt + 1, 10)
                log.warning("exchange not reached, trying again", problem=str(error), wait_seconds=round(wait, 1))
                await asyncio.sleep(wait)

    async def _introduce(self) -> None:
        info = await self._rest.exchange_info(self._settings.symbols)
        check_prefix(self._settings.prefix, is_demo=self._rest.is_demo)
        for symbol in info.symbols:
            if symbol.status != "TRADING":
                log.warning("symbol not trading", symbol=symbol.symbol, status=symbol.status)
        await self._clock.compare()
        log.info("exchange met", weight_limit=self._rest.budget.limit, clock_offset_ms=self._clock.offset_us // 1_000)

    async def _first_connection(self) -> None:
        """At the first start, say so where no stream can be had at all; later, legs just go on trying."""
        openings = [asyncio.create_task(leg.opened.wait()) for legs in self._legs for leg in legs]
        timeout = FIRST_START_SECONDS if self._is_first_start else None
        done, _ = await asyncio.wait(openings, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        await _cancel(*openings)
        if not done:
            hosts = ", ".join(dict.fromkeys(self._settings.exchange.streams))
            raise UnreachableError(f"exchange.streams: no connection within {FIRST_START_SECONDS:.0f} s: {hosts}")
        self.state = "recording"
        log.info("recording", symbols=list(self._settings.symbols), feed_port=self._feed.port)

    def _want_history(self) -> None:
        """Set how far back each symbol is to reach: from its first start, or further where that was asked for since.

        To the start of a minute: the first candle is a whole one, too.
        """
        reach = round(self._settings.history.total_seconds() * 1_000_000)
        for symbol in self._settings.symbols:
            coverage = self._coverages[symbol]
            mark = coverage.history
            if mark is None:
                now = self._clock.now_us()
                origin = coverage.covered.last + 1 if coverage.covered else None
                coverage.history = HistoryMark(now, _whole_minute(now - reach), origin=origin)
            elif _whole_minute(mark.since - reach) < mark.target:
                coverage.history = HistoryMark(mark.since, _whole_minute(mark.since - reach), origin=mark.origin)

    def _minutes_wanted(self, symbol: str) -> Range:
        """From where history starts to the last minute that is over."""
        mark = self._coverages[symbol].history
        first = minute_of(mark.target + MINUTE - 1) if mark else 0
        return first, over_by(self._clock.now_us()) if mark else -1

    def _new_backfillers(self) -> dict[str, Backfiller]:
        slots = asyncio.Semaphore(BACKFILLS_AT_ONCE)
        return {
            symbol: Backfiller(symbol, tape.coverage, self._rest, self._writer, slots)
            for symbol, tape in self._tapes.items()
        }

    def _legs_for(self, symbols: Sequence[str]) -> list[Leg]:
        """Two legs, on two hosts where two are configured, whose ages are half a life apart."""
        hosts = self._settings.exchange.streams
        lives = (LIFE / 2, LIFE)
        return [
            Leg(hosts[index % len(hosts)], symbols, self._deliver, first_life=life) for index, life in enumerate(lives)
        ]

    def _tape(self, symbol: str) -> Tape:
        return Tape(symbol, self._coverages[symbol], self._batcher, self._rings[symbol].push)

    def _deliver(self, event: bytes, decoded: Trade | Kline, received_at: int) -> None:
        """Take an event from a leg: the hot path."""
        tape = self._tapes.get(decoded.symbol)
        if tape is None:
            return
        now = asyncio.get_running_loop().time()
        if isinstance(decoded, Trade):
            tape.on_trade(event, decoded, received_at, now)
        else:
            tape.on_kline(event, decoded, received_at, now)

    async def _tick(self) -> None:
        while True:
            now = asyncio.get_running_loop().time()
            for tape in self._tapes.values():
                tape.tick(now)
            self._mind_pressure()
            await asyncio.sleep(_TICK)

    def _mind_pressure(self) -> None:
        """Cut the sockets rather than grow or drop when the lake does not keep up."""
        buffered = self._writer.buffered_bytes
        if not self._is_paused and buffered > BUFFER_BYTES:
            log.error("lake too slow, sockets cut", buffered_bytes=buffered)
            self._set_paused(True)
        elif self._is_paused and buffered < BUFFER_BYTES // 2:
            log.info("lake is back, sockets opened", buffered_bytes=buffered)
            self._set_paused(False)

    def _set_paused(self, is_paused: bool) -> None:
        self._is_paused = is_paused
        for leg in (leg for legs in self._legs for leg in legs):
            (leg.pause if is_paused else leg.resume)()

    async def _beat(self) -> None:
        while True:
            try:
                self._heartbeat.beat(**self.numbers())
            except OSError as error:  # a full disk must not end the recording
                log.error("heartbeat not written", problem=str(error))
            await asyncio.sleep(1.0)

    async def _finish(self, live: asyncio.Task[None], writer: asyncio.Task[None]) -> None:
        """Stop asking, then make durable what is there; a lake that is down is not waited for."""
        self.state = "draining"
        await _cancel(live)
        for tape in self._tapes.values():
            tape.flush(asyncio.get_running_loop().time())
        self._writer.stop()
        _, pending = await asyncio.wait([writer], timeout=STOP_SECONDS)
        if pending:
            log.error("stopped before all was durable; the next start asks for it by id")
            await _cancel(writer)


def check_prefix(prefix: str, *, is_demo: bool) -> None:
    """Keep the demo's trades apart from real ones. Raises `ConfigError`."""
    top = prefix.partition("/")[0]
    if is_demo and top == "binance":
        raise ConfigError("prefix: this exchange is a local demo; 'binance' is for real trades: set prefix = 'demo'")
    if not is_demo and top.startswith("demo"):
        raise ConfigError(f"prefix: this exchange is real; {prefix!r} is for a demo's trades: set prefix = 'binance'")


def _coverages(settings: Settings, checkpoint: Checkpoint) -> dict[str, Coverage]:
    """Every symbol that is to be recorded, or ever was: manifests go on to say what is covered of it."""
    symbols = dict.fromkeys([*settings.symbols, *checkpoint.covered])
    return {
        symbol: Coverage(
            checkpoint.covered.get(symbol, ()),
            checkpoint.declared.get(symbol, ()),
            checkpoint.history.get(symbol),
            checkpoint.minutes.get(symbol, ()),
        )
        for symbol in symbols
    }


def _whole_minute(time_us: int) -> int:
    return time_us // MINUTE * MINUTE


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=STOP_SECONDS)


def _raise_failure(task: asyncio.Task[None]) -> None:
    if task.done() and not task.cancelled() and (failure := task.exception()):
        raise failure
