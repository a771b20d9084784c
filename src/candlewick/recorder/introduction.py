"""Meeting the exchange: its limits, its symbols and its clock; and keeping what may change up to date."""

import asyncio
import random
import time
from collections.abc import Collection
from dataclasses import dataclass

import structlog

from candlewick.binance.rest import Rest
from candlewick.errors import (
    BlockedRegionError,
    ConfigError,
    ExchangeError,
    RateLimitedError,
    UnknownSymbolError,
    UnreachableError,
)
from candlewick.lake.names import check_prefix
from candlewick.moments import now_us
from candlewick.recorder.roster import Roster

LONGEST_WAIT = 30.0
BLOCKED_SECONDS = 60.0
"""Seconds over which every host must say that it does not serve this place."""
CLOCK_SECONDS = 60.0
LIMITS_SECONDS = 3_600.0

log = structlog.get_logger()


@dataclass
class Waiting:
    """What a recorder that cannot begin waits for: a line that says why, and when it tries again (µs, our clock)."""

    problem: str | None = None
    until: int | None = None

    def wait(self, problem: str, seconds: float) -> None:
        """Note what went wrong, and that it is tried again in so many seconds."""
        self.problem, self.until = problem, now_us() + round(seconds * 1e6)

    def is_over(self) -> None:
        """Note that it went well."""
        self.problem = self.until = None


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


async def meet(
    rest: Rest,
    clock: ExchangeClock,
    roster: Roster,
    prefix: str,
    waiting: Waiting,
    *,
    recorded: Collection[str] = (),
    blocked_seconds: float = BLOCKED_SECONDS,
) -> tuple[str, ...]:
    """Learn limits, symbols and clock, however long the exchange is not there or does not want to be asked.

    Returns the symbols to record. `waiting` is told why it takes so long. A symbol that was `recorded` and is not
    listed any more is left out. Raises `ConfigError`, what other than that the exchange says, and
    `BlockedRegionError` where it has said so for `blocked_seconds`.
    """
    attempt = 0
    blocked_since: float | None = None
    while True:
        try:
            with rest.one_attempt():
                symbols = await _meet(rest, roster, prefix)
                await clock.compare()
        except UnknownSymbolError as error:
            if error.symbol is None or error.symbol not in recorded:
                raise
            log.warning("symbol not listed any more, not recorded", symbol=error.symbol)
            roster = roster.without(error.symbol)
            if not roster.named:
                raise ConfigError(f"symbols: the exchange lists none of them any more: {error}") from None
            continue
        except BlockedRegionError as error:
            now = asyncio.get_running_loop().time()
            blocked_since = now if blocked_since is None else blocked_since
            if now - blocked_since >= blocked_seconds:
                raise
            problem = str(error)
        except (UnreachableError, RateLimitedError) as error:
            blocked_since, problem = None, str(error)
        else:
            waiting.is_over()
            log.info("exchange met", weight_limit=rest.budget.limit, clock_offset_ms=clock.offset_us // 1_000)
            return symbols
        wait = min(LONGEST_WAIT, 2.0**attempt) * random.uniform(0.5, 1.0)
        attempt = min(attempt + 1, 10)
        wait = max(wait, rest.budget.paused_for(time.monotonic()))
        waiting.wait(problem, wait)
        log.warning("exchange not met, trying again", problem=problem, wait_seconds=round(wait, 1))
        await asyncio.sleep(wait)


async def _meet(rest: Rest, roster: Roster, prefix: str) -> tuple[str, ...]:
    info = await rest.exchange_info(roster.literal, everything=roster.has_patterns)
    check_prefix(prefix, is_demo=rest.is_demo)
    symbols = roster.resolve(info.symbols)
    for symbol in info.symbols:
        if symbol.status != "TRADING" and symbol.symbol in symbols:
            log.warning("symbol not trading", symbol=symbol.symbol, status=symbol.status)
    return symbols


async def keep_up(rest: Rest, clock: ExchangeClock, symbol: str) -> None:
    """Compare the clocks every minute, and read the limits every hour and after a refusal; any symbol will do."""
    next_limits = LIMITS_SECONDS
    while True:
        await asyncio.sleep(CLOCK_SECONDS)
        next_limits -= CLOCK_SECONDS
        try:
            await clock.compare()
            if next_limits <= 0 or rest.was_limited:
                next_limits = LIMITS_SECONDS
                await rest.exchange_info([symbol])
        except ExchangeError as error:
            log.warning("clock or limits not read", problem=str(error))
