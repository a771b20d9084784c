"""What an exchange has made public so far, and the events that each step of its clock adds.

Pure: the clock's readings come in, steps go out. A step holds columns and candles; `events` writes them for one
unit of time, for the streams that somebody reads.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter

from candlewick.fake_binance.market.market import Market
from candlewick.fake_binance.market.trades import Trades
from candlewick.fake_binance.server import wire
from candlewick.fake_binance.server.forming import Forming, KlineEvent
from candlewick.fake_binance.server.streams import Stream
from candlewick.fake_binance.server.wire import Unit

Events = list[tuple[int, str, str]]
"""(event time in µs, stream name, payload), in the order of a stream."""


@dataclass(frozen=True, slots=True)
class Step:
    """What became public between two readings of the clock."""

    trades: dict[str, Trades]
    klines: list[KlineEvent]
    _written: dict[tuple[Stream, Unit], Events] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(len(trades) for trades in self.trades.values()) + len(self.klines)

    def events(self, streams: Iterable[Stream], unit: Unit) -> Events:
        """Return the events on `streams`, in the order of their times. Each is written once, whoever reads it."""
        merged: Events = []
        for stream in streams:
            if (stream, unit) not in self._written:
                self._written[stream, unit] = list(self._write(stream, unit))
            merged += self._written[stream, unit]
        merged.sort(key=itemgetter(0))
        return merged

    def _write(self, stream: Stream, unit: Unit) -> Iterator[tuple[int, str, str]]:
        if stream.interval is not None:
            mine = (event for event in self.klines if event.stream == stream)
            yield from ((event.at, stream.name, event.write(unit)) for event in mine)
        elif (trades := self.trades.get(stream.symbol)) is not None:
            write = wire.trade_events if stream.kind == "trade" else wire.aggregate_events
            yield from ((at, stream.name, payload) for at, payload in write(trades, unit))


class Timeline:
    """The public past of a market. `now` is the clock's last reading (µs); `next_id` the first id not yet public."""

    def __init__(self, market: Market, now: int) -> None:
        self.market = market
        self.now = now
        self.next_id = {symbol: market.id_published_after(symbol, now) for symbol in market.instruments}
        self._forming: dict[Stream, Forming] = {}

    def advance(self, to: int) -> Step:
        """Move the clock on and return what that made public."""
        trades = {}
        for symbol, start in self.next_id.items():
            stop = self.market.id_published_after(symbol, to)
            if stop > start:
                trades[symbol] = self.market.trades(symbol, start, stop - 1)
                self.next_id[symbol] = stop
        klines = [event for forming in self._forming.values() for event in forming.advance(to)]
        self.now = max(self.now, to)
        return Step(trades, klines)

    def watch(self, stream: Stream) -> Iterator[None]:
        """Begin to make the events of a kline stream; each step of the iteration is a bounded piece of work."""
        if stream.interval is None or stream in self._forming or stream.symbol not in self.next_id:
            return
        forming = Forming(self.market, stream, self.now)
        yield from forming.catch_up(self.next_id[stream.symbol])
        self._forming.setdefault(stream, forming)

    def keep_only(self, streams: Collection[Stream]) -> None:
        """Stop making the events of kline streams but these: nobody reads the others."""
        self._forming = {stream: forming for stream, forming in self._forming.items() if stream in streams}

    def next_at(self) -> int | None:
        """Return when the next event is due (µs), or None where no more will come."""
        moments = [forming.due for forming in self._forming.values()]
        moments += [at for symbol in self.next_id if (at := self._event_at(symbol, 0)) is not None]
        return min(moments, default=None)

    def moment_after(self, count: int) -> int | None:
        """Return a moment until which each symbol has about `count` more trades, or None after the last one."""
        return min((at for symbol in self.next_id if (at := self._event_at(symbol, count)) is not None), default=None)

    def _event_at(self, symbol: str, ahead: int) -> int | None:
        """Return when the trade `ahead` of the next one, or the last one before that, is published."""
        trades = self.market.trades(symbol, self.next_id[symbol], self.next_id[symbol] + ahead)
        return int(trades.event_at[-1]) if len(trades) else None
