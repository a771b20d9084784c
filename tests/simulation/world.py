"""One run's world: the exchange with its faults, one lake, and the recorder's machines, one after the other."""

import asyncio
import contextvars
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from obstore.store import MemoryStore

from candlewick.config import Settings
from candlewick.config.sections import ExchangeSettings, FeedSettings
from candlewick.errors import BlockedRegionError, LakeError, UnreachableError
from candlewick.fake_binance.faults import Script
from candlewick.fake_binance.server import pace, player
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.fake_binance.server.server import Exchange
from candlewick.lake.folder import Listed
from candlewick.lake.objects import Lake
from candlewick.lake.remote import Remote
from candlewick.moments import to_micros
from candlewick.recorder.session import Session
from candlewick.tape import checkpoint
from simulation.clock import CLOCK
from simulation.machine import MACHINE, Machine

PREFIX = "demo"
EXCHANGE_TICK = 0.25
"""How finely the exchange plays its faults and looks for news; with its own 10 ms most of the time would go there."""


class Store:
    """What survives every machine: the lake's objects, and how the lake does at the moment.

    `trouble` is None, or "down" (nothing is put), or "unheard" (what is put is put, and the answer gets lost).
    `dying` is when the machine that puts next dies: "before put", "after put", or None.
    """

    def __init__(self) -> None:
        self.objects = MemoryStore()
        self.put_at: dict[str, float] = {}
        self.trouble: str | None = None
        self.dying: str | None = None


class StoreLake(Lake):
    """A machine's view of the lake: the real one, over a store in memory that can be in trouble."""

    def __init__(self, store: Store, machine: Machine) -> None:
        super().__init__(Remote(store.objects), PREFIX, "memory:///")
        self._of = store
        self._machine = machine

    def put_absent(self, name: str, content: bytes) -> None:
        """Put an object as the lake does, unless it is in trouble."""
        if self._machine.is_dead:
            raise LakeError("this machine is dead")
        if self._of.trouble == "down":
            raise LakeError(f"{self.url}: cannot write {name}: the store is down")
        self._die("before put")
        super().put_absent(name, content)
        self._of.put_at[name] = CLOCK.time()
        self._die("after put")
        if self._of.trouble == "unheard":
            raise LakeError(f"{self.url}: cannot write {name}: no answer")

    def _die(self, when: str) -> None:
        if self._of.dying == when:
            self._of.dying, self._machine.is_dead = None, True
            raise LakeError("this machine is dead")

    def list_all(self) -> "list[Listed]":  # type: ignore[override]
        """List objects with the times at which they were put, in virtual time."""
        return [
            item._replace(modified=datetime.fromtimestamp(self._of.put_at[item.name], UTC))
            for item in super().list_all()
        ]


class World:
    """The exchange runs from `open` to `close`; a recorder from `start` to `stop` or `kill`."""

    def __init__(self, home: Path, options: ExchangeOptions, rng: random.Random, *, history: timedelta) -> None:
        self.script = Script()
        self.exchange = Exchange(options, self.script)
        self.store = Store()
        self.starts = 0
        self.machine: Machine
        self.session: Session
        self._home = home
        self._history = history
        self._symbols = tuple(name.partition("=")[0] for name in options.symbols)
        self._rng = rng
        self._context: contextvars.Context
        self._stop: asyncio.Event
        self._task: asyncio.Task[None]

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that are recorded: all there are."""
        return self._symbols

    async def open(self) -> None:
        """Let the exchange begin."""
        player._TICK = pace._LONGEST_NAP = EXCHANGE_TICK
        await self.exchange.start()

    async def close(self) -> None:
        """End the exchange."""
        await self.exchange.stop()

    def settings(self) -> Settings:
        """Return the recorder's settings, the same at every start."""
        streams = tuple(f"ws://127.0.0.{host}:{self.exchange.port}" for host in (1, 2))
        rest = tuple(f"http://127.0.0.{host}:{self.exchange.port}" for host in (1, 2))
        return Settings(
            data=self._home,
            symbols=self._symbols,
            prefix=PREFIX,
            history=self._history,
            exchange=ExchangeSettings(streams=streams, rest=rest),
            feed=FeedSettings(port=0),
        )

    def start(self, *, ahead: float = 0.0) -> None:
        """Start a recorder on a machine whose wall clock is `ahead` of the truth."""
        self.starts += 1
        self.machine = Machine(random.Random(self._rng.getrandbits(64)), ahead)
        self._context = contextvars.copy_context()
        self._context.run(MACHINE.set, self.machine)
        self._task = self._context.run(self._begin)

    def _begin(self) -> asyncio.Task[None]:
        settings, lake = self.settings(), StoreLake(self.store, self.machine)
        state = checkpoint.open_checkpoint(settings.state_path, lake, settings.recorder)
        self.session, self._stop = Session(settings, lake, state), asyncio.Event()
        return asyncio.get_running_loop().create_task(self.session.run(self._stop))

    async def kill(self) -> None:
        """Kill the recorder: what it had not made durable is gone."""
        if not self.machine.is_dead:
            self.check()
        await self.machine.kill()

    async def until_dead(self, seconds: float) -> None:
        """Wait until the machine has died in a put; where it puts nothing for so long, it will not."""
        deadline = CLOCK.now + seconds
        while not self.machine.is_dead and CLOCK.now < deadline:
            await self.sleep(0.02)
        self.store.dying = None

    async def stop(self) -> None:
        """Stop the recorder as a signal does; what its threads had begun is done before the process is over."""
        self._stop.set()
        await self._task
        while self.machine.threads:  # noqa: ASYNC110 (virtual time: nobody is kept from work)
            await asyncio.sleep(0.01)

    def numbers(self) -> dict[str, Any]:
        """Return what the recorder says about itself, by its own clock."""
        return self._context.run(self.session.numbers)

    def lose_state(self) -> None:
        """Lose `state.json`."""
        self.settings().state_path.unlink(missing_ok=True)

    def check(self) -> None:
        """Raise what ended the recorder or the exchange, if anything did.

        A recorder ends by itself where the exchange goes on saying that it does not serve this place, and where it is
        not there at a first start; whoever started it starts it again.
        """
        self.exchange.check()
        if not self._task.done():
            return
        refusals = UnreachableError | BlockedRegionError if self.session._is_first_start else BlockedRegionError
        if not isinstance(self._task.exception(), refusals):
            self._task.result()
            raise AssertionError("the recorder ended by itself")
        self.start(ahead=self.machine.ahead)

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)
        self.check()

    async def until(self, condition: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait for a condition; where it does not come, say what was waited for."""
        deadline = CLOCK.now + seconds
        while not condition():
            assert CLOCK.now < deadline, f"waited {seconds:.0f} s in vain for {what}: {self.numbers()}"
            await self.sleep(1.0)

    def has_all(self, heads: dict[str, int]) -> bool:
        """Whether all ids up to some are durable or declared, and every candle that is over is there."""
        said = self.numbers()["symbols"]
        return all(
            _is_whole(self.session, symbol, head) and not said[symbol]["candles_missing"]
            for symbol, head in heads.items()
        )

    def heads(self) -> dict[str, int]:
        """Return the newest public id of each symbol."""
        return {symbol: self.exchange.head(symbol) for symbol in self._symbols}


def _is_whole(session: Session, symbol: str, head: int) -> bool:
    coverage = session._coverages[symbol]
    ids = coverage.covered.copy()
    ids.update(coverage.declared)
    return bool(ids) and len(ids) == 1 and ids.last >= head


def microseconds(text: str) -> int:
    """Return a moment in µs since the epoch."""
    return to_micros(datetime.fromisoformat(text))
