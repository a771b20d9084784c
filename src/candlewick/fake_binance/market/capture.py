"""Recorded captures: files of `<recorder's clock, ns> <frame>` lines, read into columns once.

Only `trade` frames count, raw or combined, in ms or µs; everything else a recorder may have kept is passed over.
Beside the frames may lie `exchange_klines_<interval>.csv`, the exchange's own candles in the archive's columns.
"""

import gzip
import zlib
from collections.abc import Iterator
from itertools import pairwise
from math import gcd
from pathlib import Path
from typing import IO

import msgspec
import numpy as np

from candlewick.errors import ConfigError, MalformedFrameError
from candlewick.fake_binance.market import recorded_klines
from candlewick.fake_binance.market.instruments import Instrument, units
from candlewick.fake_binance.market.intervals import in_us
from candlewick.fake_binance.market.noise import Ints
from candlewick.fake_binance.market.recorded_klines import Klines, RecordedKline
from candlewick.fake_binance.market.trades import Trades

_QUOTES = ("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "BTC", "ETH", "BNB", "EUR", "TRY", "JPY", "BRL", "USD")


class _Event(msgspec.Struct):
    """The fields of a `trade` event that matter."""

    s: str
    t: int
    p: str
    q: str
    E: int
    T: int
    m: bool


class _Frame(msgspec.Struct):
    """A combined frame; a raw one is an event itself."""

    data: _Event


def read(path: Path) -> tuple[dict[str, Trades], dict[str, Klines]]:
    """Return the trades of each symbol in a capture (a file or a folder), and the exchange's own klines with them.

    Raises `ConfigError` where there is no capture, `MalformedFrameError` for a line that cannot be read, an id
    that is missing or two trades of one id.
    """
    events: dict[str, dict[int, _Event]] = {}
    for file in _files(path):
        for event in _events(file):
            held = events.setdefault(event.s, {}).setdefault(event.t, event)
            if (held.p, held.q, held.T, held.m) != (event.p, event.q, event.T, event.m):
                raise MalformedFrameError(f"{file}: expected one trade {event.s} {event.t}, got two different ones")
    if not events:
        raise ConfigError(f"{path}: expected a capture with trade frames, found none")
    klines = list(recorded_klines.read(path)) if len(events) == 1 else []
    trades = {symbol: _trades(symbol, list(found.values()), klines) for symbol, found in events.items()}
    return trades, {symbol: recorded_klines.by_open_time(run.instrument, klines) for symbol, run in trades.items()}


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    files = sorted(path.glob("*.gz"))
    if not files:
        raise ConfigError(f"{path}: expected a capture: a file, or a folder of .gz files, of frames")
    return files


def _events(path: Path) -> Iterator[_Event]:
    """Yield the trades of one file."""
    frame, event = msgspec.json.Decoder(_Frame), msgspec.json.Decoder(_Event)
    number = 0
    try:
        with _opened(path) as file:
            for line in file:
                number += 1
                if b'"e":"trade"' in line:
                    _, _, text = line.partition(b" ")
                    yield frame.decode(text).data if b'"data":' in text else event.decode(text)
    except (msgspec.MsgspecError, EOFError, OSError, zlib.error) as error:
        raise MalformedFrameError(f"{path}:{number}: cannot be read as recorded frames: {error}") from None


def _opened(path: Path) -> gzip.GzipFile | IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def _trades(symbol: str, events: list[_Event], klines: list[RecordedKline]) -> Trades:
    """Return a symbol's events as columns."""
    events.sort(key=lambda event: event.t)
    for left, right in pairwise(events):
        if right.t != left.t + 1:
            raise MalformedFrameError(
                f"{symbol}: trade {left.t + 1} is missing; a replay needs a capture without holes"
            )
        if right.T < left.T:
            raise MalformedFrameError(f"{symbol}: trade {right.t} is older than the trade before it")
    prices = np.array([units(event.p) for event in events], dtype=np.int64)
    quantities = np.array([units(event.q) for event in events], dtype=np.int64)
    one = _instrument(symbol, prices, quantities, klines)
    traded_at = np.array([in_us(event.T) for event in events], dtype=np.int64)
    event_at = np.maximum.accumulate(np.array([in_us(event.E) for event in events], dtype=np.int64))
    maker = np.array([event.m for event in events], dtype=np.bool_)
    columns = (prices, traded_at, event_at, maker)
    begins = np.logical_or.reduce([np.diff(column, prepend=column[:1]) != 0 for column in columns])
    aggregate = np.cumsum(begins) + events[0].t // 2
    ids = np.arange(events[0].t, events[0].t + len(events), dtype=np.int64)
    return Trades(one, ids, prices // one.tick, quantities // one.lot, traded_at, event_at, maker, aggregate)


def _instrument(symbol: str, prices: Ints, quantities: Ints, klines: list[RecordedKline]) -> Instrument:
    """Return the instrument with the largest tick and lot that all its numbers are multiples of."""
    tick = gcd(int(np.gcd.reduce(prices)), *(price for kline in klines for price in kline.prices))
    lot = gcd(int(np.gcd.reduce(quantities)), *(volume for kline in klines for volume in kline.volumes))
    quote = next((quote for quote in _QUOTES if symbol.endswith(quote) and symbol != quote), "")
    return Instrument(symbol, symbol.removesuffix(quote), quote, tick, lot)
