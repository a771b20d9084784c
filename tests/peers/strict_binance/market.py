"""The truth of one market: trades made from a seed as time goes by, and candles summed from them, all in Decimal."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Context, Decimal
from random import Random

from .instruments import Instrument

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
_EIGHT = Decimal("0.00000001")
_WIDE = Context(prec=60)
_FINE_HISTORY = 10 * MINUTE
"""Before the start the market was slow; its last minutes were as busy as it will be from now on."""

INTERVALS = {
    f"{n}{unit}": n * length
    for unit, length, counts in (
        ("s", SECOND, (1,)),
        ("m", MINUTE, (1, 3, 5, 15, 30)),
        ("h", 60 * MINUTE, (1, 2, 4, 6, 8, 12)),
        ("d", DAY, (1, 3)),
    )
    for n in counts
}
"""The intervals of equal length, in µs; weeks begin on Monday and months on their first day."""


def cut(price: Decimal, quantity: Decimal) -> Decimal:
    """The `quoteQty` of a trade: the product without what lies behind its eighth place."""
    return _WIDE.multiply(price, quantity).quantize(_EIGHT, rounding=ROUND_DOWN, context=_WIDE)


@dataclass(frozen=True, slots=True)
class Trade:
    """One print; times in µs since the epoch. `aggregate` is the index of the aggregate trade that holds it."""

    id: int
    price: Decimal
    quantity: Decimal
    quote: Decimal
    time: int
    event: int
    buyer_is_maker: bool
    aggregate: int


@dataclass(frozen=True, slots=True)
class Candle:
    """One bar: `first` and `last` are trade ids, -1 where there was no trade."""

    open_time: int
    close_time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    quote_volume: Decimal
    count: int
    taker_volume: Decimal
    taker_quote_volume: Decimal
    first: int
    last: int


class Market:
    """Makes trades up to the time it is told, and remembers each of them. `rates`: orders a second, earlier and now."""

    def __init__(self, instrument: Instrument, *, seed: int, start: int, rates: tuple[float, float]):
        self.instrument = instrument
        yesterday = (start // DAY - 1) * DAY
        self.listed = start // MINUTE * MINUTE - 4 * MINUTE if instrument.young else yesterday
        self.trades: list[Trade] = []
        self.aggregates: list[int] = []  # the position of each aggregate trade's first trade
        self._times: list[int] = []
        self._events: list[int] = []
        self._orders = self._make(Random(f"{seed}-{instrument.symbol}"), start, *rates)
        self._next = next(self._orders)

    def advance(self, now: int) -> list[Trade]:
        """Make what happened up to `now` (µs); the new trades, oldest first."""
        new = []
        while self._next[0].event <= now:
            new += self._next
            self._next = next(self._orders)
        for trade in new:
            if trade.aggregate == len(self.aggregates):
                self.aggregates.append(len(self.trades))
            self.trades.append(trade)
            self._times.append(trade.time)
            self._events.append(trade.event)
        return new

    @property
    def next_event(self) -> int:
        """When the next order will be filled, in µs."""
        return self._next[0].event

    def known(self, now: int) -> int:
        """How many trades a database has that is right up to `now` (µs)."""
        return bisect_right(self._events, now)

    def position(self, trade_id: int) -> int:
        """Where `trade_id` is among `trades`; below 0 or beyond the end where there is no such trade."""
        return trade_id - self.instrument.first_id

    def since(self, time: int) -> int:
        """The position of the first trade at or after `time` (µs)."""
        return bisect_left(self._times, time)

    def candle(self, opens: int, closes: int, known: int) -> Candle:
        """The bar from `opens` to `closes` (µs, exclusive) of the first `known` trades; flat where there was none."""
        start, end = min(self.since(opens), known), min(self.since(closes), known)
        trades = self.trades[start:end]
        if not trades:
            flat = self.trades[start - 1].price if start else self.instrument.price
            nil = Decimal(0)
            return Candle(opens, closes - 1, flat, flat, flat, flat, nil, nil, 0, nil, nil, -1, -1)
        prices = [trade.price for trade in trades]
        taken = [trade for trade in trades if not trade.buyer_is_maker]
        return Candle(
            opens, closes - 1, prices[0], max(prices), min(prices), prices[-1],
            sum((trade.quantity for trade in trades), Decimal(0)), sum((trade.quote for trade in trades), Decimal(0)),
            len(trades),
            sum((trade.quantity for trade in taken), Decimal(0)), sum((trade.quote for trade in taken), Decimal(0)),
            trades[0].id, trades[-1].id,
        )  # fmt: skip

    def _make(self, rng: Random, start: int, earlier: float, now: float) -> Iterator[list[Trade]]:
        """Orders one after the other for ever: each fills one to many resting ones in the same microsecond."""
        instrument, time = self.instrument, self.listed
        ticks = int(instrument.price / instrument.tick)
        trade_id, aggregate = instrument.first_id, -1
        while True:
            rate = now if time > start - _FINE_HISTORY else earlier
            time += 1 + int(rng.expovariate(rate) * SECOND)
            event = time + rng.randrange(200, 9_000)
            buyer_is_maker, last_ticks, fills = rng.random() < 0.5, -1, []
            for _ in range(_fills(rng)):
                if ticks != last_ticks:
                    aggregate, last_ticks = aggregate + 1, ticks
                price, quantity = ticks * instrument.tick, _quantity(rng, instrument)
                fills.append(
                    Trade(trade_id, price, quantity, cut(price, quantity), time, event, buyer_is_maker, aggregate)
                )
                trade_id += 1
                if rng.random() < 0.3:
                    ticks = max(1, ticks + (-1 if buyer_is_maker else 1))
            ticks = _back_home(rng, ticks, instrument)
            yield fills
            time = max(time, event)


def _fills(rng: Random) -> int:
    """How many resting orders one order meets: mostly one or two, now and then a sweep."""
    return rng.choice((1, 1, 1, 2, 2, 3)) if rng.random() < 0.98 else rng.randrange(20, 120)


def _quantity(rng: Random, instrument: Instrument) -> Decimal:
    steps = int(instrument.quantity / instrument.step * Decimal(rng.lognormvariate(0, 0.8)))
    return max(1, steps) * instrument.step


def _back_home(rng: Random, ticks: int, instrument: Instrument) -> int:
    """Keep the price within two of its own, so that a market never leaves the case it stands for."""
    home = int(instrument.price / instrument.tick)
    return ticks if home / 2 <= ticks <= home * 2 else home + rng.randrange(-1, 2) * (home > 1)


def span_of(interval: str, time: int, offset: int = 0) -> tuple[int, int]:
    """The bar of `interval` that holds `time`: its open and the next one's (µs), `offset` µs east of UTC."""
    local = time + offset
    if interval == "1M":
        first = datetime.fromtimestamp(local / SECOND, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        after = (first + timedelta(days=32)).replace(day=1)
        return int(first.timestamp()) * SECOND - offset, int(after.timestamp()) * SECOND - offset
    length = 7 * DAY if interval == "1w" else INTERVALS[interval]
    shift = 4 * DAY if interval == "1w" else 0  # the epoch was a Thursday
    opens = (local - shift) // length * length + shift
    return opens - offset, opens + length - offset
