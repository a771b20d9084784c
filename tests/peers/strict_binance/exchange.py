"""All markets under one clock, and what each source of data knows at a moment."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable

from .instruments import Instrument
from .market import SECOND, Market, Trade


def clock() -> int:
    """Now, in µs since the epoch."""
    return time.time_ns() // 1000


class Exchange:
    """The markets, who listens to them, and a count of what clients did that a test wants to know."""

    def __init__(
        self, instruments: Iterable[Instrument], *, seed: int, rates: tuple[float, float], database_lag: float
    ):
        self.seed = seed
        self.started = clock()
        self.database_lag = int(database_lag * SECOND)
        self.seen: Counter[str] = Counter()
        self.listeners: list[Callable[[Market, Trade], None]] = []
        self.markets = {
            instrument.symbol: Market(instrument, seed=seed, start=self.started, rates=rates)
            for instrument in instruments
        }
        for market in self.markets.values():
            market.advance(self.started)

    async def run(self) -> None:
        """Trade for ever."""
        while True:
            now = clock()
            for market in self.markets.values():
                for trade in market.advance(now):
                    for listener in self.listeners:
                        listener(market, trade)
            await asyncio.sleep(max(min(m.next_event for m in self.markets.values()) - clock(), 500) / SECOND)

    def stored(self, market: Market) -> int:
        """How many trades of `market` the database has by now: it is behind (rest-api.md, "Data Sources")."""
        return market.known(clock() - self.database_lag)

    def fresh(self, market: Market) -> int:
        """How many trades of `market` the memory has by now."""
        return market.known(clock())
