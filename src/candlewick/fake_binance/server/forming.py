"""The kline that a stream is forming: its updates, and its one closing event."""

from collections.abc import Iterator
from dataclasses import dataclass

from candlewick.fake_binance.market.candles import Candle, candles, flat
from candlewick.fake_binance.market.instruments import Instrument
from candlewick.fake_binance.market.intervals import Interval
from candlewick.fake_binance.market.market import NEVER, Market
from candlewick.fake_binance.market.reading import newest, runs
from candlewick.fake_binance.server import wire
from candlewick.fake_binance.server.streams import Stream
from candlewick.fake_binance.server.wire import Unit


@dataclass(frozen=True, slots=True)
class KlineEvent:
    """How a kline stands at `at` (µs)."""

    at: int
    stream: Stream
    instrument: Instrument
    interval: Interval
    candle: Candle
    closed: bool

    def write(self, unit: Unit) -> str:
        """Write the `kline` event."""
        return wire.kline_event(self.instrument, self.interval, self.candle, at=self.at, closed=self.closed, unit=unit)


class Forming:
    """One kline after the other, from the interval that `now` is in."""

    def __init__(self, market: Market, stream: Stream, now: int) -> None:
        if stream.interval is None:
            raise ValueError(f"expected a kline stream, got {stream.name!r}")
        self._market = market
        self._stream = stream
        self._interval = stream.interval
        self._close: int | None = None
        self._begin(self._interval.open_of(now))
        last = newest(market, stream.symbol, self._next_id - 1)
        if len(last):
            self._close = int(last.price[0])
        self._plan_update(now)

    @property
    def due(self) -> int:
        """When the next event is due, in µs."""
        return min(self._update, self._closing)

    def catch_up(self, next_id: int) -> Iterator[None]:
        """Take in what the interval has had so far, before `next_id`, in bounded pieces."""
        yield from self._take(next_id)

    def advance(self, to: int) -> Iterator[KlineEvent]:
        """Yield the events due until `to` (µs)."""
        while (at := self.due) <= to:
            closed = at == self._closing
            stop = self._fence if closed else self._market.id_published_after(self._stream.symbol, at)
            for _ in self._take(stop):
                pass
            if (candle := self._now()) is not None:
                one = self._market.instruments[self._stream.symbol]
                yield KlineEvent(at, self._stream, one, self._interval, candle, closed)
                self._close = candle.close
            if closed:
                self._begin(self._ends)
            self._plan_update(at)

    def _begin(self, open_time: int) -> None:
        self._open = open_time
        self._ends = self._interval.after(open_time)
        self._candle: Candle | None = None
        self._next_id = self._market.id_at(self._stream.symbol, open_time)
        self._fence = self._market.id_at(self._stream.symbol, self._ends)
        self._closing = self._market.published_by(self._stream.symbol, self._ends)

    def _plan_update(self, now: int) -> None:
        every = self._interval.update_us
        self._update = (now // every + 1) * every if every else NEVER

    def _take(self, stop: int) -> Iterator[None]:
        """Take in the interval's trades before id `stop`."""
        stop = min(stop, self._fence)
        for run in runs(self._market, self._stream.symbol, self._next_id, stop - 1):
            for candle in candles(run, self._interval):
                self._candle = self._candle.plus(candle) if self._candle else candle
            self._next_id = run.last_id + 1 if len(run) else self._next_id
            yield
        self._next_id = max(self._next_id, stop)

    def _now(self) -> Candle | None:
        """Return how the kline stands; None before the market's first trade."""
        if self._candle is not None or self._close is None:
            return self._candle
        return flat(self._open, self._close)
