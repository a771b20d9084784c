"""A run of trades as columns: consecutive ids of one symbol, in integers only."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from candlewick.exchange.instruments import Instrument
from candlewick.exchange.noise import Ints


@dataclass(frozen=True, slots=True)
class Trades:
    """Trades `first_id`, `first_id + 1`, … of one instrument.

    `price` is in ticks and `quantity` in lots; `traded_at` (`T`) and `event_at` (`E`) are µs since the epoch and
    never decrease; `aggregate` is the id of the aggregate trade that each one belongs to.
    """

    instrument: Instrument
    first_id: int
    price: Ints
    quantity: Ints
    traded_at: Ints
    event_at: Ints
    buyer_is_maker: NDArray[np.bool_]
    aggregate: Ints

    def __len__(self) -> int:
        return len(self.price)

    @property
    def last_id(self) -> int:
        """The id of the last trade; `first_id - 1` when there is none."""
        return self.first_id + len(self) - 1

    def between(self, first_id: int, last_id: int) -> "Trades":
        """Return those with ids in `[first_id, last_id]`: views, not copies."""
        start = min(max(first_id - self.first_id, 0), len(self))
        stop = max(min(last_id - self.first_id + 1, len(self)), start)
        return Trades(
            self.instrument,
            self.first_id + start,
            self.price[start:stop],
            self.quantity[start:stop],
            self.traded_at[start:stop],
            self.event_at[start:stop],
            self.buyer_is_maker[start:stop],
            self.aggregate[start:stop],
        )


def empty(instrument: Instrument, first_id: int) -> Trades:
    """Return no trades, before `first_id`."""
    nothing = np.zeros(0, dtype=np.int64)
    return Trades(instrument, first_id, nothing, nothing, nothing, nothing, nothing.astype(np.bool_), nothing)


def join(runs: list[Trades]) -> Trades:
    """Join runs that follow each other by id."""
    if len(runs) == 1:
        return runs[0]
    if any(left.last_id + 1 != right.first_id for left, right in pairwise(runs)):
        raise ValueError("expected runs of trades that follow each other by id")
    return Trades(
        runs[0].instrument,
        runs[0].first_id,
        np.concatenate([run.price for run in runs]),
        np.concatenate([run.quantity for run in runs]),
        np.concatenate([run.traded_at for run in runs]),
        np.concatenate([run.event_at for run in runs]),
        np.concatenate([run.buyer_is_maker for run in runs]),
        np.concatenate([run.aggregate for run in runs]),
    )
