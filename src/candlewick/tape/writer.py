"""The one writer of a recorder: batches become objects, one after the other, in the order of the checkpoint.

Live batches and backfilled ones take turns, so `seq`, `prev` and `covered` of the manifests are one line of history.
A lake that is down is asked again, with growing pauses, for as long as it takes; meanwhile the live batch grows, and
whoever watches `buffered_bytes` cuts the sockets before it grows too far.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from candlewick.errors import LakeError, ObjectExistsError
from candlewick.lake import names
from candlewick.lake.batch import Batch, Batcher
from candlewick.lake.inventory import Inventory
from candlewick.lake.lease import Lease
from candlewick.lake.manifest import HistoryMark
from candlewick.lake.objects import Lake, pack
from candlewick.moments import now_us, to_micros
from candlewick.process.backoff import doubled
from candlewick.process.crashpoint import crashpoint
from candlewick.spans import Range, Spans
from candlewick.tape.checkpoint import Checkpoint
from candlewick.tape.coverage import Coverage

QUEUED_BACKFILLS = 2
LONGEST_WAIT = 10.0
ANNOUNCE_SECONDS = 20.0
"""An object of the past is followed by one of the present this soon, where no live trades do that."""
_POLL = 0.05

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Backfill:
    """A batch of trades or candles that were asked for; the times (µs) of its first and last one name its object."""

    batch: Batch
    first_at: int
    last_at: int


class Writer:
    """Writes objects and keeps the checkpoint. `coverages` hold every symbol the recorder ever had.

    Whoever lists only the newest objects finds those of the past by following the chain from a newer one. A writer
    that has no live trades `announces`: it writes an object without lines, named by the moment, now and then.
    `wall` tells that moment (µs): best the exchange's time, which no clock of a machine can lead astray.
    What is written is entered into the `inventory`, and only while the `lease` is held.
    """

    def __init__(
        self,
        lake: Lake,
        checkpoint: Checkpoint,
        state_path: Path,
        coverages: Mapping[str, Coverage],
        batcher: Batcher,
        *,
        announces: bool = False,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], int] = now_us,
        inventory: Inventory | None = None,
        lease: Lease | None = None,
    ) -> None:
        self.objects = 0
        self.lines = 0
        self.bytes = 0
        self.failures_in_a_row = 0
        self.put_ms = 0.0
        self.durable_at = 0
        self._lake = lake
        self._inventory = inventory
        self._lease = lease
        self._checkpoint = checkpoint
        self._state_path = state_path
        self._coverages = coverages
        self._batcher = batcher
        self._clock = clock
        self._wall = wall
        self._backfills: asyncio.Queue[Backfill] = asyncio.Queue(QUEUED_BACKFILLS)
        self._in_flight = 0
        self._is_backfills_turn = False
        self._is_stopping = False
        self._announces = announces
        is_announced = checkpoint.prev is not None and names.is_stream(checkpoint.prev)
        self._announce_at: float | None = clock() if announces and not is_announced else None
        self._saving = asyncio.Lock()
        self._next_save: asyncio.Task[None] | None = None
        self._rng = random.Random()

    @property
    def buffered_bytes(self) -> int:
        """Bytes of live lines that are not durable yet."""
        return self._batcher.batch.byte_count + self._in_flight

    async def backfill(self, backfill: Backfill) -> None:
        """Hand in a backfilled batch; waits while enough of them are queued."""
        await self._backfills.put(backfill)

    def take(self, symbol: str, trade_id: int, line: bytes) -> None:
        """Put the line of a trade into the next object of live trades."""
        self._batcher.add_trade(symbol, trade_id, line, self._clock())

    def declare(self, symbol: str, hole: Range, line: bytes) -> None:
        """Put the evidence that ids do not exist into the next object; with that one they are declared holes."""
        self._batcher.add_hole(symbol, hole, line, self._clock())

    def reopen(self, lost: Mapping[str, Spans]) -> None:
        """Take back what was said to be durable and is not: at once in a manifest, so that no restart believes it."""
        for symbol, ids in lost.items():
            self._coverages[symbol].reopen(ids)
        self._announce_at = self._clock()

    def adopt(self, symbol: str, ids: Spans, minutes: Spans) -> None:
        """Take over trades and candles that another has made durable; the next manifest says so."""
        if self._lease is not None:
            self._lease.check()
        coverage = self._coverages[symbol]
        for first, last in ids:
            coverage.secure(first, last)
        for first, last in minutes:
            coverage.minutes.secure(first, last)
        coverage.commit(ids)
        coverage.minutes.commit(minutes)
        self._checkpoint.minutes[symbol] = coverage.minutes.durable.ranges()  # manifests tell of those with candles
        if self._announce_at is None:
            self._announce_at = self._clock() + ANNOUNCE_SECONDS

    async def drained(self) -> None:
        """Wait until every backfilled batch that was handed in is durable."""
        await self._backfills.join()

    async def run(self) -> None:
        """Write whatever is due; after `stop`, write everything that is there and return."""
        while not self._is_stopping:
            if not await self._write_due():
                await asyncio.sleep(min(_POLL, self._batcher.due_in(self._clock()) or _POLL))
        while not self._backfills.empty():
            await self._write_backfill()
        if self._batcher.batch.lines or self._announce_at is not None:
            await self._write_live()

    def stop(self) -> None:
        """Let `run` come to its end."""
        self._is_stopping = True

    async def save(self) -> None:
        """Save the checkpoint as it is now: about history it may say more than the newest manifest.

        All who ask while it is being saved share the next time: hundreds of symbols that begin at once wait for two
        saves, and so does a live object among them.
        """
        if self._next_save is None:
            self._next_save = asyncio.create_task(self._save(), name="save")
        await asyncio.shield(self._next_save)

    async def _save(self) -> None:
        async with self._saving:
            self._next_save = None
            self._checkpoint.declared = self._declared({})
            self._checkpoint.history |= self._history()
            try:
                await asyncio.to_thread(self._checkpoint.save, self._state_path)
            except OSError as error:  # a cache: the lake has it all
                log.warning("checkpoint not saved", path=str(self._state_path), problem=str(error))

    async def _write_due(self) -> bool:
        """Write one object where one is due, taking turns; return whether there was one."""
        now = self._clock()
        is_announcement_due = self._announce_at is not None and self._announce_at <= now
        is_live_due = is_announcement_due or self._batcher.due_in(now) == 0.0
        has_backfill = not self._backfills.empty()
        if not is_live_due and not has_backfill:
            return False
        if has_backfill and (self._is_backfills_turn or not is_live_due):
            self._is_backfills_turn = False
            await self._write_backfill()
        else:
            self._is_backfills_turn = True
            await self._write_live()
        return True

    async def _write_live(self) -> None:
        batch = self._batcher.cut()
        self._in_flight = batch.byte_count
        self._announce_at = None
        await self._write(batch, self._live_name)
        self._in_flight = 0

    async def _write_backfill(self) -> None:
        backfill = self._backfills.get_nowait()
        attempts = iter(range(1_000))
        # The same ids under a name that is taken: an object that this checkpoint does not know. Take another.
        await self._write(backfill.batch, lambda: self.name_of(backfill, next(attempts)), is_noted=True)
        self._backfills.task_done()
        if self._announces and self._announce_at is None:
            self._announce_at = self._clock() + ANNOUNCE_SECONDS

    def name_of(self, backfill: Backfill, salt: int = 0) -> str:
        """Return the name of a backfill's object: the same trades and candles, the same name."""
        ids = {symbol: spans.ranges() for symbol, spans in backfill.batch.ids.items()}
        ids |= {f"{symbol} minutes": spans.ranges() for symbol, spans in backfill.batch.minutes.items()}
        ids |= {f"again {salt}": [(salt, salt)]} if salt else {}
        recorder = self._checkpoint.recorder
        return names.backfill(self._lake.prefix, recorder, backfill.first_at, backfill.last_at, ids)

    def _live_name(self) -> str:
        """Name a live object by now, but always behind the one before."""
        last = names.parse(self._checkpoint.last_stream or "")
        after = to_micros(last.at) + 1 if last else 0
        return names.stream(self._lake.prefix, self._checkpoint.recorder, max(self._wall(), after))

    async def _write(self, batch: Batch, name_it: Callable[[], str], *, is_noted: bool = False) -> None:
        """Make a batch durable, then move the checkpoint: never the other way round."""
        crashpoint("after receive")
        manifest = batch.manifest(
            recorder=self._checkpoint.recorder,
            seq=self._checkpoint.seq + 1,
            prev=self._checkpoint.prev,
            created=now_us(),
            covered={symbol: coverage.covered for symbol, coverage in self._coverages.items()},
            declared=self._declared(batch.holes),
            minutes={symbol: coverage.minutes.durable for symbol, coverage in self._coverages.items()},
            history=self._history(),
        )
        content = await asyncio.to_thread(pack, batch.lines, manifest)
        name = await self._put_until_durable(content, name_it, is_noted=is_noted)
        crashpoint("after put")
        if self._inventory is not None:
            self._inventory.wrote(name, len(content), manifest)
        for symbol, ids in batch.ids.items():
            self._coverages[symbol].commit(ids)
        for symbol, minutes in batch.minutes.items():
            self._coverages[symbol].minutes.commit(minutes)
        for symbol, holes in batch.holes.items():
            self._coverages[symbol].proven.update(holes)
        self._checkpoint.follow(name, manifest)
        await self.save()
        crashpoint("after checkpoint")
        self.objects += 1
        self.lines += len(batch.lines)
        self.bytes += len(content)
        self.durable_at = now_us()

    def _declared(self, holes: Mapping[str, Spans]) -> dict[str, list[Range]]:
        """Return the declared ids of every symbol, those of `holes` with them."""
        declared = {symbol: each.declared_with(holes.get(symbol)) for symbol, each in self._coverages.items()}
        return {symbol: ranges for symbol, ranges in declared.items() if ranges}

    def _history(self) -> dict[str, HistoryMark]:
        return {symbol: each.history for symbol, each in self._coverages.items() if each.history}

    async def _put_until_durable(self, content: bytes, name_it: Callable[[], str], *, is_noted: bool) -> str:
        """Put an object under the first free name, however long the lake is down; return the name."""
        name = name_it()
        while True:
            if is_noted and self._checkpoint.writing != name:
                # A live object is found by its time after a kill; a backfill object only if its name was noted.
                self._checkpoint.writing = name
                await self.save()
            started = self._clock()
            try:
                if await asyncio.to_thread(self._put, name, content):
                    self.put_ms = (self._clock() - started) * 1_000
                    self.failures_in_a_row = 0
                    return name
                name = name_it()
            except LakeError as error:
                await self._wait_for_lake(error)

    def _put(self, name: str, content: bytes) -> bool:
        """Put an object; False where another object has the name.

        The first put may have succeeded although its answer was lost: compare before calling the name taken.
        """
        crashpoint("before put")
        if self._lease is not None:
            self._lease.check()
        try:
            self._lake.put_absent(name, content)
        except ObjectExistsError:
            if self._lake.get(name) != content:
                log.error("name taken by another object", name=name)
                return False
        return True

    async def _wait_for_lake(self, error: LakeError) -> None:
        wait = doubled(0.25, self.failures_in_a_row, LONGEST_WAIT) * self._rng.uniform(0.5, 1.0)
        self.failures_in_a_row += 1
        log.error("lake not written, trying again", problem=str(error), wait_seconds=round(wait, 2))
        await asyncio.sleep(wait)
