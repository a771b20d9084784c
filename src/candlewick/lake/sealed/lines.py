"""Pure: raw lines of trades as exact columns, and the same lines again, byte for byte.

Nearly all lines of a tape have one shape, so nine values say all of them. A line that these values do not give again
to the last byte (another order of fields, a field more, a number written in another way) is kept beside them as it is.
"""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import numpy as np
import pyarrow as pa

from candlewick.errors import UNREADABLE
from candlewick.moments import micros, minute_of
from candlewick.spans import Range
from candlewick.trade import Id, Source, Time, is_number

SCHEMA = pa.schema(
    [
        pa.field("trade_id", pa.int64(), nullable=False),
        pa.field("price", pa.int64(), nullable=False),
        pa.field("quantity", pa.int64(), nullable=False),
        pa.field("traded_at", pa.int64(), nullable=False),
        pa.field("is_buyer_maker", pa.bool_(), nullable=False),
        pa.field("event_at", pa.int64()),
        pa.field("received_at", pa.int64()),
        pa.field("source", pa.string()),
        pa.field("is_best_match", pa.bool_()),
        pa.field("is_in_ms", pa.bool_(), nullable=False),
        pa.field("price_places", pa.uint8(), nullable=False),
        pa.field("quantity_places", pa.uint8(), nullable=False),
        pa.field("line", pa.binary()),
    ]
)
"""Price and quantity are the digits as printed, without the point; `…_places` is how many of them are behind it.

Times are in µs since the epoch; `is_in_ms`: they were sent in ms. `line` is null where the other values give the line.
"""

LARGEST = 10**18 - 1
"""The largest number of digits that a sealed column holds: DECIMAL(18)."""
OLDEST_MICROSECOND = 100_000_000_000_000
"""A time below is in ms, by magnitude."""
_BOOL = {True: b"true", False: b"false"}


class TradeLine(msgspec.Struct, gc=False, tag_field="e", tag="trade"):
    """What SILVER needs of a trade's line, and what a line of ours has besides."""

    s: str
    t: Annotated[Id, msgspec.Meta(le=2**62)]
    p: str
    q: str
    T: Time
    m: bool
    E: Time | None = None
    M: bool | None = None
    src: Source | None = None
    recv: Time | None = None


class _Kline(msgspec.Struct, gc=False):
    t: Time
    i: str
    o: str
    h: str
    low: str = msgspec.field(name="l")
    c: str
    v: str
    q: str
    n: int
    V: str
    Q: str
    x: bool = True


class Candle(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="kline"):
    """The exchange's candle in a raw line."""

    symbol: str = msgspec.field(name="s")
    kline: _Kline = msgspec.field(name="k")
    event_at: Time = msgspec.field(name="E", default=0)

    @property
    def opens_at(self) -> int:
        """When it opened, in µs since the epoch."""
        return micros(self.kline.t)

    @property
    def nine(self) -> list[str | int]:
        """Its nine fields as received: open, high, low, close, base, quote, count, taker's base, taker's quote."""
        k = self.kline
        return [k.o, k.h, k.low, k.c, k.v, k.q, k.n, k.V, k.Q]


class Hole(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="hole"):
    """The exchange's answer by which ids do not exist, in a raw line."""

    symbol: str = msgspec.field(name="s")
    first: Id
    last: Id
    asked: str
    answer: dict[str, Any]
    recv: Time


class NoCandle(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="no_candle"):
    """The exchange's answer by which minutes have no candle, in a raw line; `first` and `last` open in ms."""

    symbol: str = msgspec.field(name="s")
    first: Time
    last: Time
    asked: str
    answer: list[Any]
    recv: Time

    @property
    def opens_at(self) -> int:
        """When the first of them opened, in µs since the epoch."""
        return micros(self.first)

    @property
    def minutes(self) -> Range:
        """The first and the last of them, since the epoch."""
        return minute_of(self.opens_at), minute_of(micros(self.last))


Line = TradeLine | Candle | Hole | NoCandle
_READER: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


def read(line: bytes) -> Line | None:
    """Read a raw line; None for one that is none of these, or whose numbers are none."""
    try:
        event = _READER.decode(line)
    except UNREADABLE:
        return None
    if isinstance(event, TradeLine) and not (is_number(event.p) and is_number(event.q)):
        return None
    return event


def row(line: bytes, event: TradeLine) -> tuple[Any, ...]:
    """Return a line that `read` has read as the values of `SCHEMA`. Raises `OverflowError` for a number too long."""
    price, price_places = _digits(event.p)
    quantity, quantity_places = _digits(event.q)
    is_in_ms = event.T < OLDEST_MICROSECOND
    values: tuple[Any, ...] = (
        event.t,
        price,
        quantity,
        micros(event.T),
        event.m,
        None if event.E is None else micros(event.E),
        event.recv,
        event.src,
        event.M,
        is_in_ms,
        price_places,
        quantity_places,
    )
    is_whole = None not in (event.E, event.recv, event.src, event.M)
    return (*values, None if is_whole and line == _line(event.s.encode(), *values) else line)


def _line(
    symbol: bytes,
    trade_id: int,
    price: int,
    quantity: int,
    traded_at: int,
    is_buyer_maker: bool,
    event_at: int,
    received_at: int,
    source: str,
    is_best_match: bool,
    is_in_ms: bool,
    price_places: int,
    quantity_places: int,
) -> bytes:
    """Write the line that nearly all are, from the columns of a row."""
    unit = 1_000 if is_in_ms else 1
    return b'{"e":"trade","E":%d,"s":"%b","t":%d,"p":"%b","q":"%b","T":%d,"m":%b,"M":%b,"src":"%b","recv":%d}' % (
        event_at // unit,
        symbol,
        trade_id,
        decimal_text(price, price_places).encode(),
        decimal_text(quantity, quantity_places).encode(),
        traded_at // unit,
        _BOOL[is_buyer_maker],
        _BOOL[is_best_match],
        source.encode(),
        received_at,
    )


def _digits(text: str) -> tuple[int, int]:
    """Return a number's digits without its point, and how many are behind it; fewer where else there are too many."""
    whole, _, fraction = text.partition(".")
    digits, places = int(whole + fraction), len(fraction)
    while digits > LARGEST and places and digits % 10 == 0:
        digits, places = digits // 10, places - 1
    if digits > LARGEST:
        raise OverflowError(f"expected a number of 18 digits at most, got {text}")
    return digits, places


def decimal_text(digits: int, places: int) -> str:
    """Write digits with a point before the last `places` of them."""
    if not places:
        return str(digits)
    text = str(digits).zfill(places + 1)
    return f"{text[:-places]}.{text[-places:]}"


def encode(symbol: str, table: pa.Table) -> Iterator[bytes]:
    """Write the raw lines of a table of `SCHEMA` again."""
    name = symbol.encode()
    for batch in table.to_batches(max_chunksize=100_000):
        for *row, line in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield _line(name, *row) if line is None else line


Numbers = np.ndarray[Any, Any]


def by_places(printed: Numbers) -> Iterator[tuple[int, Any]]:
    """Give each count of places that numbers were printed with, and which ones: nearly always there is one."""
    if len(printed) and printed.min() == printed.max():
        yield int(printed[0]), slice(None)
    else:
        yield from ((places, printed == places) for places in np.unique(printed).tolist())


def rescaled(digits: Numbers, printed: Numbers, to: int) -> Numbers:
    """Return numbers as digits with `to` places each, enough for all of them, and none too large for it."""
    out = np.empty_like(digits)
    for places, those in by_places(printed):
        out[those] = _shifted(digits[those], to - places)
    return out


def reprinted(digits: Numbers, places: int, printed: Numbers) -> Numbers:
    """Return numbers of `places` places as digits with as many as each was printed with; undoes `rescaled`."""
    out = np.empty_like(digits)
    for each, those in by_places(printed):
        out[those] = _shifted(digits[those], each - places)
    return out


def _shifted(digits: Numbers, by: int) -> Numbers:
    """Move the point; by more than 18 places only a zero can be moved."""
    shifted: Numbers = digits * 10 ** min(by, 18) if by >= 0 else digits // 10 ** min(-by, 18)
    return shifted


def own_places(digits: Numbers, printed: Numbers, fewest: int = 0) -> int:
    """Return the fewest places, `fewest` at least, by which all these numbers are exact."""
    for places, those in by_places(printed):
        rest, used = digits[those], places
        if used <= fewest or not (rest % 10 ** min(used - fewest, 18)).any():
            continue
        while not (rest % 10).any():
            rest, used = rest // 10, used - 1
        fewest = used
    return fewest
