"""A run of trades as columns: ascending ids of one symbol, in integers only."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from candlewick.fake_binance.market.instruments import Instrument
from candlewick.fake_binance.market.noise import Ints


@dataclass(frozen=True, slots=True)
class Trades:
    """Trades of one instrument, in the order of their `ids`: one after the other, but for ids that do not exist.

    `price` is in ticks and `quantity` in lots; `traded_at` (`T`) and `event_at` (`E`) are µs since the epoch and
    never decrease; `aggregate` is the id of the aggregate trade that each one belongs to.
    """

    instrument: Instrument
    ids: Ints
    price: Ints
    quantity: Ints
    traded_at: Ints
    event_at: Ints
    buyer_is_maker: NDArray[np.bool_]
    aggregate: Ints

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def first_id(self) -> int:
        """The id of the first trade, of which there must be one."""
        return int(self.ids[0])

    @property
    def last_id(self) -> int:
        """The id of the last trade, of which there must be one."""
        return int(self.ids[-1])

    @property
    def quote_amount(self) -> Ints:
        """What each is worth, in 1e-8 of the quote asset."""
        return self.instrument.quote_amount(self.price, self.quantity)

    def between(self, first_id: int, last_id: int) -> "Trades":
        """Return those with ids in `[first_id, last_id]`: views, not copies."""
        start = int(np.searchsorted(self.ids, first_id, side="left"))
        stop = max(int(np.searchsorted(self.ids, last_id, side="right")), start)
        return self._at(slice(start, stop))

    def newest(self, count: int) -> "Trades":
        """Return the last `count` of them, or all."""
        return self._at(slice(max(len(self) - count, 0), None))

    def oldest(self, count: int) -> "Trades":
        """Return the first `count` of them, or all."""
        return self._at(slice(count))

    def without(self, ranges: Iterable[tuple[int, int]]) -> "Trades":
        """Return those with ids in none of the inclusive `ranges`."""
        keep = np.ones(len(self), dtype=np.bool_)
        for first_id, last_id in ranges:
            keep &= (self.ids < first_id) | (self.ids > last_id)
        return self._at(keep)

    def _at(self, rows: slice | NDArray[np.bool_]) -> "Trades":
        return Trades(
            self.instrument,
            self.ids[rows],
            self.price[rows],
            self.quantity[rows],
            self.traded_at[rows],
            self.event_at[rows],
            self.buyer_is_maker[rows],
            self.aggregate[rows],
        )


def empty(instrument: Instrument) -> Trades:
    """Return no trades."""
    nothing = np.zeros(0, dtype=np.int64)
    return Trades(instrument, nothing, nothing, nothing, nothing, nothing, nothing.astype(np.bool_), nothing)


def join(runs: list[Trades]) -> Trades:
    """Join runs that follow each other by id."""
    if len(runs) == 1:
        return runs[0]
    if any(left.last_id >= right.first_id for left, right in pairwise(run for run in runs if len(run))):
        raise ValueError("expected runs of trades that follow each other by id")
    return Trades(
        runs[0].instrument,
        np.concatenate([run.ids for run in runs]),
        np.concatenate([run.price for run in runs]),
        np.concatenate([run.quantity for run in runs]),
        np.concatenate([run.traded_at for run in runs]),
        np.concatenate([run.event_at for run in runs]),
        np.concatenate([run.buyer_is_maker for run in runs]),
        np.concatenate([run.aggregate for run in runs]),
    )
