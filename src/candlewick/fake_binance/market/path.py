"""Where a synthetic price goes: a Brownian path over trades, found at any point without walking to it.

This is Lévy's construction. Knots some weeks apart are independent draws around the starting price, so the path
stays bounded for ever; between two knots, each midpoint is the mean of its neighbours plus a draw whose deviation
halves in variance level by level. That makes a random walk, not a wave around a mean, at every scale a chart shows.

Its clock is the count of trades, not time. So busy minutes move far and quiet ones hardly, which is what gives real
charts their clustered volatility. Below a few seconds' worth of trades it is smoothed, as quotes are.
"""

import math

import numpy as np

from candlewick.fake_binance.market.noise import UNIT_BITS, Ints, key, normals

FRACTION_BITS = 16
"""The path is in ticks, with this many binary digits after the point."""

_KNOT_DAYS = 24
_SMOOTH_SECONDS = 6
_DAY = 86_400


class PricePath:
    """The fair price of one symbol at each step; `steps_per_second` is its mean pace."""

    def __init__(self, seed: int, symbol: str, *, price: int, daily_volatility: float, steps_per_second: float) -> None:
        self._key = key(seed, symbol, "path")
        self._price = price << FRACTION_BITS
        self._levels = max(1, round(math.log2(max(2.0, _KNOT_DAYS * _DAY * steps_per_second))))
        self._smooth = max(1, round(_SMOOTH_SECONDS * steps_per_second))
        self._step = daily_volatility * self._price / math.sqrt(_DAY * steps_per_second)

    @property
    def stride(self) -> int:
        """The deviation of one step, in path units."""
        return max(1, round(self._step))

    def at(self, first: int, last: int) -> Ints:
        """Return the fair price at steps `first` to `last`, in ticks with `FRACTION_BITS`; at least one tick."""
        low, high = first >> self._levels, -(-last >> self._levels)
        values = self._knots(np.arange(low, high + 1, dtype=np.int64))
        for level in range(self._levels, 0, -1):
            start, stop = first >> (level - 1), -(-last >> (level - 1))
            finer = self._refine(values, low, level)
            values, low = finer[start - 2 * low : stop - 2 * low + 1], start
        return np.maximum(values, 1 << FRACTION_BITS)

    def _knots(self, index: Ints) -> Ints:
        deviation = round(self._step * math.sqrt((1 << self._levels) / 2))
        return self._price + (normals(self._key, index) * deviation >> UNIT_BITS)

    def _refine(self, values: Ints, low: int, level: int) -> Ints:
        """Put a midpoint between each two of `values`, which are `2**level` steps apart from number `low`."""
        intervals = np.arange(low, low + len(values) - 1, dtype=np.int64)
        finer = np.empty(2 * len(values) - 1, dtype=np.int64)
        finer[::2] = values
        finer[1::2] = (values[:-1] + values[1:] >> 1) + (
            normals(self._key ^ level, intervals) * self._deviation(level) >> UNIT_BITS
        )
        return finer

    def _deviation(self, level: int) -> int:
        """Return how far a midpoint strays from the mean of its neighbours, in path units."""
        length = 1 << level
        calm = math.sqrt(math.sqrt(min(1.0, length / self._smooth)))
        return round(self._step * math.sqrt(length) / 2 * calm)
