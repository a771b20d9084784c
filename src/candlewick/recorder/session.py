"""The shell: legs, tapes, backfill, writer and feed of one run, wired together, started and stopped in order."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import structlog

from candlewick.binance.attempts import Attempts
from candlewick.binance.budget import WeightBudget
from candlewick.binance.rest import WEIGHTS, Rest
from candlewick.binance.stream import LIFE, Leg, spread
from candlewick.binance.twins import Twins
from candlewick.config import Settings
from candlewick.errors import CandlewickError, ConfigError, LakeError
from candlewick.lake import names
from candlewick.lake.batch import Batcher, Limits
from candlewick.lake.inventory import Inventory
from candlewick.lake.lease import RENEW_SECONDS, Lease
from candlewick.lake.manifest import HistoryMark
from candlewick.lake.objects import Lake
from candlewick.moments import MINUTE, minute_of, to_micros
from candlewick.process.heartbeat import Heartbeat
from candlewick.process.keyfile import key_in
from candlewick.recorder import metrics, numbers, pauses
from candlewick.recorder.feed import KEY_FILE, Feed
from candlewick.recorder.introduction import BLOCKED_SECONDS, ExchangeClock, Waiting, keep_up, meet
from candlewick.recorder.live import LiveTape
from candlewick.recorder.numbering import Numbering
from candlewick.recorder.ring import Ring
from candlewick.recorder.roster import Roster
from candlewick.recorder.silence import LONGEST
from candlewick.recorder.watchdog import Watchdog
from candlewick.spans import Range
from candlewick.tape.backfiller import Backfiller
from candlewick.tape.checkpoint import Checkpoint
from candlewick.tape.coverage import Coverage
from candlewick.tape.klines import KlineFiller, over_by
from candlewick.tape.patrol import Patrol, inventory_path, note_path
from candlewick.tape.writer import Writer
from candlewick.trade import Kline, Trade

BUFFER_BYTES = 64_000_000
"""Live lines held in memory while the lake is slow; beyond, the sockets are cut and ids fill the hole later."""
BACKFILLS_AT_ONCE = 3
STOP_SECONDS = 5.0
ASKING_SHARE = 0.1
"""The part of the budget that asking about silent symbols may take."""
_TICK = 0.05

log = structlog.get_logger()


class Session:
    """One run of a recorder, from its checkpoint on."""

    def __init__(self, settings: Settings, lake: Lake, checkpoint: Checkpoint, lease: Lease | None = None) -> None:
        self.state = "starting"
        self._settings = settings
        self._roster = Roster(settings.symbols, settings.shard_of)
        self._is_first_start = checkpoint.seq == 0 and not checkpoint.history
        self._checkpoint = checkpoint
        self._coverages = {symbol: _coverage(checkpoint, symbol) for symbol in checkpoint.covered}
        self._batcher = Batcher(Limits(seconds=settings.flush_seconds))
        self._rest = Rest(settings.exchange.rest, WeightBudget(), proxy=settings.exchange.proxy)
        self._waiting = Waiting()
        self._clock = ExchangeClock(self._rest)
        self._inventory = Inventory(lake, settings.recorder, inventory_path(settings.state_path))
        self._writer = Writer(
            lake,
            checkpoint,
            settings.state_path,
            self._coverages,
            self._batcher,
            wall=self._clock.now_us,
            inventory=self._inventory,
            lease=lease,
        )
        self._lease = lease
        self._patrol = Patrol(self._inventory, self._coverages, self._writer, note_path(settings.state_path))
        self._rings: dict[str, Ring] = {}
        self._tapes: dict[str, LiveTape] = {}
        self._legs: list[list[Leg]] = []
        self._backfillers: dict[str, Backfiller] = {}
        self._klines = KlineFiller({}, self._rest, self._writer, self._minutes_wanted)
        self._is_paused = False
        self._heartbeat = Heartbeat(settings.run_path, "recorder")
        self._feed = Feed(
            settings.feed.host,
            settings.feed.port,
            self._rings,
            self.numbers,
            lambda: metrics.render(self.numbers()),
            origins=settings.feed.origins,
            key=_feed_key(settings),
        )
        if not self._roster.has_patterns:
            self._enlist(self._roster.resolve())

    async def run(self, stop: asyncio.Event) -> None:
        """Record until `stop` is set. Raises `CandlewickError` where it cannot."""
        async with self._rest, self._feed:
            writer = asyncio.create_task(self._writer.run(), name="writer")
            pulse = asyncio.create_task(self._beat(), name="heartbeat")
            memory = asyncio.create_task(pauses.remember(self._rest, self._checkpoint, self._writer), name="pauses")
            live = asyncio.create_task(self._live(), name="live")
            stopped = asyncio.create_task(stop.wait(), name="stop")
            await asyncio.wait({writer, pulse, memory, live, stopped}, return_when=asyncio.FIRST_COMPLETED)
            await self._finish(live, writer)
            await _cancel(pulse, memory, stopped)
        for task in (live, writer, pulse, memory):
            _raise_failure(task)
        self._heartbeat.stop()

    def numbers(self) -> dict[str, Any]:
        """Return what the heartbeat, `/health` and `/metrics` say."""
        offset = self._clock.offset_us
        waiting = self._waits_for()
        return {
            "state": "waiting" if waiting.problem else self.state,
            "waiting": {"problem": waiting.problem, "until": waiting.until} if waiting.problem else None,
            "symbols": {
                symbol: numbers.of_symbol(tape, self._backfillers.get(symbol), self._klines, offset)
                for symbol, tape in self._tapes.items()
            },
            "legs": numbers.of_legs([leg for legs in self._legs for leg in legs], offset),
            "weight": numbers.of_weight(self._rest.budget),
            "objects": self._writer.objects,
            "buffered_bytes": self._writer.buffered_bytes,
            "other_quote_amounts": self._rest.other_quote_amounts,
            "lake_failures": self._writer.failures_in_a_row,
            "lake": {
                "objects": self._inventory.objects,
                "bytes": self._inventory.size,
                "bytes_a_day": self._patrol.bytes_a_day,
            },
            "lost": self._patrol.found,
            "put_ms": round(self._writer.put_ms, 1),
            "clock_offset_ms": round(offset / 1_000, 1),
            "feed_port": self._feed.port,
            "feed_clients": self._feed.clients,
        }

    def _enlist(self, symbols: Sequence[str]) -> None:
        """Make what each symbol needs, and spread them over connections."""
        self._rings.clear()
        self._tapes.clear()
        for symbol in symbols:
            coverage = self._coverages.setdefault(symbol, _coverage(self._checkpoint, symbol))
            ring = self._rings[symbol] = Ring()
            self._tapes[symbol] = LiveTape(symbol, coverage, self._batcher, ring.push)
        wanted = {symbol: self._coverages[symbol] for symbol in symbols}
        self._klines = KlineFiller(wanted, self._rest, self._writer, self._minutes_wanted)
        attempts, groups = Attempts(), spread(symbols)
        self._legs = [self._legs_for(group, index / len(groups), attempts) for index, group in enumerate(groups)]

    async def _live(self) -> None:
        """Everything that asks the exchange; cancelled first when the recorder stops."""
        symbols = await self._meet()
        if symbols != tuple(self._tapes):
            self._enlist(symbols)
        self._want_history()
        self._watch_numbering()
        if self._is_first_start:
            await self._writer.save()  # how far back was promised, and that the exchange was met: kept from now on
        self._backfillers = self._new_backfillers()
        try:
            async with asyncio.TaskGroup() as group:
                for legs in self._legs:
                    group.create_task(self._watch(legs).run(), name="watch")
                    for leg in legs:
                        group.create_task(leg.run(), name=f"leg {leg.host}")
                for backfiller in self._backfillers.values():
                    group.create_task(backfiller.run(), name=f"backfill {backfiller.symbol}")
                group.create_task(self._klines.run(), name="candles")
                group.create_task(keep_up(self._rest, self._clock, symbols[0]), name="clock")
                group.create_task(self._tick(), name="tick")
                group.create_task(self._patrol.run(), name="patrol")
                group.create_task(self._keep_lease(), name="lease")
                await self._first_connection()
        except ExceptionGroup as group:
            if known := group.subgroup(CandlewickError):
                raise known.exceptions[0] from None
            raise

    async def _meet(self) -> tuple[str, ...]:
        """Meet the exchange, but not before a ban or a limit of an earlier run is over."""
        pauses.resume(self._checkpoint, self._rest.budget)
        return await meet(
            self._rest,
            self._clock,
            self._roster,
            self._settings.prefix,
            self._waiting,
            recorded=self._checkpoint.covered.keys() | self._checkpoint.history.keys(),
            blocked_seconds=0.0 if self._is_first_start else BLOCKED_SECONDS,
        )

    def _waits_for(self) -> Waiting:
        """What keeps it from recording, if anything does: the exchange was not met yet, or no leg can be opened."""
        if self._waiting.problem or self.state not in ("starting", "recording"):
            return self._waiting
        problems = [leg.problem for legs in self._legs for leg in legs]
        return Waiting(problems[0]) if all(problems) and problems else self._waiting

    async def _first_connection(self) -> None:
        """Wait for a stream; the legs go on trying, and say meanwhile why there is none."""
        openings = [asyncio.create_task(leg.opened.wait()) for legs in self._legs for leg in legs]
        try:
            await asyncio.wait(openings, return_when=asyncio.FIRST_COMPLETED)
        finally:  # a stop may come first
            await _cancel(*openings)
        self.state = "recording"
        log.info("recording", symbols=list(self._tapes), legs=sum(map(len, self._legs)), feed_port=self._feed.port)

    def _want_history(self) -> None:
        """Set how far back each symbol is to reach: from its first start, or further where that was asked for since.

        To the start of a minute: the first candle is a whole one, too.
        """
        reach = round(self._settings.history.total_seconds() * 1_000_000)
        for symbol in self._tapes:
            coverage = self._coverages[symbol]
            mark = coverage.history
            if mark is None:
                now = self._clock.now_us()
                origin = coverage.covered.last + 1 if coverage.covered else None
                coverage.history = HistoryMark(now, _whole_minute(now - reach), origin=origin)
            elif _whole_minute(mark.since - reach) < mark.target:
                coverage.history = HistoryMark(mark.since, _whole_minute(mark.since - reach), origin=mark.origin)

    def _watch_numbering(self) -> None:
        """Tell each tape by when all that is durable had been traded: by now, or where a replay begins anew, later."""
        last = names.parse(self._checkpoint.last_stream or "")
        traded_by = max(self._clock.now_us(), to_micros(last.at) if last else 0)
        for tape in self._tapes.values():
            if tape.coverage.covered:
                tape.numbering = Numbering(tape.coverage.covered.last, traded_by)

    def _minutes_wanted(self, symbol: str) -> Range:
        """From where history starts to the last minute that is over; none of a symbol that is stopped."""
        if symbol in self._tapes and self._tapes[symbol].stopped:
            return 0, -1
        mark = self._coverages[symbol].history
        first = minute_of(mark.target + MINUTE - 1) if mark else 0
        return first, over_by(self._clock.now_us()) if mark else -1

    def _new_backfillers(self) -> dict[str, Backfiller]:
        slots = asyncio.Semaphore(BACKFILLS_AT_ONCE)
        return {
            symbol: Backfiller(symbol, tape.coverage, self._rest, self._writer, slots)
            for symbol, tape in self._tapes.items()
        }

    def _legs_for(self, symbols: Sequence[str], position: float, attempts: Attempts) -> list[Leg]:
        """Two legs, on two hosts where two are configured, whose ages are half a life apart.

        `position` of the group among all (0 to 1) staggers the groups: no two connections end at the same time.
        """
        hosts = self._settings.exchange.streams
        twins = Twins()
        lives = [LIFE * share * (1 - position / 2) for share in (0.5, 1.0)]
        return [
            Leg(
                hosts[index % len(hosts)],
                symbols,
                self._deliver,
                first_life=life,
                attempts=attempts,
                proxy=self._settings.exchange.proxy,
                twins=twins,
            )
            for index, life in enumerate(lives)
        ]

    def _watch(self, legs: Sequence[Leg]) -> Watchdog:
        """Watch a group; the more symbols there are, the less often a silent one is asked about."""
        a_minute = self._rest.budget.budget * ASKING_SHARE / WEIGHTS["aggTrades"]
        longest = max(LONGEST, len(self._tapes) / a_minute * 60)
        tapes = [self._tapes[symbol] for symbol in legs[0].symbols]
        return Watchdog(tapes, legs, self._rest, self._clock, longest_silence=longest)

    def _deliver(self, event: bytes, decoded: Trade | Kline, received_at: int) -> None:
        """Take an event from a leg: the hot path."""
        tape = self._tapes.get(decoded.symbol)
        if tape is None:
            return
        now = time.monotonic()
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

    async def _keep_lease(self) -> None:
        """Renew the lease where nothing is written for long, too. Raises `LeaseError` where it is lost."""
        while self._lease is not None:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await asyncio.to_thread(self._lease.check)
            except LakeError as error:  # nothing is written either, till the lake is back
                log.warning("lease not renewed", problem=str(error))

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
            self._heartbeat.beat(**self.numbers())
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


def _feed_key(settings: Settings) -> str:
    """The key of the place that is kept at the feed; none where it cannot be kept, which is no reason not to record."""
    try:
        return key_in(settings.run_path / KEY_FILE)
    except ConfigError as error:
        log.warning("no place is kept at the feed", problem=str(error))
        return ""


def _coverage(checkpoint: Checkpoint, symbol: str) -> Coverage:
    return Coverage(
        checkpoint.covered.get(symbol, ()),
        checkpoint.declared.get(symbol, ()),
        checkpoint.history.get(symbol),
        checkpoint.minutes.get(symbol, ()),
    )


def _whole_minute(time_us: int) -> int:
    return time_us // MINUTE * MINUTE


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=STOP_SECONDS)


def _raise_failure(task: asyncio.Task[None]) -> None:
    if task.done() and not task.cancelled() and (failure := task.exception()):
        raise failure
