"""When a synthetic market trades: how many trades each second has, and so which ids it has.

Three levels, each exact: a table of trades per hour since the genesis, a split of each hour into seconds by
random weights, and aggregates (see `aggregates`) that no second's edge cuts through. Any second's ids are found
without a walk through the seconds before it.
"""

from functools import lru_cache

import numpy as np

from candlewick.fake_binance.market.aggregates import Aggregates
from candlewick.fake_binance.market.noise import (
    UNIT,
    UNIT_BITS,
    Ints,
    below,
    exponentials,
    key,
    normals,
    powers_of_two,
    smooth,
)

HOUR = 3_600
GENESIS = 1_577_836_800
"""2020-01-01, in seconds since the epoch: the first second of every synthetic market."""

HOURS = 24 * (365 * 20 + 5)
"""Synthetic markets end with 2039."""

_SLOW = ((30 * 24, 0.25), (7 * 24, 0.25), (24, 0.25), (7, 0.3), (2, 0.3))
"""Scales of activity from a month to two hours: (hours, standard deviation in powers of two)."""

_FAST = ((1_500, 0.35), (400, 0.4), (90, 0.5), (22, 0.5), (5, 0.55))
"""Scales within an hour: (seconds, standard deviation in powers of two)."""

_SECOND = 1.15
"""Second by second, the standard deviation in powers of two. Together they give a second of 30 times the mean."""

_DAY = (-7, -8, -9, -9, -8, -6, -3, 1, 4, 5, 5, 4, 5, 9, 12, 12, 10, 7, 4, 2, 0, -2, -4, -6)
"""Busy and quiet hours of a UTC day, in powers of two, times 16."""

_SHOCK_EVERY = 420
_SHOCK_SPAN = 900
"""A shock (news) comes about every so many seconds somewhere, and dies down over a span, in seconds."""


class Activity:
    """The count of trades of one symbol through time."""

    def __init__(self, seed: int, symbol: str, rate: float) -> None:
        self._key = key(seed, symbol, "activity")
        self.aggregates = Aggregates(key(seed, symbol, "aggregates"))
        self._hours = self._count_hours(rate)
        self._seconds = lru_cache(maxsize=64)(self._count_seconds)

    @property
    def last_id(self) -> int:
        """The id of the last trade there will ever be."""
        return int(self._hours[-1]) - 1

    def id_at(self, second: int) -> int:
        """Return the first id at or after `second` (seconds since the epoch)."""
        hour, rest = divmod(second - GENESIS, HOUR)
        if hour < 0:
            return int(self._hours[0])
        if hour >= HOURS:
            return int(self._hours[-1])
        return int(self._seconds(hour)[rest])

    def has(self, second: int) -> bool:
        """Return whether there is a market in `second` (seconds since the epoch)."""
        return 0 <= second - GENESIS < HOURS * HOUR

    def edges(self, second: int, count: int) -> Ints:
        """Return the first ids of `count` seconds from `second`, and the one after: all within one hour."""
        hour, rest = divmod(second - GENESIS, HOUR)
        return self._seconds(hour)[rest : rest + count + 1]

    def second_of(self, trade_id: int) -> int:
        """Return the second in which a trade happens, in seconds since the epoch."""
        hour = int(np.searchsorted(self._hours, trade_id, side="right")) - 1
        if not 0 <= hour < HOURS:
            raise ValueError(f"expected a trade id from {self._hours[0]} to {self._hours[-1] - 1}, got {trade_id}")
        return GENESIS + hour * HOUR + int(np.searchsorted(self._seconds(hour), trade_id, side="right")) - 1

    def _count_hours(self, rate: float) -> Ints:
        """Return the first id of every hour, and the one after the last."""
        hours = np.arange(HOURS, dtype=np.int64)
        exponent = np.array(_DAY, dtype=np.int64)[hours % 24] * (UNIT // 16)
        for spacing, deviation in _SLOW:
            exponent = exponent + _scaled(smooth(self._key ^ spacing, hours, spacing), deviation)
        weights = powers_of_two(exponent)
        per_weight = round(rate * HOUR * HOURS * UNIT / int(weights.sum()))
        ids = np.concatenate([[0], np.cumsum(weights * per_weight) >> UNIT_BITS])
        return self.aggregates.snap(ids + 1 + key(self._key) % 1_000_000)

    def _count_seconds(self, hour: int) -> Ints:
        """Return the first id of every second of an hour, and the one after the last."""
        start, stop = int(self._hours[hour]), int(self._hours[hour + 1])
        weights = np.cumsum(self._weights(hour * HOUR))
        shares = (stop - start) * weights // int(weights[-1])
        return self.aggregates.snap(np.concatenate([[0], shares]) + start)

    def _weights(self, second: int) -> Ints:
        """Return the relative activity of the 3,600 seconds from `second` (counted from the genesis)."""
        seconds = np.arange(second, second + HOUR, dtype=np.int64)
        exponent = _scaled(normals(self._key ^ 1, seconds), _SECOND)
        for spacing, deviation in _FAST:
            exponent = exponent + _scaled(smooth(self._key ^ spacing, seconds, spacing), deviation)
        return (powers_of_two(exponent) * self._shocks(seconds) >> UNIT_BITS) + 1

    def _shocks(self, seconds: Ints) -> Ints:
        """Return the factor that recent news multiply activity with, in `UNIT`s."""
        factor = np.full(len(seconds), UNIT, dtype=np.int64)
        first = int(seconds[0]) // _SHOCK_EVERY - _SHOCK_SPAN // _SHOCK_EVERY - 1
        buckets = np.arange(first, int(seconds[-1]) // _SHOCK_EVERY + 1, dtype=np.int64)
        starts = buckets * _SHOCK_EVERY + below(self._key ^ 2, buckets, _SHOCK_EVERY)
        sizes = exponentials(self._key ^ 3, buckets) ** 2 >> UNIT_BITS
        halving = 4 + below(self._key ^ 4, buckets, 60)
        for start, size, half_life in zip(starts.tolist(), sizes.tolist(), halving.tolist(), strict=True):
            age = seconds - start
            decay = powers_of_two(np.maximum(-age * UNIT // half_life, -16 * UNIT))
            factor += np.where((age >= 0) & (age < _SHOCK_SPAN), decay * size >> UNIT_BITS, 0)
        return factor


def _scaled(draw: Ints, deviation: float) -> Ints:
    return draw * round(deviation * UNIT) >> UNIT_BITS
