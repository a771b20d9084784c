"""The exchange as its clients see it: a market, its clock, and what is public by now."""

import asyncio
import time
from datetime import timedelta

from candlewick.exchange.instruments import character
from candlewick.exchange.market import Market, SyntheticMarket
from candlewick.exchange.options import ExchangeOptions
from candlewick.exchange.pace import Pace, WallPace
from candlewick.exchange.timeline import Step, Timeline
from candlewick.exchange.trades import Trades


class Venue:
    """A market with its timeline, which moves at a pace once it is `open`."""

    def __init__(self, market: Market, timeline: Timeline, pace: Pace) -> None:
        self.market = market
        self.timeline = timeline
        self.pace = pace
        self.opened = asyncio.Event()

    def open(self) -> None:
        """Let time pass; nothing happens where it does already."""
        self.opened.set()

    def now(self) -> int:
        """Return the exchange's clock, in µs."""
        return self.pace.now(self.timeline)

    def head(self, symbol: str) -> int:
        """Return the newest public trade id; the one before the first where none is public."""
        return self.timeline.next_id[symbol] - 1

    def trades(self, symbol: str, first_id: int, last_id: int) -> Trades:
        """Return the public trades with ids in `[first_id, last_id]`."""
        return self.market.trades(symbol, first_id, min(last_id, self.head(symbol)))

    async def next_step(self) -> Step | None:
        """Wait until something becomes public and return it; None where nothing more will."""
        moment = await self.pace.next_moment(self.timeline)
        return None if moment is None else self.timeline.advance(moment)


def synthetic(options: ExchangeOptions) -> Venue:
    """Return a venue of synthetic markets on this machine's clock, which have traded for `options.history`."""
    now = time.time_ns() // 1_000
    since = now - options.history // timedelta(microseconds=1)
    market = SyntheticMarket([character(name, options.rate) for name in options.symbols], options.seed, since)
    venue = Venue(market, Timeline(market, now), WallPace())
    venue.open()
    return venue
