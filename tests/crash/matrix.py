"""A Candlewick whose processes are killed while a market is replayed to it, and what is left in the end.

The recorder and the warehouse are killed at the same time, each by a thread of its own: what one leaves, the other
comes upon. In the end they are left alone until all is there, and then SILVER and GOLD are compared, row by row, with
those of a run that nobody killed.
"""

import random
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import msgspec

from candlewick.config import Settings
from candlewick.config.sections import DuckDBSettings, ExchangeSettings, FeedSettings
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.lake.objects import Lake
from candlewick.process import heartbeat
from crash import processes
from crash.market import SYMBOLS, Tape
from e2e.stack import free_port, wait_until
from warehouse.contents import contents

Contents = dict[str, list[tuple[object, ...]]]

RECORDER_STEPS = {
    "after receive": "trades received, none of them in the lake",
    "before put": "an object is packed, nothing of it written",
    "mid-put": "an object is durable under a passing name",
    "after put": "an object is durable, the checkpoint says nothing of it",
    "replacing r1.state.json": "a checkpoint is written, but not in its place",
    "after checkpoint": "a checkpoint is in its place",
}
WAREHOUSE_STEPS = {
    "mid-load": "rows of objects are inserted, their names and their trades in SILVER are not",
    "before commit": "a load is done, but not committed",
    "after commit": "a load is committed with its trades in SILVER, no candle is made",
    "mid-dbt": "the first models of a run are done, the others are not",
    "mid-publish": "files of a new version are written, no version names them",
    "replacing CURRENT": "a version is complete, but not in its place",
}
REBUILD_STEPS = {
    "mid-rebuild": "a part of the lake is in the new warehouse",
    "before swap": "the new warehouse is whole, the old one in its place",
    "after swap": "the new warehouse is in its place, nothing of it published",
}
"""The steps (see `candlewick.process.crashpoint`), and what is done then and what is not."""

DEADLINE = 240.0
PATIENCE = 600.0
"""For a market to come to its end, in seconds."""
_PROCESSES = {"record": "the recorder", "own": "the warehouse"}


class DiedError(AssertionError):
    """A process that ended in another way than it was to."""


@dataclass
class Run:
    """One home, one exchange that replays a tape at a speed (0: as fast as it is taken), and the processes."""

    home: Path
    tape: Tape
    speed: float
    settings: Settings = field(init=False)
    kills: dict[str, int] = field(default_factory=dict)
    _exchange: BaseProcess | None = None

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True)
        port = free_port()
        url = f"127.0.0.1:{port}"
        self._options = ExchangeOptions(
            port=port, replay=self.tape.capture, speed=self.speed, weight_limit=1_000_000, run_path=self.home / "run"
        )
        self.settings = Settings(
            data=self.home,
            symbols=SYMBOLS,
            prefix="demo",
            timezone="UTC",
            flush_seconds=0.2,
            exchange=ExchangeSettings(streams=(f"ws://{url}",), rest=(f"http://{url}",), archive=f"http://{url}"),
            feed=FeedSettings(port=free_port()),
            duckdb=DuckDBSettings(cycle_seconds=0.2),
        )

    @contextmanager
    def replaying(self) -> Iterator["Run"]:
        """Let the exchange listen; its time begins with the first client."""
        self._exchange = self._start(processes.serve, self._options)
        try:
            wait_until(lambda: bool(self._exchange_says()), "the exchange to listen", DEADLINE)
            yield self
        finally:
            self._exchange.terminate()
            processes.has_ended(self._exchange)

    @property
    def is_over(self) -> bool:
        """Whether the market has come to its end."""
        return self._exchange_says().get("state") == "finished"

    def kill_at(self, command: Callable[[Settings], None], delay: float) -> None:
        """Start a process and kill it after so many seconds."""
        process = self._start(command, self.settings)
        processes.has_ended(process, delay)
        process.kill()
        self._buried(process, command, f"{_PROCESSES[command.__name__]} at a random instant")

    def crash_at(self, command: Callable[[Settings], None], step: str, number: int) -> None:
        """Start a process that kills itself at its `number`th pass of a step."""
        process = self._start(command, self.settings, f"{step}:{number}")
        if not processes.has_ended(process, DEADLINE):
            process.kill()
            raise DiedError(f"{command.__name__} did not come to {step!r} {number} times in {DEADLINE:g} s")
        self._buried(process, command, step)

    @contextmanager
    def recording(self) -> Iterator[BaseProcess]:
        """Let a recorder run, and end it in good order."""
        recorder = self._start(processes.record, self.settings)
        wait_until(lambda: self._beat(recorder).get("state") == "recording", "the recorder to record", DEADLINE)
        try:
            yield recorder
        finally:
            recorder.terminate()
            self._ended(recorder)

    def settle(self) -> None:
        """Leave the processes alone until all trades are there; then end them in good order."""
        with self.recording() as recorder:
            wait_until(lambda: self._has_all(recorder) or processes.has_ended(recorder, 0), "all trades", PATIENCE)
        self.publish()

    def publish(self) -> float:
        """Let the warehouse come to its end; how many seconds that took."""
        started = time.monotonic()
        self._ended(self._start(processes.own_once, self.settings))
        return time.monotonic() - started

    def rebuild(self) -> None:
        """Make the warehouse anew from the lake."""
        self._ended(self._start(processes.rebuild, self.settings))

    def contents(self) -> Contents:
        """All rows of SILVER and GOLD; of the gaps those that are not filled: a kill may leave one for a moment."""
        tables = contents(self.settings.mart_path)
        return tables | {"gold.tape_gaps": [row for row in tables["gold.tape_gaps"] if "filled" not in row]}

    def copies(self) -> int:
        """How many lines of the lake are a second copy of a trade. Raises `AssertionError` where one is lost."""
        lake = Lake.open(self.settings.lake_url, self.settings.prefix)
        ids: dict[str, list[int]] = {symbol: [] for symbol in SYMBOLS}
        for item in lake.list_all():
            for line in lake.read_object(item.name).lines:
                event = msgspec.json.decode(line)
                if event["e"] == "trade":
                    ids[event["s"]].append(event["t"])
        for symbol, (first, last) in self.tape.ids.items():
            lost = set(range(first, last + 1)) - set(ids[symbol])
            assert not lost, f"{symbol}: {len(lost)} trades are not in the lake: {sorted(lost)[:5]}"
        return sum(len(each) - len(set(each)) for each in ids.values())

    def _start(self, command: Callable[[Any], None], options: object, crash_at: str = "") -> BaseProcess:
        return processes.start(command, options, self.home / f"{command.__name__}.log", crash_at)

    def _buried(self, process: BaseProcess, command: Callable[[Settings], None], how: str) -> None:
        processes.has_ended(process)
        if process.exitcode != -signal.SIGKILL:
            raise DiedError(f"{command.__name__} ended with {process.exitcode}: {self._log_of(process)}")
        self.kills[how] = self.kills.get(how, 0) + 1

    def _ended(self, process: BaseProcess) -> None:
        if not processes.has_ended(process, DEADLINE) or process.exitcode != 0:
            process.kill()
            raise DiedError(f"{process.name} ended with {process.exitcode}: {self._log_of(process)}")

    def _log_of(self, process: BaseProcess) -> str:
        return (self.home / f"{process.name}.log").read_text()[-2_000:]

    def _exchange_says(self) -> dict[str, Any]:
        return heartbeat.read(self.home / "run", "exchange") or {}

    def _beat(self, recorder: BaseProcess) -> dict[str, Any]:
        """What this very recorder said last, and not one that was killed."""
        beat = heartbeat.read(self.settings.run_path, "recorder") or {}
        return beat if beat.get("pid") == recorder.pid else {}

    def _has_all(self, recorder: BaseProcess) -> bool:
        symbols = self._beat(recorder).get("symbols", {})
        covered = {symbol: numbers["covered"] for symbol, numbers in symbols.items()}
        return covered == {symbol: [[first, last]] for symbol, (first, last) in self.tape.ids.items()}


def uninterrupted(home: Path, tape: Tape) -> Contents:
    """What is there in the end where nobody kills."""
    with Run(home, tape, speed=0).replaying() as run:
        run.settle()
        return run.contents()


def at_random(run: Run, rng: random.Random, kills: int, once: float) -> None:
    """Kill recorder and warehouse again and again, until there are so many kills or the market is over.

    `once` is how many seconds it takes to start and end a warehouse. One lives for up to twice that, a recorder, which
    starts faster, for half of it: some die while they start, some while they work.
    """

    def kill(command: Callable[[Settings], None], delays: random.Random, longest: float) -> None:
        while sum(run.kills.values()) < kills and not run.is_over:
            run.kill_at(command, delays.uniform(0, longest))

    seeds = rng.random(), rng.random()
    beside(
        lambda: kill(processes.record, random.Random(seeds[0]), once / 2),
        lambda: kill(processes.own, random.Random(seeds[1]), once * 2),
    )


def at_each_step(run: Run, *, recorder: Sequence[int], warehouse: Sequence[int]) -> None:
    """Have both processes die at each of their named steps, each at some passes of its own: 2 is the second.

    A recorder that has died often enough goes on without dying, for as long as the warehouse needs something to load.
    """
    with ThreadPoolExecutor(1) as threads:
        dying = threads.submit(_die_at_each, run, processes.own, WAREHOUSE_STEPS, warehouse)
        _die_at_each(run, processes.record, RECORDER_STEPS, recorder)
        with run.recording():
            dying.result()


def _die_at_each(run: Run, command: Callable[[Settings], None], steps: Iterable[str], passes: Iterable[int]) -> None:
    for number in passes:
        for step in steps:
            run.crash_at(command, step, number)


def while_rebuilding(run: Run, expected: Contents) -> None:
    """Have a rebuild die at each of its named steps; the old warehouse or the new one is there then, and whole."""
    for step in REBUILD_STEPS:
        run.crash_at(processes.rebuild, step, 1)
        run.publish()
        differences = compare(run.contents(), expected)
        assert not differences, f"after a rebuild that was killed at {step!r}: {differences}"
    run.rebuild()


def compare(found: Contents, expected: Contents) -> list[str]:
    """How two warehouses differ: a line for each table, with some of its rows."""
    differences = []
    for table, rows in expected.items():
        wrong, absent = set(found[table]) - set(rows), set(rows) - set(found[table])
        if found[table] != rows:
            some = f"such as {next(iter(wrong), None)} for {next(iter(absent), None)}"
            differences.append(f"{table}: {len(found[table])} rows for {len(rows)}, {len(wrong)} of them wrong, {some}")
    return differences


def beside(*tasks: Callable[[], object]) -> None:
    """Run tasks at the same time. Raises the first failure."""
    with ThreadPoolExecutor(len(tasks)) as threads:
        for future in as_completed([threads.submit(task) for task in tasks]):
            future.result()
