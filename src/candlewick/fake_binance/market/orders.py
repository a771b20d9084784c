"""Taker orders of a synthetic market: who trades with how much, at which instant and at which prices.

An order is a run of aggregates with one time and one side; where it takes more than one price, each next one is
worse. In a busy second one order may sweep through hundreds of trades, as happens on the real exchange.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from candlewick.fake_binance.market.instruments import SCALE, Character
from candlewick.fake_binance.market.noise import UNIT, UNIT_BITS, Ints, below, exponentials, key
from candlewick.fake_binance.market.path import FRACTION_BITS, PricePath

_US = 1_000_000
_SWEEP_FROM = 12
"""A second with so many aggregates may hold a sweep."""

_QUOTE = 4
"""A quote stands for so many aggregates: runs of one price."""

_AHEAD = 2
"""Takers lean to where the quote goes in so many steps."""


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders of some consecutive seconds.

    `edges` are the first aggregate of each second and the one after the last; `aggregates` their ids; `order` says
    which order each belongs to; `start` is each order's first aggregate (its place in `aggregates`).
    """

    source: int
    edges: Ints
    aggregates: Ints
    order: Ints
    start: Ints

    @classmethod
    def place(cls, source: int, edges: Ints) -> "Orders":
        """Cut the aggregates of some seconds into orders."""
        aggregates = np.arange(edges[0], edges[-1], dtype=np.int64)
        counts = np.diff(edges)
        place = aggregates - np.repeat(edges[:-1], counts)
        goes_on = (below(source ^ 1, aggregates, 8) < 2) | _swept(source, edges, counts, place)
        starts = (place == 0) | ~goes_on
        return cls(source, edges, aggregates, np.cumsum(starts) - 1, np.flatnonzero(starts))

    def times(self, second: int) -> Ints:
        """Return the time of each aggregate in µs, where the first second is `second`.

        Waits between orders are exponential, and scaled to fill their second.
        """
        first = self.aggregates[self.start]
        waits = exponentials(self.source ^ 2, first) + 64
        elapsed = np.cumsum(waits)
        number = np.searchsorted(self.edges, first, side="right") - 1
        opening = self.order[self.edges[number] - self.edges[0]]
        closing = self.order[self.edges[number + 1] - 1 - self.edges[0]]
        before = elapsed[opening] - waits[opening]
        span = elapsed[closing] - before + exponentials(self.source ^ 3, self.edges[number + 1]) + 64
        at: Ints = (second + number) * _US + (elapsed - before) * _US // span
        return at[self.order]


def _swept(source: int, edges: Ints, counts: Ints, place: Ints) -> NDArray[np.bool_]:
    """Return which aggregates are in the middle of their second's sweep, if it has one."""
    begins = counts * below(source ^ 4, edges[:-1], 128) >> 8
    length = counts * (64 + below(source ^ 5, edges[:-1], 160)) >> 8
    happens = (counts >= _SWEEP_FROM) & (below(source ^ 6, edges[:-1], 5) < 2)
    ends = np.where(happens, begins + length, 0)
    swept: NDArray[np.bool_] = (place > np.repeat(begins, counts)) & (place < np.repeat(ends, counts))
    return swept


class Prices:
    """Sides and prices of one symbol's orders, around its path."""

    def __init__(self, seed: int, character: Character) -> None:
        self._key = key(seed, character.instrument.symbol, "prices")
        self._path = PricePath(
            seed,
            character.instrument.symbol,
            price=character.price,
            daily_volatility=character.daily_volatility,
            steps_per_second=character.rate / 2 / _QUOTE,
        )
        self._level = character.price * UNIT // 500_000

    def fill(self, orders: Orders) -> tuple[NDArray[np.bool_], Ints]:
        """Return, per aggregate, whether it sold, and its price in ticks."""
        first = orders.aggregates[orders.start]
        step = first // _QUOTE
        fair = self._path.at(int(step[0]), int(step[-1]) + _AHEAD)
        here = step - step[0]
        sells = self._sides(first, step, fair[here + _AHEAD] - fair[here])[orders.order]
        best = (fair[here] >> FRACTION_BITS)[orders.order]
        depth = self._depth(orders)
        return sells, np.maximum(np.where(sells, best - depth, best + 1 + depth), 1)

    def _sides(self, first: Ints, step: Ints, slope: Ints) -> NDArray[np.bool_]:
        """Return which orders sell: neighbours tend to agree, and most go with the slope."""
        lean = np.clip(slope * UNIT // (4 * self._path.stride), -UNIT // 3, UNIT // 3)
        sells = below(self._key ^ 1, step, UNIT) < UNIT // 2 - lean
        contrary = below(self._key ^ 2, first, 8) == 0
        flipped: NDArray[np.bool_] = sells ^ contrary
        return flipped

    def _depth(self, orders: Orders) -> Ints:
        """Return how many ticks into the book each aggregate is: an order's later ones go deeper."""
        steps = exponentials(self._key ^ 3, orders.aggregates) * self._level >> UNIT_BITS
        steps[orders.start] = 0
        total = np.cumsum(steps)
        depth: Ints = total - total[orders.start][orders.order]
        return depth >> UNIT_BITS


def sizes(character: Character) -> Ints:
    """Return quantities in lots to draw from evenly: log-normal, in the proportions of a recorded market."""
    unit_price = character.price * character.instrument.tick / SCALE * character.instrument.lot / SCALE
    normal = NormalDist()
    draws = (normal.inv_cdf((step + 0.5) / 4096) for step in range(4096))
    values = (min(max(60 * math.exp(2.4 * draw), 5.5), 400_000) for draw in draws)
    return np.array([max(1, round(value / unit_price)) for value in values], dtype=np.int64)
