"""The watchdogs: silent symbols are checked against REST, deaf and lagging legs are replaced."""

import asyncio
import time
from collections.abc import Sequence

import structlog

from candlewick.binance.rest import Rest
from candlewick.binance.stream import Leg
from candlewick.errors import ExchangeError
from candlewick.recorder.introduction import ExchangeClock
from candlewick.recorder.live import LiveTape
from candlewick.recorder.silence import LONGEST, Deafness, Silence

CHECK_SECONDS = 5.0
LAG_LIMIT_US = 5_000_000
REPLACE_AT_MOST_EVERY = 60.0
_TICK = 0.5

log = structlog.get_logger()


class Watchdog:
    """Watches over the legs that carry the same symbols, and over these symbols.

    `longest_silence` is how many seconds a symbol without trades goes unasked at most.
    """

    def __init__(
        self,
        tapes: Sequence[LiveTape],
        legs: Sequence[Leg],
        rest: Rest,
        clock: ExchangeClock,
        *,
        longest_silence: float = LONGEST,
    ) -> None:
        self._tapes = tapes
        self._legs = legs
        self._rest = rest
        self._clock = clock
        self._silences = {tape.symbol: Silence(time.monotonic(), longest=longest_silence) for tape in tapes}
        self._deafness = Deafness(len(legs))
        self._replaced_at = [-REPLACE_AT_MOST_EVERY] * len(legs)

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

    async def _ask_for_head(self, tape: LiveTape, silence: Silence) -> None:
        """Let REST say what the newest trade is; what it knows and we do not is then filled by id."""
        head = await self._rest.head(tape.symbol)
        if head is None:
            return
        is_deaf = silence.answered(head, tape.sequencer.emitted, time.monotonic())
        tape.coverage.saw(head)
        if is_deaf:
            for index in range(len(self._legs)):
                self._replace(index, f"{tape.symbol} trades unheard, up to {head}")

    def _check_deafness(self) -> None:
        for index in self._deafness.check([leg.frames for leg in self._legs]):
            self._legs[index].replace("deaf: the other leg delivers")

    async def _check_lag(self) -> None:
        """A leg that fell behind never catches up by itself: TCP delivers all of it, late."""
        if not self._lagging():
            return
        await self._clock.compare()
        for index, lag in self._lagging().items():
            self._replace(index, f"{lag / 1e6:.1f} s behind the exchange")

    def _lagging(self) -> dict[int, float]:
        """Return the legs that are far behind, each with its lag in µs by the exchange's clock."""
        lags = {
            index: leg.delay_us + self._clock.offset_us
            for index, leg in enumerate(self._legs)
            if leg.delay_us is not None
        }
        return {index: lag for index, lag in lags.items() if lag > LAG_LIMIT_US}

    def _replace(self, index: int, reason: str) -> None:
        if time.monotonic() - self._replaced_at[index] >= REPLACE_AT_MOST_EVERY:
            self._replaced_at[index] = time.monotonic()
            self._legs[index].replace(reason)
