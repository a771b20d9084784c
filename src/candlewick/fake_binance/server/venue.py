"""The exchange as its clients see it: a market, its clock, and what is public by now."""

import asyncio
from datetime import timedelta
from pathlib import Path

from candlewick.fake_binance.faults import Faults
from candlewick.fake_binance.market.instruments import characters
from candlewick.fake_binance.market.market import Market, SyntheticMarket
from candlewick.fake_binance.market.replay import ReplayMarket
from candlewick.fake_binance.market.trades import Trades
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.fake_binance.server.pace import FreePace, Pace, SteadyPace, WallPace
from candlewick.fake_binance.server.timeline import Step, Timeline
from candlewick.moments import now_us


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

    def behind(self, lag_us: int) -> "Venue":
        """Return the venue as a database sees it that is some µs behind the streams."""
        return _VenueBehind(self, lag_us) if lag_us else self

    @property
    def is_open(self) -> bool:
        """Whether time passes."""
        return self.opened.is_set()

    async def next_step(self) -> Step | None:
        """Wait until something becomes public and return it; None where nothing more will."""
        moment = await self.pace.next_moment(self.timeline)
        return None if moment is None else self.timeline.advance(moment)


class _VenueBehind(Venue):
    """A venue whose newest trades are not there yet."""

    def __init__(self, venue: Venue, lag_us: int) -> None:
        super().__init__(venue.market, venue.timeline, venue.pace)
        self._lag_us = lag_us

    def now(self) -> int:
        """Return the moment until which the database knows everything, in µs."""
        return super().now() - self._lag_us

    def head(self, symbol: str) -> int:
        """Return the newest trade id in the database."""
        return min(super().head(symbol), self.market.id_published_after(symbol, self.now()) - 1)


class ReplayVenue(Venue):
    """A capture whose time begins to pass when it is opened; until then, nothing of it is public."""

    def __init__(self, market: ReplayMarket, options: ExchangeOptions, faults: Faults) -> None:
        before = faults.market(market)
        super().__init__(before, Timeline(before, market.starts_at - 1), FreePace())
        self._replay = market
        self._options = options
        self._faults = faults

    def now(self) -> int:
        """Return the exchange's clock, in µs; a replay that is moved to the present has this machine's."""
        return now_us() if self._options.shift_to_now and self._options.speed else super().now()

    def open(self) -> None:
        """Let time pass from here on."""
        if self.is_open:
            return
        market, speed = self._replay, self._options.speed
        if self._options.shift_to_now:
            market, speed = market.moved(now_us(), speed or 1.0), 1.0 if speed else 0.0
        self.market = self._faults.market(market)
        self.timeline = Timeline(self.market, market.starts_at - 1)
        self.pace = SteadyPace(market.starts_at - 1, market.ends_at, speed) if speed else FreePace()
        super().open()


def make(options: ExchangeOptions, faults: Faults) -> Venue:
    """Return the venue that options describe. Raises `ConfigError` and `MalformedFrameError`."""
    venue = _replaying(options.replay, options, faults) if options.replay else _synthetic(options, faults)
    faults.meet(lambda: venue.timeline.next_id)
    if not (options.replay and options.wait_for_client):
        venue.open()
    return venue


def _replaying(path: Path, options: ExchangeOptions, faults: Faults) -> Venue:
    return ReplayVenue(ReplayMarket.read(path), options, faults)


def _synthetic(options: ExchangeOptions, faults: Faults) -> Venue:
    """Return a venue of synthetic markets on this machine's clock, which have traded for `options.history`."""
    now = now_us() + faults.skew_us()
    since = now - options.history // timedelta(microseconds=1)
    market = faults.market(SyntheticMarket(characters(options.symbols, options.rate), options.seed, since))
    return Venue(market, Timeline(market, now), WallPace(faults.skew_us))
