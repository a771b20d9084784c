"""One installation for a long time: recorder, lake in a folder, warehouse, sealing and retention, on virtual time.

It is awake for a minute and a half now and then, and its clocks jump over the time between: what was traded then it
asks for by id, as after any pause. So a year takes minutes, and each of its days has all trades and all candles.
"""

import asyncio
import contextvars
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from candlewick.config import Settings
from candlewick.config.sections import ExchangeSettings, FeedSettings, RetentionSettings
from candlewick.fake_binance.faults import Script
from candlewick.fake_binance.server import pace, player
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.fake_binance.server.server import Exchange
from candlewick.lake import objects
from candlewick.lake.lease import Lease, leased
from candlewick.lake.objects import Lake
from candlewick.moments import day_of, now_us
from candlewick.process import chore
from candlewick.process.sparing import spare_pandas
from candlewick.recorder import session
from candlewick.seal import keeping
from candlewick.supervisor import child
from candlewick.supervisor.child import Child
from candlewick.tape import checkpoint
from candlewick.warehouse.duckdb import intake
from candlewick.warehouse.duckdb.pipeline import Pipeline
from simulation.clock import CLOCK
from simulation.machine import MACHINE, Machine
from simulation.world import PREFIX

SYMBOL = "BTCDEMO"
AWAKE_SECONDS = 90.0
WAKES_WITHIN = 1_800.0
"""Virtual seconds until what was traded while it slept is there."""
TICK = 1.0
"""How finely recorder and exchange look at the clock; with 10 and 50 ms most of the time would go there."""
LOG_LIMIT = 100_000
"""Bytes at which a log is emptied here: a thin market never fills the 20 MB of a real one."""
ROUNDS = 8
"""Cycles of the warehouse while it is awake: more than it takes until nothing is owed."""


class _Datetime(datetime):
    """A `datetime` whose `now` is the simulation's: classes cannot be told otherwise."""

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return datetime.fromtimestamp(CLOCK.time(), UTC)


@dataclass
class Work:
    """What was done since it was asked last: CPU seconds by kind of work, days sealed, objects let go, renewals."""

    cpu: dict[str, float] = field(default_factory=lambda: {"record": 0.0, "warehouse": 0.0, "seal": 0.0})
    sealed: int = 0
    unsealed: list[str] = field(default_factory=list)
    renewed: int = 0


class _CountedLease(Lease):
    """A lease that counts how often it was renewed."""

    renewed = 0

    def renew(self) -> None:
        super().renew()
        self.renewed += 1


class Installation:
    """All of one machine; made inside the virtual loop. `rate` in trades/s."""

    def __init__(self, home: Path, *, rate: float, raw: timedelta, seed: int) -> None:
        self.work = Work()
        self.exchange = Exchange(
            ExchangeOptions(port=0, seed=seed, symbols=(f"{SYMBOL}={rate}",), history=timedelta(hours=1)), Script()
        )
        self._home, self._raw, self._seed = home, raw, seed
        self._whole_from = day_of(now_us())  # the tape begins in the day before
        self._parts = ExitStack()
        self._machine = Machine(random.Random(seed))
        self._stop = asyncio.Event()
        self._logs: dict[str, Child] = {}
        self.settings: Settings
        self.lease: Lease
        self.pipeline: Pipeline
        self.session: session.Session

    async def open(self) -> None:
        """Let the exchange begin, then everything else."""
        pace._LONGEST_NAP = player._TICK = session._TICK = TICK
        intake.datetime = objects.datetime = _Datetime  # type: ignore[attr-defined]
        child.LOG_LIMIT_BYTES = LOG_LIMIT
        spare_pandas()  # as the warehouse's process and the sealing's do
        await self.exchange.start()
        self.settings = self._settings()
        self.settings.state_path.parent.mkdir(parents=True, exist_ok=True)
        self._parts.enter_context(_logged(self._log("recorder")))
        self._context = contextvars.copy_context()
        self._context.run(MACHINE.set, self._machine)
        self._task = self._context.run(self._begin)
        await self._until(lambda: self.session.state == "recording")
        self.pipeline = self._parts.enter_context(Pipeline.open(self.settings))

    async def close(self) -> None:
        """Stop everything as a signal does."""
        self._stop.set()
        await self._task
        while self._machine.threads:  # noqa: ASYNC110 (virtual time: nobody is kept from work)
            await asyncio.sleep(0.01)
        self._parts.close()
        await self.exchange.stop()

    async def live(self, seconds: float) -> None:
        """Be awake for a while, catch up, load, seal what is due, let go what may go; then sleep till `seconds` on."""
        began = CLOCK.now
        with self._counting("record"):
            await asyncio.sleep(AWAKE_SECONDS)
            head = self.exchange.head(SYMBOL)
            await self._until(lambda: self._has_all(head))
        with self._counting("warehouse"):
            self._run_warehouse()
        with self._counting("seal"):
            self._seal()
        for each in self._logs.values():
            each.rotate_log()
        await self._fall_asleep()
        CLOCK.now = max(CLOCK.now, began + seconds)

    def take(self) -> Work:
        """Return what was done since the last time, and begin to count anew."""
        assert isinstance(self.lease, _CountedLease)
        self.work.renewed, self.lease.renewed = self.lease.renewed, 0
        done, self.work = self.work, Work()
        return done

    def _settings(self) -> Settings:
        port = self.exchange.port
        return Settings(
            data=self._home,
            symbols=(SYMBOL,),
            prefix=PREFIX,
            history=timedelta(hours=1),
            exchange=ExchangeSettings(
                streams=tuple(f"ws://127.0.0.{host}:{port}" for host in (1, 2)),
                rest=tuple(f"http://127.0.0.{host}:{port}" for host in (1, 2)),
            ),
            feed=FeedSettings(port=0),
            retention=RetentionSettings(raw=self._raw),
        )

    def _begin(self) -> asyncio.Task[None]:
        settings, lake = self.settings, Lake.open(self.settings.lake_url, self.settings.prefix)
        lake.check_writable(settings.recorder)
        self.lease = self._parts.enter_context(leased(lake, settings.recorder, settings.state_path.parent))
        self.lease.__class__ = _CountedLease
        state = checkpoint.open_checkpoint(settings.state_path, lake, settings.recorder)
        self.session = session.Session(settings, lake, state, self.lease)
        return asyncio.get_running_loop().create_task(self.session.run(self._stop))

    def _has_all(self, head: int) -> bool:
        coverage = self.session._coverages[SYMBOL]
        ids = coverage.covered
        said = self.session.numbers()["symbols"][SYMBOL]
        return bool(ids) and len(ids) == 1 and ids.last >= head and not said["candles_missing"]

    async def _fall_asleep(self) -> None:
        """Lose all connections, as a machine that sleeps for hours does."""
        for end in list(self._machine.ends):
            end.sever()
        await asyncio.sleep(0.1)

    async def _until(self, condition: Callable[[], bool]) -> None:
        deadline = CLOCK.now + WAKES_WITHIN
        while not condition():
            self.exchange.check()
            if self._task.done():
                self._task.result()
                raise AssertionError("the recorder ended by itself")
            assert CLOCK.now < deadline, f"waited {WAKES_WITHIN:.0f} s in vain: {self.session.numbers()}"
            await asyncio.sleep(1.0)

    def _run_warehouse(self) -> None:
        for _ in range(ROUNDS):
            while self.pipeline.cycle() or self.pipeline.is_catching_up:
                CLOCK.now += 0.5
            CLOCK.now += 15.0
        _date(self.settings.mart_path)

    def _seal(self) -> None:
        log_file = self._log("seal").log_file
        if log_file.exists() and log_file.stat().st_size > chore._LARGEST_LOG:
            log_file.replace(log_file.with_suffix(".log.1"))
        for finding in keeping.seal_days(self.settings, None, None, lambda *_: None, asks=False, waits=True):
            if finding.state == "sealed":
                self.work.sealed += 1
            elif finding.day >= self._whole_from:
                self.work.unsealed.append(f"{finding.day}: {finding.reason}")

    def _log(self, name: str) -> Child:
        if name not in self._logs:
            log_file = self.settings.log_path / f"{name}.log"
            log_file.parent.mkdir(parents=True, exist_ok=True)
            self._logs[name] = Child(name, (), log_file, self.settings.run_path)
        return self._logs[name]

    @contextmanager
    def _counting(self, kind: str) -> Iterator[None]:
        began = time.process_time()
        yield
        self.work.cpu[kind] += time.process_time() - began


@contextmanager
def _logged(process: Child) -> Iterator[None]:
    """Let what is logged be appended to a file, as a child's standard error is."""
    before = structlog.get_config()
    with process.log_file.open("a") as file:
        structlog.configure(
            processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
            wrapper_class=structlog.make_filtering_bound_logger(20),
            logger_factory=structlog.PrintLoggerFactory(file),
            cache_logger_on_first_use=False,
        )
        try:
            yield
        finally:
            structlog.configure(**before)


def _date(folder: Path) -> None:
    """Date new files by the virtual clock: whether a file is at rest is told by its age."""
    now = CLOCK.time()
    for path in folder.rglob("*"):
        if path.stat().st_mtime > now:
            os.utime(path, (now, now))
