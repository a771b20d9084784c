"""Ways to read a market: in runs, the first trades from an id on, the last ones before an id."""

from collections.abc import Iterator

from candlewick.fake_binance.market.market import Market
from candlewick.fake_binance.market.trades import Trades

_RUN = 20_000


def runs(market: Market, symbol: str, first_id: int, last_id: int) -> Iterator[Trades]:
    """Yield the trades `first_id` to `last_id` in runs small enough to be handled between two other tasks."""
    for start in range(first_id, last_id + 1, _RUN):
        yield market.trades(symbol, start, min(start + _RUN - 1, last_id))


def oldest(market: Market, symbol: str, first_id: int, last_id: int, count: int) -> Trades:
    """Return the first `count` trades there are with ids in `[first_id, last_id]`."""
    width = count
    while True:
        found = market.trades(symbol, first_id, min(first_id + width - 1, last_id))
        if len(found) >= count or first_id + width > last_id:
            return found.oldest(count)
        width *= 2


def newest(market: Market, symbol: str, last_id: int, count: int = 1) -> Trades:
    """Return the last `count` trades there are with ids up to `last_id`."""
    first_id, width = market.first_id(symbol), count
    while True:
        found = market.trades(symbol, max(last_id - width + 1, first_id), last_id)
        if len(found) >= count or last_id - width < first_id:
            return found.newest(count)
        width *= 2
