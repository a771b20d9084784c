"""A trade as it travels: sliced out of a frame, decoded for sequencing, written as a raw line.

A raw line is the exchange's event verbatim with two fields of ours spliced in at its end: where we have it from
(`src`) and our clock when it came (`recv`, µs since the epoch). So every decoder here reads raw lines, too.
Payloads: Binance's web-socket-streams, 'Trade Streams' and 'Kline/Candlestick Streams'.
"""

from decimal import Context, Decimal, InvalidOperation
from typing import Annotated, Literal

import msgspec

from candlewick.errors import UNREADABLE, MalformedFrameError
from candlewick.moments import micros

Source = Literal["ws", "rest", "archive"]

_DATA = b'"data":'
_CLOSING = ord("}")
_LONGEST_NUMBER = 30
"""Longer ones do not fit into DECIMAL(38, 8)."""

_EXACT = Context(prec=60)
_PLACE = Decimal("0.00000001")

Id = Annotated[int, msgspec.Meta(ge=0)]
Time = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999_999)]
"""In ms or µs since the epoch: what comes after the year 9999 is no time of an exchange."""


class Trade(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="trade"):
    """One print. Times are as sent (ms or µs; see `micros`), price and quantity are decimal strings."""

    event_at: Time = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    trade_id: Id = msgspec.field(name="t")
    price: str = msgspec.field(name="p")
    quantity: str = msgspec.field(name="q")
    traded_at: Time = msgspec.field(name="T")
    is_buyer_maker: bool = msgspec.field(name="m")


class Bar(msgspec.Struct, frozen=True, gc=False):
    """Of the exchange's candle only what recording it needs: which one it is, and whether it is closed."""

    open_time: Time = msgspec.field(name="t")
    is_closed: bool = msgspec.field(name="x")


class _ClosedBar(msgspec.Struct, gc=False):
    """All that is read of a closed candle later on; `f` and `L` are not in every source."""

    t: Time
    T: Time
    i: str
    o: str
    c: str
    h: str
    low: str = msgspec.field(name="l")
    v: str
    n: Id
    q: str
    V: str
    Q: str
    f: int = 0
    L: int = 0

    @property
    def numbers(self) -> tuple[str, ...]:
        return self.o, self.c, self.h, self.low, self.v, self.q, self.V, self.Q


class _Closed(msgspec.Struct):
    k: _ClosedBar


class Kline(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="kline"):
    """The exchange's own candle, pushed while it forms and once when it is closed."""

    event_at: Time = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    bar: Bar = msgspec.field(name="k")


COMPARED = (
    "open",
    "high",
    "low",
    "close",
    "volume",
    "quote_volume",
    "trade_count",
    "taker_buy_volume",
    "taker_buy_quote_volume",
)
"""The fields of a candle that are compared with the exchange's own, exactly: what both its stream and REST state."""


class ServerShutdown(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="serverShutdown"):
    """The exchange is about to close this connection."""

    event_at: int = msgspec.field(name="E")


class _Line(msgspec.Struct, tag_field="e", tag="trade"):
    """The shape of a raw line whose trade did not come as an event (REST, archive)."""

    E: int
    s: str
    t: int
    p: str
    q: str
    T: int
    m: bool
    M: bool
    src: Source
    recv: int


class _Frame(msgspec.Struct):
    data: msgspec.Raw


Event = Trade | Kline | ServerShutdown

_EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_TRADE = msgspec.json.Decoder(Trade)
_FRAME = msgspec.json.Decoder(_Frame)
_CLOSED = msgspec.json.Decoder(_Closed)
_ENCODER = msgspec.json.Encoder()


def payload(frame: bytes) -> bytes:
    """Slice the event out of a combined-stream frame `{"stream":…,"data":…}`; a raw-stream frame is the event."""
    if not frame.startswith(b'{"stream"'):
        return frame
    start = frame.find(_DATA)
    return frame[start + len(_DATA) : -1]


def decode_event(frame: bytes) -> tuple[bytes, Event]:
    """Return a frame's event as bytes, verbatim but on one line, and decoded. Raises `MalformedFrameError`.

    What it returns can be read again from a raw line of it, and every number in it is one.
    """
    sliced = payload(frame)
    try:
        event = _EVENT.decode(sliced)
    except UNREADABLE as error:
        sliced, event = _decode_unusual(frame, error)
    if sliced[-1] != _CLOSING or b"\n" in sliced:
        sliced = msgspec.json.format(sliced, indent=-1)
    if not (sliced.isascii() or _is_utf8(sliced)):
        raise MalformedFrameError(f"expected UTF-8, got {frame[:200]!r}")
    if not _has_numbers(sliced, event):
        raise MalformedFrameError(f"expected decimal numbers, got {frame[:200]!r}")
    return sliced, event


def _is_utf8(sliced: bytes) -> bool:
    """Whether bytes are text: also in a field that nobody decodes, or nobody could read the line again."""
    try:
        sliced.decode()
    except UnicodeDecodeError:
        return False
    return True


def _has_numbers(sliced: bytes, event: Event) -> bool:
    """Whether what is to be a number is one: a price that is none would stop whoever adds it up."""
    if isinstance(event, Trade):
        return is_number(event.price) and is_number(event.quantity)
    if not isinstance(event, Kline) or not event.bar.is_closed:
        return True
    try:
        return all(map(is_number, _CLOSED.decode(sliced).k.numbers))
    except UNREADABLE:
        return False


def is_number(text: str) -> bool:
    """Whether a string is an amount as exchanges write it: digits, with one point at most."""
    return len(text) <= _LONGEST_NUMBER and text.isascii() and text.replace(".", "", 1).isdecimal()


def _decode_unusual(frame: bytes, reason: Exception) -> tuple[bytes, Event]:
    """Decode a frame whose fields are spaced or ordered in another way than usual: valid, but slower."""
    try:
        sliced = bytes(_FRAME.decode(frame).data)
        return sliced.strip(), _EVENT.decode(sliced)
    except UNREADABLE:
        message = f"expected a trade, kline or serverShutdown event, got {frame[:200]!r}: {reason}"
        raise MalformedFrameError(message) from None


def decode_trade(line: bytes) -> Trade:
    """Read a trade event or a raw line of one. Raises `MalformedFrameError`."""
    try:
        return _TRADE.decode(line)
    except UNREADABLE as error:
        raise MalformedFrameError(f"expected a trade, got {line[:200]!r}: {error}") from None


def raw_line(event: bytes, source: Source, received_at: int) -> bytes:
    """Splice `src` and `recv` (µs) into an event's bytes, before its closing brace."""
    return b'%b,"src":"%b","recv":%d}' % (event[:-1], source.encode(), received_at)


def encode_line(trade: Trade, *, is_best_match: bool, source: Source, received_at: int) -> bytes:
    """Write a trade that did not come as an event as a raw line of the same shape."""
    line = _Line(
        trade.event_at,
        trade.symbol,
        trade.trade_id,
        trade.price,
        trade.quantity,
        trade.traded_at,
        trade.is_buyer_maker,
        is_best_match,
        source,
        received_at,
    )
    return _ENCODER.encode(line)


def is_same_print(one: Trade, other: Trade) -> bool:
    """Whether two copies of an id agree: values, not spellings; times to the ms that all sources have in common."""
    return (
        _is_same_number(one.price, other.price)
        and _is_same_number(one.quantity, other.quantity)
        and one.is_buyer_maker == other.is_buyer_maker
        and micros(one.traded_at) // 1_000 == micros(other.traded_at) // 1_000
    )


def is_quote_amount(amount: str, price: str, quantity: str) -> bool:
    """Whether an exchange's own quote amount of a trade is the product cut after eight places, as ours is."""
    try:
        return 0 <= _EXACT.multiply(Decimal(price), Decimal(quantity)) - Decimal(amount) < _PLACE
    except InvalidOperation:
        return False


def _is_same_number(one: str, other: str) -> bool:
    try:
        return one == other or Decimal(one) == Decimal(other)
    except InvalidOperation:
        return False
