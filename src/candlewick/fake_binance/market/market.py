"""Markets: what an exchange can say about its trades, and the seeded synthetic ones.

A market is a pure function from ids or times to trades. It has no clock: what the exchange has already made public
is for the `timeline` to say.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np

from candlewick.fake_binance.market.activity import GENESIS, Activity
from candlewick.fake_binance.market.candles import Candle
from candlewick.fake_binance.market.instruments import Character, Instrument
from candlewick.fake_binance.market.intervals import Interval
from candlewick.fake_binance.market.noise import below, key
from candlewick.fake_binance.market.orders import Orders, Prices, sizes
from candlewick.fake_binance.market.trades import Trades, empty, join

PUBLISH_DELAY_US = 1_300
"""An event follows its trade after this: Binance's median for `E - T` is one to two milliseconds."""

NEVER = 1 << 62
"""A time (µs) that does not come."""

CHUNK_SECONDS = 600
"""Synthetic trades are made, and kept a while, in runs of this much time."""

_TRADES_KEPT = 1_000_000
"""Of each symbol, about so many trades are kept once they were made: 50 MB."""

_US = 1_000_000


class Market(Protocol):
    """What an exchange knows, past and future."""

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """The symbols traded."""

    def first_id(self, symbol: str) -> int:
        """Return the oldest trade id there is."""

    def id_at(self, symbol: str, time_us: int) -> int:
        """Return the id of the first trade with `T >= time_us`, or the one after the last trade."""

    def id_published_after(self, symbol: str, time_us: int) -> int:
        """Return the id of the first trade with `E > time_us`, or the one after the last trade."""

    def published_by(self, symbol: str, time_us: int) -> int:
        """Return when all trades with `T < time_us` are public (µs); `NEVER` where that will not be known."""

    def trades(self, symbol: str, first_id: int, last_id: int) -> Trades:
        """Return the trades with ids in `[first_id, last_id]`; those that do not exist are left out."""

    def first_of_aggregate(self, symbol: str, aggregate_id: int) -> int:
        """Return the id of the first trade of an aggregate, or of the next one."""

    def recorded_klines(self, symbol: str, interval: Interval) -> Mapping[int, Candle]:
        """Return the exchange's own klines that came with a capture, by open time."""


class SyntheticMarket:
    """Markets made from a seed: any id and any time, the same for ever, in whatever order they are asked for."""

    def __init__(self, characters: Sequence[Character], seed: int, since_us: int = GENESIS * _US) -> None:
        self._tapes = {one.instrument.symbol: _Tape(one, seed) for one in characters}
        self.instruments = {symbol: tape.instrument for symbol, tape in self._tapes.items()}
        self._first = {symbol: tape.id_at(since_us) for symbol, tape in self._tapes.items()}

    def first_id(self, symbol: str) -> int:
        """Return the oldest trade id there is."""
        return self._first[symbol]

    def id_at(self, symbol: str, time_us: int) -> int:
        """Return the id of the first trade with `T >= time_us`."""
        return max(self._tapes[symbol].id_at(time_us), self._first[symbol])

    def id_published_after(self, symbol: str, time_us: int) -> int:
        """Return the id of the first trade with `E > time_us`."""
        return self.id_at(symbol, time_us + 1 - PUBLISH_DELAY_US)

    def published_by(self, symbol: str, time_us: int) -> int:
        """Return when all trades with `T < time_us` are public (µs)."""
        return time_us + PUBLISH_DELAY_US

    def trades(self, symbol: str, first_id: int, last_id: int) -> Trades:
        """Return the trades with ids in `[first_id, last_id]`; those that do not exist are left out."""
        return self._tapes[symbol].trades(max(first_id, self._first[symbol]), last_id)

    def first_of_aggregate(self, symbol: str, aggregate_id: int) -> int:
        """Return the id of the first trade of an aggregate."""
        index = np.array([aggregate_id], dtype=np.int64)
        return max(int(self._tapes[symbol].activity.aggregates.first_trade(index)[0]), self._first[symbol])

    def recorded_klines(self, symbol: str, interval: Interval) -> Mapping[int, Candle]:
        """Return none: these markets have no candles but those of their trades."""
        return {}


class _Tape:
    """One symbol's trades."""

    def __init__(self, character: Character, seed: int) -> None:
        self.instrument = character.instrument
        symbol = self.instrument.symbol
        self.activity = Activity(seed, symbol, character.rate)
        self._key = key(seed, symbol, "trades")
        self._prices = Prices(seed, character)
        self._sizes = sizes(character)
        kept = int(_TRADES_KEPT / character.rate / CHUNK_SECONDS)
        self._chunk = lru_cache(maxsize=min(max(kept, 3), 64))(self._make)

    def id_at(self, time_us: int) -> int:
        second, rest = divmod(time_us, _US)
        if not rest or not self.activity.has(second):
            return self.activity.id_at(second)
        chunk = second // CHUNK_SECONDS
        before = int(np.searchsorted(self._chunk(chunk).traded_at, time_us, side="left"))
        return self.activity.id_at(chunk * CHUNK_SECONDS) + before

    def trades(self, first_id: int, last_id: int) -> Trades:
        last_id = min(last_id, self.activity.last_id)
        if first_id > last_id:
            return empty(self.instrument)
        chunks = range(
            self.activity.second_of(first_id) // CHUNK_SECONDS,
            self.activity.second_of(last_id) // CHUNK_SECONDS + 1,
        )
        return join([self._chunk(chunk).between(first_id, last_id) for chunk in chunks])

    def _make(self, chunk: int) -> Trades:
        """Make the trades of `CHUNK_SECONDS` seconds."""
        edges = self.activity.edges(chunk * CHUNK_SECONDS, CHUNK_SECONDS)
        first_id, stop_id = int(edges[0]), int(edges[-1])
        if first_id == stop_id:
            return empty(self.instrument)
        ids = np.arange(first_id, stop_id, dtype=np.int64)
        aggregate = self.activity.aggregates.of(ids)
        orders = Orders.place(self._key, self.activity.aggregates.of(edges))
        traded_at = orders.times(chunk * CHUNK_SECONDS)
        sells, price = self._prices.fill(orders)
        of = aggregate - aggregate[0]
        return Trades(
            self.instrument,
            ids,
            price[of],
            self._sizes[below(self._key, ids, len(self._sizes))],
            traded_at[of],
            traded_at[of] + PUBLISH_DELAY_US,
            sells[of],
            aggregate,
        )
