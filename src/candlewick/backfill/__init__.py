"""`candlewick backfill`: the days of a period into the lake, from Binance's archive and REST, in any order of runs.

It writes under a name of its own, `<recorder>-backfill`: its own chain of objects, its own checkpoint. So it runs
beside the recorder, and after a kill the same command goes on where it was. What any recorder of this data folder
holds is not fetched again.
"""

import asyncio
import signal
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date

from candlewick.backfill import candles
from candlewick.backfill.candles import CandleJob
from candlewick.backfill.held import reopen_lost
from candlewick.backfill.job import Job, Sealing
from candlewick.backfill.plan import Plan
from candlewick.backfill.planning import Planner, minutes_between
from candlewick.binance.archive import Archive
from candlewick.binance.budget import GIVING_WAY, WeightBudget
from candlewick.binance.rest import Rest
from candlewick.config import Settings
from candlewick.errors import ConfigError
from candlewick.lake.batch import Batcher, Limits
from candlewick.lake.inventory import Inventory
from candlewick.lake.lease import Lease, leased
from candlewick.lake.names import check_prefix
from candlewick.lake.objects import Lake
from candlewick.moments import day_of, now_us
from candlewick.process.heartbeat import Heartbeat
from candlewick.spans import Spans
from candlewick.tape.beside import coverages_of, settings_of
from candlewick.tape.checkpoint import Checkpoint, check_lake, lock, open_checkpoint
from candlewick.tape.coverage import Coverage
from candlewick.tape.patrol import inventory_path
from candlewick.tape.writer import Writer

AnyJob = Job | CandleJob
Showing = Callable[[AnyJob], AbstractContextManager[Callable[[], None]]]
"""What shows a job's progress: it is called now and then while the job runs."""

BEAT = "candles"
"""The heartbeat that tells how many of the exchange's own candles were fetched, and of how many."""
_WATCH_SECONDS = 0.2


@dataclass
class Outcome:
    """What a backfill did: `is_complete` is false where it was stopped.

    `declared` counts ids said not to exist, `withheld` those that exist and that no host gives.
    """

    is_complete: bool = True
    trades: int = 0
    declared: int = 0
    withheld: int = 0
    candles: int = 0
    objects: int = 0
    sealed: int = 0
    notes: list[str] = field(default_factory=list)


def run(
    settings: Settings,
    first: date,
    last: date,
    *,
    agree: Callable[[Plan], bool],
    watch: Showing,
    only_candles: bool = False,
    sealing: Sealing | None = None,
) -> Outcome | None:
    """Fetch the days `first..last` of the settings' symbols; None where `agree` says no to the plan.

    With `sealing`, a whole day of which nothing is held yet is sealed at once. With `only_candles` the exchange's own
    candles of those days, for charts, and no trades.
    Raises `CandlewickError` for what a user can act on.
    """
    own = settings_of(settings, "candles" if only_candles else "backfill")
    with lock(own.state_path):
        lake = Lake.open(own.lake_url, own.prefix, own.s3)
        check_lake(own.state_path, lake, own.recorder)
        lake.check_writable(own.recorder)
        with leased(lake, own.recorder, own.state_path.parent) as lease:
            checkpoint = open_checkpoint(own.state_path, lake, own.recorder)
            fetching = _Fetching(own, lake, lease, checkpoint, first, last, agree, watch, sealing)
            return asyncio.run(fetching.candles() if only_candles else fetching.trades())


@dataclass(frozen=True)
class _Fetching:
    """A fetch of the days `first..last`, of trades or of candles: None where `agree` says no to the plan."""

    settings: Settings
    lake: Lake
    lease: Lease
    checkpoint: Checkpoint
    first: date
    last: date
    agree: Callable[[Plan], bool]
    watch: Showing
    sealing: Sealing | None = None

    def _rest(self) -> Rest:
        exchange = self.settings.exchange
        return Rest(exchange.rest, WeightBudget(crowded=GIVING_WAY), proxy=exchange.proxy)

    async def trades(self) -> Outcome | None:
        settings, exchange = self.settings, self.settings.exchange
        async with self._rest() as rest, Archive(exchange.archive, proxy=exchange.proxy) as archive:
            exchange_now, last = await _meet(rest, settings, self.first, self.last)
            coverages = coverages_of(settings, self.checkpoint)
            wanted = {symbol: coverages[symbol] for symbol in settings.symbols}
            planner = Planner(rest, archive, wanted, self.checkpoint.days, exchange_now)
            plan = await planner.plan(self.first, last)
            inventory = Inventory(self.lake, settings.recorder, inventory_path(settings.state_path))
            lost = await asyncio.to_thread(reopen_lost, settings, self.lake, inventory, wanted, plan)
            if lost:
                plan = await planner.plan(self.first, last)
            if archive.is_demo:
                check_prefix(settings.prefix, is_demo=True)
            if not self.agree(plan):
                return None
            writer = self._writer(coverages, inventory)
            minutes = minutes_between(self.first, last, exchange_now)
            folder = settings.data / "tmp"
            job = Job(plan, minutes, wanted, self.checkpoint, rest, archive, writer, folder, self.sealing)
            held = _durable(wanted)
            with self.watch(job) as show:
                is_complete = await _work(job, writer, show)
            inventory.save()
            outcome = _outcome(job, writer, is_complete, _durable(wanted) - held - job.found)
            outcome.notes += [
                f"{symbol}: {ids.count:,} trades had been fetched before, and their objects were gone from the lake"
                for symbol, ids in lost.items()
            ]
            return outcome

    async def candles(self) -> Outcome | None:
        async with self._rest() as rest:
            exchange_now, last = await _meet(rest, self.settings, self.first, self.last)
            wanted = candles.coverages_of(self.settings, self.checkpoint)
            writer = self._writer(wanted)
            job = CandleJob(candles.quarters_between(self.first, last, exchange_now), wanted, rest, writer)
            if not self.agree(job.plan):
                return None
            with self.watch(job) as show:
                is_complete = await _work(job, writer, _told(job, show, Heartbeat(self.settings.run_path, BEAT)))
            return Outcome(is_complete, candles=writer.lines, objects=writer.objects, notes=job.notes)

    def _writer(self, coverages: Mapping[str, Coverage], inventory: Inventory | None = None) -> Writer:
        return Writer(
            self.lake,
            self.checkpoint,
            self.settings.state_path,
            coverages,
            Batcher(Limits()),
            announces=True,
            inventory=inventory,
            lease=self.lease,
        )


def _told(job: CandleJob, show: Callable[[], None], heartbeat: Heartbeat) -> Callable[[], None]:
    """What shows a job's progress, and leaves it for others to read where there is something to fetch."""
    fetched = -1

    def tell() -> None:
        nonlocal fetched
        show()
        done, total = job.progress
        if done != fetched and job.plan.minutes + done > 0:
            heartbeat.beat(done=done, total=total)
        fetched = done

    return tell


async def _meet(rest: Rest, settings: Settings, first: date, last: date) -> tuple[int, date]:
    """Return the exchange's clock (µs), and the last day that there is. Raises `CandlewickError`."""
    await rest.exchange_info(settings.symbols)
    check_prefix(settings.prefix, is_demo=rest.is_demo)
    exchange_now = now_us() + (await rest.server_time()).offset
    last = min(last, day_of(exchange_now))
    if first > last:
        raise ConfigError(f"--from: expected a day up to {last}, got {first}")
    return exchange_now, last


async def _work(job: AnyJob, writer: Writer, show: Callable[[], None]) -> bool:
    """Run job and writer to their end, or until a signal; what was handed in becomes durable either way."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    working = asyncio.create_task(job.run(), name="backfill")
    writing = asyncio.create_task(writer.run(), name="writer")
    stopped = asyncio.create_task(stop.wait(), name="stop")
    while not (working.done() or writing.done() or stopped.done()):
        await asyncio.wait({working, writing, stopped}, timeout=_WATCH_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        show()
    is_complete = working.done()
    stopped.cancel()
    working.cancel()
    await asyncio.wait({working})
    job.remember_wanted()
    writer.stop()
    await writing
    if is_complete:
        working.result()
    return is_complete


def _durable(coverages: dict[str, Coverage]) -> int:
    return sum(coverage.covered.count for coverage in coverages.values())


def _outcome(job: Job, writer: Writer, is_complete: bool, trades: int) -> Outcome:
    not_held = sum((each.wanted or Spans()).without(each.secured).count for each in job.coverages.values())
    declared = not_held - job.missing
    return Outcome(
        is_complete, trades, declared, job.withheld, objects=writer.objects, sealed=job.sealed, notes=job.notes
    )
