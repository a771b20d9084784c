"""Pure: what Binance's REST answers, as far as a tape needs it. Source: Binance rest-api, 'Market data endpoints'."""

from typing import Annotated, TypeVar

import msgspec

from candlewick import trade as trades
from candlewick.errors import UNREADABLE, MalformedFrameError, preview
from candlewick.trade import Trade

Number = Annotated[str, msgspec.Meta(pattern=r"^([0-9]+\.?[0-9]*|\.[0-9]+)\Z", max_length=30)]
"""An amount, as a string of digits with one point at most."""
T = TypeVar("T")


class TradeRow(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A row of `historicalTrades`; `time` in ms or µs."""

    id: trades.Id
    price: Number
    qty: Number
    time: trades.Time
    is_buyer_maker: bool
    is_best_match: bool
    quote_qty: str | None = None

    @property
    def has_other_quote_amount(self) -> bool:
        """Whether the exchange's own quote amount is not what the warehouse makes of price and quantity."""
        return self.quote_qty is not None and not trades.is_quote_amount(self.quote_qty, self.price, self.qty)

    def line(self, symbol: str, received_at: int) -> bytes:
        """Write the row as a raw line; its event time is its trade time."""
        trade = Trade(self.time, symbol, self.id, self.price, self.qty, self.time, self.is_buyer_maker)
        return trades.encode_line(trade, is_best_match=self.is_best_match, source="rest", received_at=received_at)


class AggTradeRow(msgspec.Struct, frozen=True):
    """A row of `aggTrades`: the ids of the trades in it, and their time (ms or µs)."""

    first_id: int = msgspec.field(name="f")
    last_id: int = msgspec.field(name="l")
    traded_at: trades.Time = msgspec.field(name="T")


class KlineRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `klines`; times in ms or µs. Unlike an event it does not say which trades it is made of."""

    open_time: trades.Time
    open: Number
    high: Number
    low: Number
    close: Number
    volume: Number
    close_time: trades.Time
    quote_volume: Number
    trade_count: trades.Id
    taker_buy_volume: Number
    taker_buy_quote_volume: Number

    def line(self, symbol: str, interval: str, received_at: int, *, event_at: int | None = None) -> bytes:
        """Write the row as a raw line of a closed candle, without `f` and `L`.

        Its event time is its close time, so that an event of the stream is the later word; or `event_at`.
        """
        body = {
            "t": self.open_time,
            "T": self.close_time,
            "s": symbol,
            "i": interval,
            "o": self.open,
            "c": self.close,
            "h": self.high,
            "l": self.low,
            "v": self.volume,
            "n": self.trade_count,
            "x": True,
            "q": self.quote_volume,
            "V": self.taker_buy_volume,
            "Q": self.taker_buy_quote_volume,
        }
        event = msgspec.json.encode({"e": "kline", "E": event_at or self.close_time, "s": symbol, "k": body})
        return trades.raw_line(event, "rest", received_at)


class RateLimit(msgspec.Struct, frozen=True, rename="camel"):
    """One of the limits that the exchange publishes."""

    rate_limit_type: str
    interval: str
    interval_num: int
    limit: int


class SymbolInfo(msgspec.Struct, frozen=True):
    """A symbol that the exchange knows, and whether it is traded."""

    symbol: str
    status: str


class ExchangeInfo(msgspec.Struct, frozen=True, rename="camel"):
    """The exchange's rules: its limits and the symbols asked for."""

    rate_limits: list[RateLimit]
    symbols: list[SymbolInfo]

    @property
    def weight_per_minute(self) -> int | None:
        """The request weight that one address may use in a minute; None where it is not published."""
        for limit in self.rate_limits:
            if (limit.rate_limit_type, limit.interval, limit.interval_num) == ("REQUEST_WEIGHT", "MINUTE", 1):
                return limit.limit
        return None


class Time(msgspec.Struct, frozen=True, rename="camel"):
    """The exchange's clock (ms or µs)."""

    server_time: trades.Time


class Problem(msgspec.Struct, frozen=True):
    """The body of a refusal."""

    code: int = 0
    msg: str = ""


def read(body: bytes, kind: type[T]) -> T:
    """Read the body of an answer. Raises `MalformedFrameError` for one that is no such answer."""
    try:
        return msgspec.json.decode(body, type=kind)
    except UNREADABLE as error:
        raise MalformedFrameError(f"{error}, got {preview(body)}") from None


def problem_of(body: bytes) -> Problem:
    """Read the body of a refusal, whatever it is."""
    try:
        return msgspec.json.decode(body, type=Problem)
    except UNREADABLE:
        return Problem()
