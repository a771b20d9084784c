"""The watchdogs: silent symbols are checked against REST, deaf and lagging legs are replaced, the clock is compared."""

import asyncio
import time
from collections.abc import Sequence

import structlog

from candlewick.binance.rest import Rest
from candlewick.binance.stream import Leg
from candlewick.errors import ExchangeError
from candlewick.heartbeat import now_us
from candlewick.recorder.silence import Deafness, Silence
from candlewick.recorder.tape import Tape

CLOCK_SECONDS = 60.0
CHECK_SECONDS = 5.0
LAG_LIMIT_US = 5_000_000
REPLACE_AT_MOST_EVERY = 60.0
_TICK = 0.5

log = structlog.get_logger()


class ExchangeClock:
    """The exchange's clock, estimated: ours may be wrong by seconds, and a replay has a time of its own."""

    def __init__(self, rest: Rest) -> None:
        self.offset_us = 0
        self._rest = rest

    def now_us(self) -> int:
        """The exchange's time in µs since the epoch."""
        return now_us() + self.offset_us

    async def compare(self) -> None:
        """Estimate the offset anew. Raises `ExchangeError`."""
        self.offset_us = (await self._rest.server_time()).offset


class Watch:
    """Watches over the legs that carry the same symbols, and over these symbols."""

    def __init__(self, tapes: Sequence[Tape], legs: Sequence[Leg], rest: Rest, clock: ExchangeClock) -> None:
        self._tapes = tapes
        self._legs = legs
        self._rest = rest
        self._clock = clock
        self._silences = {tape.symbol: Silence(time.monotonic()) for tape in tapes}
        self._deafness = Deafness(len(legs))
        self._replaced_at = -REPLACE_AT_MOST_EVERY

    async def run(self) -> None:
        """Watch until cancelled."""
        next_check = time.monotonic() + CHECK_SECONDS
        while True:
            await asyncio.sleep(_TICK)
            try:
                await self._check_silence()
                if time.monotonic() >= next_check:
                    next_check += CHECK_SECONDS
                    self._check_deafness()
                    await self._check_lag()
            except ExchangeError as error:
                log.warning("watchdog could not ask", problem=str(error))
                await asyncio.sleep(CHECK_SECONDS)

    async def _check_silence(self) -> None:
        for tape in self._tapes:
            silence = self._silences[tape.symbol]
            if tape.emitted_at:
                silence.heard(tape.emitted_at)
            if silence.is_due(time.monotonic()):
                silence.wait += CHECK_SECONDS  # so that a symbol that cannot be asked about does not hold up the others
                await self._ask_for_head(tape, silence)

    async def _ask_for_head(self, tape: Tape, silence: Silence) -> None:
        """Let REST say what the newest trade is; what it knows and we do not is then filled by id."""
        head = await self._rest.head(tape.symbol)
        if head is None:
            return
        is_deaf = silence.answered(head, tape.sequencer.emitted, time.monotonic())
        tape.coverage.saw(head)
        if is_deaf:
            self._replace(self._legs, f"{tape.symbol} trades unheard, up to {head}")

    def _check_deafness(self) -> None:
        for index in self._deafness.check([leg.frames for leg in self._legs]):
            self._legs[index].replace("deaf: the other leg delivers")

    async def _check_lag(self) -> None:
        """A leg that fell behind never catches up by itself: TCP delivers all of it, late."""
        if not self._worst_lag() > LAG_LIMIT_US:
            return
        await self._clock.compare()
        if (lag := self._worst_lag()) > LAG_LIMIT_US:
            self._replace(self._legs, f"{lag / 1e6:.1f} s behind the exchange")

    def _worst_lag(self) -> float:
        fresh = time.monotonic() - CHECK_SECONDS
        delays = [tape.delay_us for tape in self._tapes if tape.delay_us is not None and tape.emitted_at > fresh]
        return max(delays, default=0.0) + self._clock.offset_us if delays else 0.0

    def _replace(self, legs: Sequence[Leg], reason: str) -> None:
        if time.monotonic() - self._replaced_at < REPLACE_AT_MOST_EVERY:
            return
        self._replaced_at = time.monotonic()
        for leg in legs:
            leg.replace(reason)


async def keep_clock(clock: ExchangeClock) -> None:
    """Compare the clocks every minute, until cancelled."""
    while True:
        await asyncio.sleep(CLOCK_SECONDS)
        try:
            await clock.compare()
        except ExchangeError as error:
            log.warning("clock not compared", problem=str(error))
