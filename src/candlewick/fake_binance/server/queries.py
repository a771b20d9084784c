"""What REST asks a venue: trades, aggregates and klines, out of what is public."""

import asyncio
from itertools import islice

import numpy as np

from candlewick.fake_binance.market.candles import Candle, Chart
from candlewick.fake_binance.market.intervals import Interval
from candlewick.fake_binance.market.market import Market
from candlewick.fake_binance.market.reading import newest, oldest, runs
from candlewick.fake_binance.market.trades import Trades
from candlewick.fake_binance.server import wire
from candlewick.fake_binance.server.venue import Venue
from candlewick.fake_binance.server.wire import Unit


def trades(venue: Venue, symbol: str, from_id: int | None, limit: int) -> Trades:
    """Return `limit` trades from `from_id` (or from the oldest after it), or the newest ones."""
    if from_id is None:
        return newest(venue.market, symbol, venue.head(symbol), limit)
    start = max(from_id, venue.market.first_id(symbol))
    return oldest(venue.market, symbol, start, venue.head(symbol), limit)


def aggregates_from(venue: Venue, symbol: str, aggregate_id: int, limit: int) -> Trades:
    """Return the trades of `limit` aggregates from `aggregate_id`."""
    first_id = venue.market.first_of_aggregate(symbol, aggregate_id)
    return _first_aggregates(venue.market, symbol, first_id, venue.head(symbol), limit)


def aggregates_between(venue: Venue, symbol: str, since: int | None, until: int | None, limit: int) -> Trades:
    """Return the trades of the first `limit` aggregates with `T` in `[since, until]` (µs); the last without `since`."""
    head, market = venue.head(symbol), venue.market
    last_id = head if until is None else min(head, market.id_at(symbol, until + 1) - 1)
    if since is not None:
        return _first_aggregates(market, symbol, market.id_at(symbol, since), last_id, limit)
    last = newest(market, symbol, last_id)
    if not len(last):
        return last
    first_id = market.first_of_aggregate(symbol, int(last.aggregate[0]) - limit + 1)
    return market.trades(symbol, first_id, last_id)


def _first_aggregates(market: Market, symbol: str, first_id: int, last_id: int, limit: int) -> Trades:
    """Return the trades from `first_id` that make at most `limit` aggregates, and end by `last_id`."""
    count = 2 * limit
    while True:
        found = oldest(market, symbol, first_id, last_id, count)
        stop = int(np.searchsorted(found.aggregate, found.aggregate[0] + limit)) if len(found) else 0
        if stop < len(found) or len(found) < count:
            return found.oldest(stop)
        count *= 2


async def klines(
    venue: Venue, symbol: str, interval: Interval, since: int | None, until: int | None, limit: int, unit: Unit
) -> list[tuple[str, ...]]:
    """Return at most `limit` klines that open in `[since, until]` (µs): the oldest, or the newest without `since`.

    Other tasks run in between: a year of days is a lot of trades.
    """
    opens = _opens(venue, symbol, interval, since, until, limit)
    if not opens:
        return []
    market, instrument = venue.market, venue.market.instruments[symbol]
    first_id = market.id_at(symbol, opens[0])
    stop_id = market.id_at(symbol, interval.after(opens[-1]))
    chart = Chart(interval)
    for run in runs(market, symbol, first_id, min(stop_id - 1, venue.head(symbol))):
        chart.add(run)
        await asyncio.sleep(0)
    before = newest(market, symbol, first_id - 1)
    close = int(before.price[0]) if len(before) else None
    candles = {candle.open_time: candle for candle in chart.rows(opens, close)}
    candles |= _recorded(venue, symbol, interval)
    return [wire.kline_values(instrument, interval, candles[at], unit) for at in opens if at in candles]


def _recorded(venue: Venue, symbol: str, interval: Interval) -> dict[int, Candle]:
    """Return the exchange's own klines that are over by now."""
    rows = venue.market.recorded_klines(symbol, interval)
    return {at: candle for at, candle in rows.items() if interval.after(at) <= venue.now()}


def _opens(
    venue: Venue, symbol: str, interval: Interval, since: int | None, until: int | None, limit: int
) -> list[int]:
    """Return the open times that a request asks for, of those the market has."""
    starts = list(_recorded(venue, symbol, interval))
    first = oldest(venue.market, symbol, venue.market.first_id(symbol), venue.head(symbol), 1)
    starts += interval.opens(first.traded_at).tolist()
    if not starts:
        return []
    earliest, last = min(starts), interval.open_of(min(venue.now(), venue.now() if until is None else until))
    if since is not None and since > last:
        return []
    if since is not None:
        opened = interval.open_of(since)
        opened = opened if opened >= since else interval.after(opened)
        return list(islice(interval.series(max(opened, earliest), last), limit))
    opens = [last]
    while len(opens) < limit and opens[-1] > earliest:
        opens.append(interval.before(opens[-1]))
    return [at for at in reversed(opens) if at >= earliest]
