"""Replays of recorded captures, as a market: as recorded, or moved to another time and pace."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from candlewick.fake_binance.market import capture
from candlewick.fake_binance.market.candles import Candle
from candlewick.fake_binance.market.intervals import Interval
from candlewick.fake_binance.market.market import NEVER
from candlewick.fake_binance.market.noise import Ints
from candlewick.fake_binance.market.recorded_klines import Klines
from candlewick.fake_binance.market.trades import Trades


class ReplayMarket:
    """The trades of a capture, and the exchange's own klines that came with it."""

    def __init__(self, trades: Mapping[str, Trades], klines: Mapping[str, Klines]) -> None:
        self._trades = trades
        self._klines = klines
        self.instruments = {symbol: run.instrument for symbol, run in trades.items()}
        self.starts_at = min(int(run.event_at[0]) for run in trades.values())
        self.ends_at = max(int(run.event_at[-1]) for run in trades.values())

    @classmethod
    def read(cls, path: Path) -> "ReplayMarket":
        """Read a capture. Raises `ConfigError` and `MalformedFrameError`."""
        return cls(*capture.read(path))

    def moved(self, start: int, speed: float) -> "ReplayMarket":
        """Return the same trades from `start` on (µs), `speed` times as dense: no longer those of the klines."""

        def move(times: Ints) -> Ints:
            passed = times - self.starts_at
            return start + (passed if speed == 1 else np.floor(passed / speed).astype(np.int64))

        trades = {
            symbol: replace(run, traded_at=move(run.traded_at), event_at=move(run.event_at))
            for symbol, run in self._trades.items()
        }
        return ReplayMarket(trades, {})

    def first_id(self, symbol: str) -> int:
        """Return the oldest trade id there is."""
        return self._trades[symbol].first_id

    def id_at(self, symbol: str, time_us: int) -> int:
        """Return the id of the first trade with `T >= time_us`, or the one after the last trade."""
        run = self._trades[symbol]
        return run.first_id + int(np.searchsorted(run.traded_at, time_us, side="left"))

    def id_published_after(self, symbol: str, time_us: int) -> int:
        """Return the id of the first trade with `E > time_us`, or the one after the last trade."""
        run = self._trades[symbol]
        return run.first_id + int(np.searchsorted(run.event_at, time_us, side="right"))

    def published_by(self, symbol: str, time_us: int) -> int:
        """Return when all trades with `T < time_us` are public (µs); `NEVER` where the capture ends before."""
        run = self._trades[symbol]
        before = int(np.searchsorted(run.traded_at, time_us, side="left"))
        if before == len(run):
            return NEVER
        return max(time_us, int(run.event_at[before - 1])) if before else time_us

    def trades(self, symbol: str, first_id: int, last_id: int) -> Trades:
        """Return the trades with ids in `[first_id, last_id]`; those that do not exist are left out."""
        return self._trades[symbol].between(first_id, last_id)

    def first_of_aggregate(self, symbol: str, aggregate_id: int) -> int:
        """Return the id of the first trade of an aggregate, or of the next one."""
        run = self._trades[symbol]
        return run.first_id + int(np.searchsorted(run.aggregate, aggregate_id, side="left"))

    def recorded_klines(self, symbol: str, interval: Interval) -> Mapping[int, Candle]:
        """Return the exchange's own klines that came with the capture, by open time."""
        return self._klines.get(symbol, {}).get(interval, {})
