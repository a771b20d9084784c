"""Aggregate trades by address: eight of them begin in every sixteen trade ids.

An aggregate is what one taker order traded at one price. Which ids begin one is random, but how many do is fixed,
so that aggregate ids are contiguous as Binance's are, and each is found from a trade id without counting.
"""

import random

import numpy as np

from candlewick.fake_binance.market.noise import Ints, below

BLOCK = 16
STARTS = 8
_PATTERNS = 256


def _patterns() -> list[list[int]]:
    """Return ways to put eight starts among sixteen ids; the first id of a block always starts one."""
    draw = random.Random(16)
    return [sorted([0, *draw.sample(range(1, BLOCK), STARTS - 1)]) for _ in range(_PATTERNS)]


_STARTS = np.array(_patterns(), dtype=np.int64)
_RANK = np.array([[np.searchsorted(row, at, "right") - 1 for at in range(BLOCK)] for row in _STARTS], dtype=np.int64)


class Aggregates:
    """Which aggregate a trade belongs to, and which trade an aggregate begins with."""

    def __init__(self, source: int) -> None:
        self._source = source

    def of(self, trade_ids: Ints) -> Ints:
        """Return the aggregate ids of trades."""
        block, at = np.divmod(trade_ids, BLOCK)
        return block * STARTS + _RANK[self._pattern(block), at]

    def first_trade(self, aggregate_ids: Ints) -> Ints:
        """Return the id of the first trade of each aggregate."""
        block, rank = np.divmod(aggregate_ids, STARTS)
        return block * BLOCK + _STARTS[self._pattern(block), rank]

    def snap(self, trade_ids: Ints) -> Ints:
        """Return the first trades of the aggregates that trades belong to."""
        return self.first_trade(self.of(trade_ids))

    def _pattern(self, block: Ints) -> Ints:
        return below(self._source, block, _PATTERNS)
