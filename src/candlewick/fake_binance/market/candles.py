"""Candles from trades, exactly: integers from the first price to the last sum."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from candlewick.fake_binance.market.intervals import Interval
from candlewick.fake_binance.market.trades import Trades


@dataclass(frozen=True, slots=True)
class Candle:
    """What the trades of one interval add up to: prices in ticks, volumes in lots, quote volumes in 1e-8."""

    open_time: int
    open: int
    high: int
    low: int
    close: int
    volume: int = 0
    quote_volume: int = 0
    count: int = 0
    taker_volume: int = 0
    taker_quote_volume: int = 0
    first_id: int = -1
    last_id: int = -1

    def plus(self, later: "Candle") -> "Candle":
        """Return the candle of both parts of an interval; `later` has the higher ids."""
        return Candle(
            self.open_time,
            self.open,
            max(self.high, later.high),
            min(self.low, later.low),
            later.close,
            self.volume + later.volume,
            self.quote_volume + later.quote_volume,
            self.count + later.count,
            self.taker_volume + later.taker_volume,
            self.taker_quote_volume + later.taker_quote_volume,
            self.first_id,
            later.last_id,
        )


def flat(open_time: int, price: int) -> Candle:
    """Return the candle of an interval without trades: at the previous close, with `f = L = -1`."""
    return Candle(open_time, price, price, price, price)


def candles(trades: Trades, interval: Interval) -> Iterator[Candle]:
    """Yield the candles of a run of trades, by `T`; intervals without trades are left out."""
    if not len(trades):
        return
    opens = interval.opens(trades.traded_at)
    starts = np.flatnonzero(np.diff(opens, prepend=opens[0] - 1))
    ends = np.append(starts[1:], len(opens)) - 1
    quote = trades.quote_amount
    taker = ~trades.buyer_is_maker
    columns = (
        opens[starts],
        trades.price[starts],
        np.maximum.reduceat(trades.price, starts),
        np.minimum.reduceat(trades.price, starts),
        trades.price[ends],
        np.add.reduceat(trades.quantity, starts),
        np.add.reduceat(quote, starts),
        ends - starts + 1,
        np.add.reduceat(trades.quantity * taker, starts),
        np.add.reduceat(quote * taker, starts),
        trades.ids[starts],
        trades.ids[ends],
    )
    for row in zip(*(column.tolist() for column in columns), strict=True):
        yield Candle(*row)


class Chart:
    """Candles of one symbol and interval, put together from runs of trades in id order."""

    def __init__(self, interval: Interval) -> None:
        self._interval = interval
        self._candles: dict[int, Candle] = {}

    def add(self, trades: Trades) -> None:
        """Take in the next run."""
        for candle in candles(trades, self._interval):
            held = self._candles.get(candle.open_time)
            self._candles[candle.open_time] = held.plus(candle) if held else candle

    def rows(self, opens: Iterable[int], close: int | None) -> Iterator[Candle]:
        """Yield a candle for each open time; `close` is the last price before them, None if there was none."""
        for open_time in opens:
            candle = self._candles.get(open_time) or (None if close is None else flat(open_time, close))
            if candle is not None:
                close = candle.close
                yield candle
