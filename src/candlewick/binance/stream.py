"""A leg: one WebSocket connection to Binance at any time, replaced before it ends and opened again when it did.

Source: Binance web-socket-streams, 'General WSS information': a connection lives 24 hours; 1,024 streams at most; 300
attempts in 5 minutes. Two legs on different hosts, of staggered ages, carry the same streams; see `sequencer`.
"""

import asyncio
import random
from collections.abc import Sequence
from typing import Literal
from urllib.parse import quote

import structlog
from picows import WSError

from candlewick.binance.attempts import Attempts
from candlewick.binance.connection import Connection, Deliver, connect
from candlewick.binance.reach import proxy_for, unreached
from candlewick.binance.twins import Twins
from candlewick.moments import micros
from candlewick.process.backoff import doubled
from candlewick.trade import Kline, Trade

LIFE = 23 * 3600.0
"""Seconds until a connection is replaced: well before the exchange ends it."""
SILENCE = 60.0
"""Seconds without any frame, though the exchange pings every 20 s: the connection is dead."""
SYMBOLS_PER_LEG = 100
"""Two streams each: far below the 1,024 that are allowed, because crowded connections fall behind before that."""
FIRST_WAIT, LONGEST_WAIT = 0.25, 30.0
_SETTLED = 60.0
"""Seconds without an attempt, after which the waits start anew: the connection was a good one."""
_OVERLAP = 5.0
_TICK = 1.0
_SMOOTHING = 0.05

State = Literal["connecting", "open", "replacing", "waiting", "paused", "stopped"]
log = structlog.get_logger()


def spread(symbols: Sequence[str]) -> list[Sequence[str]]:
    """Spread symbols over connections: as many on each as one leg carries."""
    return [symbols[start : start + SYMBOLS_PER_LEG] for start in range(0, len(symbols), SYMBOLS_PER_LEG)]


def stream_url(host: str, symbols: Sequence[str]) -> str:
    """Return the address that carries the trades and 1m candles of the symbols, with times in µs."""
    names = [f"{symbol.lower()}@{kind}" for symbol in symbols for kind in ("trade", "kline_1m")]
    return f"{host}/stream?streams={quote('/'.join(names), safe='/@')}&timeUnit=MICROSECOND"


def backoff(attempt: int, rng: random.Random) -> float:
    """Return the seconds before attempt `n` (from 0): `min(30, 0.25 * 2**n)`, of which up to half is left to chance."""
    return doubled(FIRST_WAIT, attempt, LONGEST_WAIT) * rng.uniform(0.5, 1.0)


class Leg:
    """Keeps a connection to one host open. `first_life` staggers it against the other leg.

    `delay_us` is our clock when a trade came minus the exchange's when it happened, smoothed; None until one came.
    """

    def __init__(
        self,
        host: str,
        symbols: Sequence[str],
        deliver: Deliver,
        *,
        first_life: float = LIFE,
        life: float = LIFE,
        silence: float = SILENCE,
        attempts: Attempts | None = None,
        proxy: str = "",
        twins: Twins | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.host = host
        self.symbols = tuple(symbols)
        self.state: State = "connecting"
        self.connections = 0
        self.opened = asyncio.Event()
        self._url = stream_url(host, symbols)
        self._proxy = proxy
        self._problem: str | None = None
        self.delay_us: float | None = None
        self._deliver = deliver
        self._twins = twins or Twins()
        self._life, self._next_life, self._silence = first_life, life, silence
        self._attempts = attempts or Attempts()
        self._rng = rng or random.Random()
        self._current: Connection | None = None
        self._past_frames = self._past_malformed = self._in_a_row = 0
        self._attempted_at = -_SETTLED
        self._stirred = asyncio.Event()
        self._allowed = asyncio.Event()
        self._allowed.set()
        self._replace_because: str | None = None

    @property
    def frames(self) -> int:
        """Events delivered since the start, over all its connections."""
        return self._past_frames + (self._current.frames if self._current else 0)

    @property
    def malformed(self) -> int:
        """Frames that could not be read since the start."""
        return self._past_malformed + (self._current.malformed if self._current else 0)

    @property
    def age(self) -> float:
        """Seconds since its connection was opened; 0 while there is none."""
        return self._current.age if self._current and not self._current.is_over else 0.0

    @property
    def problem(self) -> str | None:
        """Why there is no connection, in one line; None where there is one, or none was tried yet."""
        return self._problem if self._current is None or self._current.is_over else None

    def _on_event(self, event: bytes, decoded: Trade | Kline, received_at: int) -> None:
        """Take an event: the hot path."""
        if isinstance(decoded, Trade):
            delay = received_at - micros(decoded.event_at)
            before = self.delay_us
            self.delay_us = delay if before is None else before + _SMOOTHING * (delay - before)
        self._deliver(event, decoded, received_at)

    def replace(self, reason: str) -> None:
        """Open a new connection, then drop the old one."""
        self._replace_because = reason
        self._stirred.set()

    def pause(self) -> None:
        """Cut the connection and open none until `resume`: what is missed meanwhile is filled by id."""
        self._allowed.clear()
        if self._current:
            self._current.drop()

    def resume(self) -> None:
        """Open a connection again."""
        self._allowed.set()

    async def run(self) -> None:
        """Keep the leg connected until cancelled."""
        try:
            while True:
                if self._current is None or self._current.is_over:
                    await self._reconnect()
                elif self._current.silence > self._silence:
                    log.warning("leg silent", host=self.host, seconds=round(self._current.silence))
                    self._current.drop()
                elif reason := self._reason_to_replace(self._current):
                    await self._replace(self._current, reason)
                await self._stirred_or_a_tick()
        finally:
            self.state = "stopped"
            if self._current:
                self._current.drop()

    def _reason_to_replace(self, current: Connection) -> str | None:
        if current.is_shutting_down:
            return "serverShutdown"
        return self._replace_because or ("age" if current.age > self._life else None)

    async def _reconnect(self) -> None:
        """Open a connection; a fault of our own code is raised here."""
        if self._current and (failure := await self._current.failure()) and not isinstance(failure, WSError):
            raise failure
        while self._current is None or self._current.is_over:
            self.state = "waiting"
            await self._wait_for_turn()
            self.state = "connecting"
            if connection := await self._try_to_connect():
                self._take(connection)

    async def _wait_for_turn(self) -> None:
        """Before any attempt, whatever it is for: each soon after the one before waits longer, so none is a storm."""
        now = asyncio.get_running_loop().time()
        if now - self._attempted_at > _SETTLED:
            self._in_a_row = 0
        if self._in_a_row:
            await asyncio.sleep(backoff(self._in_a_row - 1, self._rng))
        while (wait := self._attempts.wait(asyncio.get_running_loop().time())) > 0:
            log.warning("too many connections opened, waiting", host=self.host, wait_seconds=round(wait))
            await asyncio.sleep(wait)
        if not self._allowed.is_set():
            self.state = "paused"
            await self._allowed.wait()

    async def _try_to_connect(self) -> Connection | None:
        self._in_a_row += 1
        self._attempted_at = asyncio.get_running_loop().time()
        self._attempts.note(self._attempted_at)
        try:
            proxy = proxy_for(self.host, self._proxy)
            connection = await connect(self._url, self._on_event, self._stirred.set, proxy=proxy, twins=self._twins)
        except (OSError, WSError, TimeoutError) as error:
            self._problem = unreached(self.host, error)
            log.warning("leg not connected", host=self.host, attempt=self._in_a_row, problem=self._problem)
            return None
        self._problem = None
        return connection

    async def _replace(self, old: Connection, reason: str) -> None:
        """Open the new connection while the old one still delivers; where that fails, try again in its turn."""
        self.state = "replacing"
        await self._wait_for_turn()
        log.info("leg replaced", host=self.host, reason=reason, age_seconds=round(old.age))
        connection = await self._try_to_connect()
        if connection is None:
            return
        try:
            async with asyncio.timeout(_OVERLAP):
                await connection.first_event.wait()
        except TimeoutError:
            log.info("new connection is quiet so far", host=self.host)
        if connection.is_over:
            return
        old.drop()
        self._take(connection)
        self._life = self._next_life

    def _take(self, connection: Connection) -> None:
        if self._current:
            self._past_frames += self._current.frames
            self._past_malformed += self._current.malformed
        self._current = connection
        self.delay_us = None
        self._replace_because = None
        self.connections += 1
        self.state = "open"
        self.opened.set()
        if not self._allowed.is_set():
            connection.drop()

    async def _stirred_or_a_tick(self) -> None:
        try:
            async with asyncio.timeout(_TICK):
                await self._stirred.wait()
        except TimeoutError:
            return
        finally:
            self._stirred.clear()
