"""Live bars: the warehouse's newest bars, carried on by the feed's trades. Pure: no clock, no socket, no file.

A live bar is never a guess. It starts from the bars of one version of the mart and their last trade id, and goes on
by contiguous ids only; at a hole it waits for a version that has passed it. Until then a copy of the bars goes on over
the hole, marked as incomplete, so that the last price does not stand still. Amounts are integers (see `SCALE`).
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from enum import IntEnum
from itertools import islice
from zoneinfo import ZoneInfo

from candlewick.moments import interval

SCALE = 8
"""Prices, quantities and quote amounts are integers in units of 10^-8."""

_ONE = 100_000_000
_EXACT = Context(prec=60)

SPARSE = frozenset({"1s"})
"""Timeframes in which an interval without trades has no bar."""


class State(IntEnum):
    """How far a bar is settled; an incomplete one lacks trades that are being asked for."""

    INCOMPLETE = -1
    FORMING = 0
    CLOSED = 1
    COMPLETE = 2


@dataclass(slots=True, frozen=True)
class FeedTrade:
    """A trade as the feed tells it: price and quantity in 10^-8, time in µs since the epoch, and who took."""

    trade_id: int
    price: int
    quantity: int
    traded_at: int
    is_sell: bool = False


@dataclass(slots=True)
class Bar:
    """A bar [open_time, close_time) in µs; see `SCALE` for amounts. A flat bar has no trades and no ids."""

    open_time: int
    close_time: int
    open: int
    high: int
    low: int
    close: int
    volume: int = 0
    quote_volume: int = 0
    trade_count: int = 0
    first_trade_id: int | None = None
    last_trade_id: int | None = None
    state: State = State.FORMING
    taker_buy_volume: int = 0

    @classmethod
    def flat(cls, open_time: int, close_time: int, price: int) -> "Bar":
        """The bar of an interval that contiguous ids prove to be without trades."""
        return cls(open_time, close_time, price, price, price, price, state=State.CLOSED)

    def add(self, trade: FeedTrade) -> None:
        """Count one more trade, whose id is higher than every id so far."""
        if self.trade_count == 0:
            self.open = self.high = self.low = trade.price
            self.first_trade_id = trade.trade_id
        self.high = max(self.high, trade.price)
        self.low = min(self.low, trade.price)
        self.close = trade.price
        self.volume += trade.quantity
        self.taker_buy_volume += 0 if trade.is_sell else trade.quantity
        self.quote_volume += quote_of(trade.price, trade.quantity)
        self.trade_count += 1
        self.last_trade_id = trade.trade_id

    def reprice(self, price: int) -> None:
        """Move a flat bar to the close of the bar before it."""
        self.open = self.high = self.low = self.close = price


def quote_of(price: int, quantity: int) -> int:
    """What a trade is worth in the quote asset: the product cut after eight places, as the exchange cuts it."""
    return price * quantity // _ONE


def scaled(amount: Decimal | str) -> int:
    """Turn a decimal into an integer of 10^-8; raises ValueError rather than round."""
    exact = Decimal(amount).scaleb(SCALE, _EXACT)
    number = int(exact)
    if number != exact:
        raise ValueError(f"expected at most {SCALE} decimals, got {amount}")
    return number


def decimal_text(amount: int) -> str:
    """Write a scaled integer as the shortest decimal that equals it: a JSON number."""
    whole, fraction = divmod(abs(amount), _ONE)
    digits = f"{whole}.{fraction:0{SCALE}d}".rstrip("0").rstrip(".") if fraction else str(whole)
    return f"-{digits}" if amount < 0 else digits


class Tail:
    """The newest trades of one symbol, ascending by id, bounded. Holes between them are kept as holes."""

    def __init__(self, limit: int = 50_000) -> None:
        self._trades: deque[FeedTrade] = deque(maxlen=limit)

    def __len__(self) -> int:
        return len(self._trades)

    @property
    def first_id(self) -> int | None:
        """The lowest id held."""
        return self._trades[0].trade_id if self._trades else None

    @property
    def last_id(self) -> int | None:
        """The highest id held."""
        return self._trades[-1].trade_id if self._trades else None

    def append(self, trades: Iterable[FeedTrade]) -> list[FeedTrade]:
        """Take trades on; what is not newer than the newest is a repetition. Returns the new ones."""
        last = self.last_id if self.last_id is not None else -1
        fresh = [trade for trade in trades if trade.trade_id > last]
        self._trades.extend(fresh)
        return fresh

    def after(self, trade_id: int) -> Iterator[FeedTrade]:
        """The trades with the ids `trade_id + 1`, `+ 2`, …, up to the first hole."""
        start = bisect_left(self._trades, trade_id + 1, key=lambda trade: trade.trade_id)
        for expected, trade in enumerate(islice(self._trades, start, None), trade_id + 1):
            if trade.trade_id != expected:
                return
            yield trade

    def beyond(self, trade_id: int) -> Iterator[FeedTrade]:
        """The trades with ids above `trade_id`, holes or not."""
        return islice(self._trades, bisect_left(self._trades, trade_id + 1, key=lambda trade: trade.trade_id), None)

    def forget(self, trade_id: int) -> None:
        """Let go of every trade up to an id that all bars have settled."""
        while self._trades and self._trades[0].trade_id <= trade_id:
            self._trades.popleft()


class LiveBars:
    """The newest bars of one symbol and timeframe."""

    def __init__(self, timeframe: str, zone: ZoneInfo, keep: int = 12) -> None:
        self.timeframe = timeframe
        self.zone = zone
        self.keep = keep
        self.last_id: int | None = None
        self.bars: list[Bar] = []
        self._incomplete_from: int | None = None

    def settle(self, bars: Sequence[Bar], last_id: int | None = None) -> None:
        """Start again from the bars of a version of the mart: ascending, its newest, with all trades up to `last_id`.

        `last_id` defaults to the highest id in them.
        """
        self.bars = list(bars)
        known = [bar.last_trade_id for bar in bars if bar.last_trade_id is not None]
        self.last_id = last_id if last_id is not None else max(known, default=None)

    def extend(self, trades: Iterable[FeedTrade]) -> bool:
        """Carry the bars on by trades in id order; ids already in are skipped, and a hole ends it.

        Returns whether the bars now hold every one of the trades.
        """
        if self.last_id is None:
            return False
        for trade in trades:
            if trade.trade_id <= self.last_id:
                continue
            if trade.trade_id != self.last_id + 1:
                return False
            self._place(trade)
            self.last_id = trade.trade_id
        return True

    def over_a_hole(self) -> "LiveBars":
        """A copy, to be carried on over the hole behind the newest bar's last trade. There must be a bar."""
        copy = LiveBars(self.timeframe, self.zone, self.keep)
        copy.settle([replace(bar) for bar in self.bars], self.last_id)
        copy._incomplete_from = self.bars[-1].open_time
        return copy

    def extend_over(self, trades: Iterable[FeedTrade]) -> None:
        """Carry a copy on by trades in id order, whatever is missing between them; where that may be is incomplete."""
        for trade in trades:
            if self.last_id is None or trade.trade_id > self.last_id:
                self._place(trade)
                self.last_id = trade.trade_id
        for bar in self.bars:
            if self._incomplete_from is not None and bar.open_time >= self._incomplete_from:
                bar.state = State.INCOMPLETE

    def _place(self, trade: FeedTrade) -> None:
        newest = self.bars[-1]
        if trade.traded_at >= newest.close_time:
            self._open_after(newest, trade)
        elif trade.traded_at >= newest.open_time:
            newest.add(trade)
        else:
            self._place_late(trade)

    def _open_after(self, previous: Bar, trade: FeedTrade) -> None:
        previous.state = max(previous.state, State.CLOSED)
        opened, closed = interval(self.timeframe, trade.traded_at, self.zone)
        if self.timeframe not in SPARSE:
            self._fill_flat(previous, opened)
        bar = Bar(opened, closed, trade.price, trade.price, trade.price, trade.price)
        bar.add(trade)
        self.bars.append(bar)
        del self.bars[: -self.keep]

    def _fill_flat(self, previous: Bar, until: int) -> None:
        opened = previous.close_time
        while opened < until:
            bar = Bar.flat(*interval(self.timeframe, opened, self.zone), previous.close)
            self.bars.append(bar)
            opened = bar.close_time

    def _place_late(self, trade: FeedTrade) -> None:
        """A trade stamped earlier than its predecessor by id counts for the bar of its own time.

        Where that bar is no longer kept, the mart's next version brings it.
        """
        if trade.traded_at < self.bars[0].open_time:
            return
        opened, closed = interval(self.timeframe, trade.traded_at, self.zone)
        bar = next((bar for bar in self.bars if bar.open_time == opened), None)
        if bar is None:
            bar = Bar(opened, closed, trade.price, trade.price, trade.price, trade.price, state=State.CLOSED)
            insort(self.bars, bar, key=lambda bar: bar.open_time)
        bar.add(trade)
        self._reprice_flat_after(bar)

    def _reprice_flat_after(self, bar: Bar) -> None:
        for later in self.bars[self.bars.index(bar) + 1 :]:
            if later.trade_count:
                return
            later.reprice(bar.close)
