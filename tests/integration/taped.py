"""A real recorder on a faulty exchange over real sockets, and what it left in its lake, beside the truth."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from candlewick.binance import rest, stream
from candlewick.config import Settings
from candlewick.config.sections import ExchangeSettings, FeedSettings
from candlewick.fake_binance.faults import Fault, Schedule, Script
from candlewick.fake_binance.server import wire
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.fake_binance.server.server import Exchange
from candlewick.fake_binance.server.wire import Unit
from candlewick.lake.objects import Lake
from candlewick.recorder import introduction, session, silence
from candlewick.recorder import watchdog as watch
from candlewick.recorder.session import Session
from candlewick.spans import Spans
from candlewick.tape import backfiller as backfill
from candlewick.tape import checkpoint, doubts, inquiries

SYMBOL = "BTCDEMO"
DEADLINE = 60.0

QUICK = {
    (stream, "FIRST_WAIT"): 0.1,
    (stream, "LONGEST_WAIT"): 0.5,
    (stream, "_OVERLAP"): 1.0,
    (stream, "_TICK"): 0.05,
    (watch, "CHECK_SECONDS"): 0.5,
    (watch, "LAG_LIMIT_US"): 2_000_000,
    (watch, "REPLACE_AT_MOST_EVERY"): 1.0,
    (watch, "_TICK"): 0.1,
    (silence, "SILENT"): 1.0,
    (silence, "DEAF_CHECKS"): 6,
    (silence, "PARTNER_FRAMES"): 2,
    (doubts, "FIRST_WAIT"): 0.2,
    (doubts, "LONGEST_WAIT"): 0.5,
    (doubts, "LONGEST_PAUSE"): 1.0,
    (inquiries, "FIRST_WAIT"): 1.0,
    (introduction, "CLOCK_SECONDS"): 1.0,
    (introduction, "LIMITS_SECONDS"): 2.0,
    (rest, "_TIMEOUT"): aiohttp.ClientTimeout(total=2.0, sock_connect=1.0),
    (session, "Leg"): partial(stream.Leg, silence=2.0),
    (session, "Backfiller"): partial(backfill.Backfiller, confirm_after=1.0),
}
"""The recorder's patience, in seconds where it is minutes; its rules are the same."""


@dataclass
class Tape:
    """What a lake holds of one symbol: its lines by id, and what its newest manifest declares.

    `last` is the newest id that must be there: what came behind it, at the stop, may have holes that the next start
    would fill.
    """

    last: int
    lines: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    declared: Spans = field(default_factory=Spans)
    covered: Spans = field(default_factory=Spans)
    seq: int = 0

    @classmethod
    def read(cls, lake: Lake, last: int) -> "Tape":
        """Read every object."""
        tape = cls(last)
        for item in lake.list_all():
            each = lake.read_object(item.name)
            for line in map(json.loads, each.lines):
                if line["e"] == "trade":
                    tape.lines.setdefault(line["t"], []).append(line)
            if each.manifest.seq > tape.seq:
                tape.seq = each.manifest.seq
                tape.declared = Spans(each.manifest.declared.get(SYMBOL, ()))
                tape.covered = Spans(each.manifest.covered.get(SYMBOL, ()))
        return tape

    @property
    def ids(self) -> Spans:
        """The ids that are there."""
        return Spans((trade_id, trade_id) for trade_id in self.lines)


class Taping:
    """An exchange and a recorder at work, as an async context manager; then `tape` and `truth`."""

    def __init__(self, home: Path, schedule: Schedule | None = None, *, rate: float = 60.0, **settings: Any) -> None:
        self.script = Script(schedule)
        options = ExchangeOptions(
            port=0, symbols=(SYMBOL,), rate=rate, history=timedelta(hours=1), weight_limit=100_000, ping_seconds=0.5
        )
        self.exchange = Exchange(options, self.script)
        self.home = home
        self.settings = settings
        self.lake: Lake
        self.session: Session
        self._stop: asyncio.Event
        self._task: asyncio.Task[None]

    async def __aenter__(self) -> "Taping":
        await self.exchange.start()
        self.start_recorder()
        await self.until(lambda: self.of["history"]["done"] and self.legs_open == 2, "a tape that has begun")
        return self

    def start_recorder(self) -> None:
        """Start a recorder where the one before, if there was one, came to."""
        settings = Settings(
            data=self.home,
            symbols=(SYMBOL,),
            prefix="demo",
            history="0s",
            flush_seconds=0.2,
            exchange=ExchangeSettings(streams=(self.exchange.ws_url,), rest=(self.exchange.rest_url,)),
            feed=FeedSettings(port=0),
            **self.settings,
        )
        self.lake = Lake.open(settings.lake_url, settings.prefix, settings.s3)
        state = checkpoint.open_checkpoint(settings.state_path, self.lake, settings.recorder)
        self.session, self._stop = Session(settings, self.lake, state), asyncio.Event()
        self._task = asyncio.create_task(self.session.run(self._stop))

    async def stop_recorder(self) -> None:
        """Stop the recorder as a signal does."""
        self._stop.set()
        await self._task

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await asyncio.wait([self._task], timeout=30)
        await self.exchange.stop()

    @property
    def of(self) -> dict[str, Any]:
        """What the recorder says about its symbol."""
        return self.session.numbers()["symbols"][SYMBOL]

    @property
    def legs(self) -> list[dict[str, Any]]:
        """What the recorder says about its legs."""
        return self.session.numbers()["legs"]

    @property
    def legs_open(self) -> int:
        """How many legs are connected."""
        return sum(leg["state"] == "open" for leg in self.legs)

    def inject(self, *faults: Fault) -> list[Any]:
        """Begin faults; return their entries in the journal."""
        return self.script.inject(*faults)

    async def until(self, condition: Callable[[], object], what: str, seconds: float = DEADLINE) -> None:
        """Wait for a condition; where it does not come, say what was waited for, and which faults there were."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self._task.done():
                self._task.result()
            assert time.monotonic() < deadline, f"waited in vain for {what}\n{self.script.journal}\n{self.of}"
            await asyncio.sleep(0.02)

    async def trades(self, count: int) -> None:
        """Let so many trades happen."""
        target = self.exchange.head(SYMBOL) + count
        await self.until(lambda: self.exchange.head(SYMBOL) >= target, f"{count} trades")

    async def complete(self) -> Tape:
        """Wait until the faults are over and all that was traded meanwhile is durable; stop, and read the lake."""
        await self.until(lambda: self.script.is_quiet, "the end of the faults")
        return await self.caught_up()

    async def caught_up(self) -> Tape:
        """Wait until all that was traded is durable, whatever faults there are; stop, and read the lake."""
        await self.trades(30)
        head = self.exchange.head(SYMBOL)
        await self.until(lambda: self._has_all(head), f"all trades up to {head}")
        objects = self.session.numbers()["objects"]
        await self.until(lambda: self.session.numbers()["objects"] > objects, "a manifest that says so")
        await self.stop_recorder()
        return Tape.read(self.lake, head)

    def _has_all(self, head: int) -> bool:
        coverage = self.session._coverages[SYMBOL]
        ids = coverage.covered.copy()
        for first, last in coverage.declared:
            ids.add(first, last)
        return len(ids.ranges()) == 1 and ids.last >= head

    def truth(self, tape: Tape) -> dict[int, dict[str, Any]]:
        """Return the exchange's own events from the first id of a tape to its last one."""
        trades = self.exchange.market.trades(SYMBOL, tape.ids.first, tape.last)
        events = (json.loads(payload) for _, payload in wire.trade_events(trades, Unit.MICROSECOND))
        return {event["t"]: event for event in events}

    def check(self, tape: Tape) -> None:
        """The tape is the truth: each trade once, in all its fields; and what is missing is what does not exist."""
        truth, journal = self.truth(tape), f"\n{self.script.journal}"
        lines = {trade_id: lines for trade_id, lines in tape.lines.items() if trade_id <= tape.last}
        for ids, what in ((truth.keys() - lines, "not in the lake"), (lines.keys() - truth, "never traded")):
            assert not ids, f"{what}: {Spans((each, each) for each in ids).ranges()}{journal}"
        for trade_id, (line, *copies) in lines.items():
            assert not copies, f"{trade_id} is there more than once: {[line, *copies]}{journal}"
            assert told(line) == expected(truth[trade_id], line["src"]), journal
        absent = [(max(first, tape.ids.first), last) for first, last in self.script.holes.ranges(SYMBOL)]
        absent = [(first, last) for first, last in absent if first <= last <= tape.last]
        assert tape.declared.ranges() == absent, f"declared are other ids than those that do not exist{journal}"
        assert tape.covered.ranges() == tape.ids.ranges(), f"the manifest does not say what is there{journal}"


def told(line: dict[str, Any]) -> dict[str, Any]:
    """Return what a line says of its trade, without what the recorder added."""
    return {name: value for name, value in line.items() if name not in {"src", "recv"}}


def expected(event: dict[str, Any], source: str) -> dict[str, Any]:
    """Return how a trade looks from a source: REST does not tell when its event was sent."""
    return event if source == "ws" else event | {"E": event["T"]}
