"""Pure: ids that no trade ever has, left out alike from streams, REST, candles and archive."""

from collections.abc import Callable, Mapping

from candlewick.fake_binance.faults.active import Active
from candlewick.fake_binance.market.candles import Candle
from candlewick.fake_binance.market.instruments import Instrument
from candlewick.fake_binance.market.intervals import Interval
from candlewick.fake_binance.market.market import Market
from candlewick.fake_binance.market.trades import Trades
from candlewick.spans import Spans


class Holes:
    """Which ids do not exist, by symbol. A hole begins behind the next id to come, or back in the past.

    The past is only to be changed before somebody has read it.
    """

    def __init__(self) -> None:
        self.of: dict[str, Spans] = {}
        self._waiting: list[Active] = []
        self._next_ids: Callable[[], Mapping[str, int]] | None = None

    def meet(self, next_ids: Callable[[], Mapping[str, int]]) -> None:
        """Take how to ask for the first id of each symbol that is not yet public."""
        self._next_ids = next_ids
        for active in self._waiting:
            self.begin(active)
        self._waiting.clear()

    def begin(self, active: Active) -> None:
        """Make the hole that a fault asks for, or do so when the market is known."""
        if self._next_ids is None:
            self._waiting.append(active)
            return
        fault = active.fault
        for symbol, next_id in self._next_ids().items():
            if fault.symbol in {None, symbol}:
                first = next_id - round(active.value) + (0 if active.value else 1)
                last = first + (fault.count or 1) - 1
                self.of.setdefault(symbol, Spans()).add(first, last)
                active.see(f"{symbol} {first}-{last}")
        active.stop()

    def ranges(self, symbol: str) -> list[tuple[int, int]]:
        """Return the holes of a symbol."""
        return self.of[symbol].ranges() if symbol in self.of else []


class HoledMarket:
    """A market without the trades whose ids do not exist."""

    def __init__(self, market: Market, holes: Holes) -> None:
        self._market = market
        self._holes = holes

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """The symbols traded."""
        return self._market.instruments

    def first_id(self, symbol: str) -> int:
        """Return the oldest trade id there is."""
        return self._existing(symbol, self._market.first_id(symbol))

    def id_at(self, symbol: str, time_us: int) -> int:
        """Return the id of the first trade with `T >= time_us`, or the one after the last trade."""
        return self._existing(symbol, self._market.id_at(symbol, time_us))

    def id_published_after(self, symbol: str, time_us: int) -> int:
        """Return the id of the first trade with `E > time_us`, or the one after the last trade."""
        return self._existing(symbol, self._market.id_published_after(symbol, time_us))

    def published_by(self, symbol: str, time_us: int) -> int:
        """Return when all trades with `T < time_us` are public (µs)."""
        return self._market.published_by(symbol, time_us)

    def trades(self, symbol: str, first_id: int, last_id: int) -> Trades:
        """Return the trades with ids in `[first_id, last_id]`; those that do not exist are left out."""
        run = self._market.trades(symbol, first_id, last_id)
        holes = self._holes.ranges(symbol)
        return run.without(holes) if holes and len(run) else run

    def first_of_aggregate(self, symbol: str, aggregate_id: int) -> int:
        """Return the id of the first trade of an aggregate, or of the next one."""
        return self._existing(symbol, self._market.first_of_aggregate(symbol, aggregate_id))

    def recorded_klines(self, symbol: str, interval: Interval) -> Mapping[int, Candle]:
        """Return the exchange's own klines that came with a capture, by open time."""
        return self._market.recorded_klines(symbol, interval)

    def _existing(self, symbol: str, trade_id: int) -> int:
        for first, last in self._holes.ranges(symbol):
            if first <= trade_id <= last:
                trade_id = last + 1
        return trade_id
