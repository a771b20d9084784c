"""Writes objects into a lake as a recorder does, from trades that a test makes up or that were recorded."""

import gzip
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from candlewick.lake import names
from candlewick.lake.manifest import Extent, Manifest
from candlewick.lake.objects import Lake, pack
from candlewick.moments import micros
from candlewick.spans import Range, Spans
from candlewick.trade import decode_trade, payload, raw_line

MINUTE = 60_000_000
START = 1_723_161_240_000_000
"""2024-08-08 23:54:00 UTC, in µs."""


def trade_line(
    symbol: str,
    trade_id: int,
    traded_at: int,
    *,
    price: str = "100.00000000",
    quantity: str = "1.00000000",
    is_buyer_maker: bool = False,
    source: str = "ws",
    received_at: int | None = None,
) -> bytes:
    """A raw line of a trade, as the exchange words it; times are µs."""
    event = b'{"e":"trade","E":%d,"s":"%b","t":%d,"p":"%b","q":"%b","T":%d,"m":%b,"M":true}' % (
        traded_at,
        symbol.encode(),
        trade_id,
        price.encode(),
        quantity.encode(),
        traded_at,
        b"true" if is_buyer_maker else b"false",
    )
    return raw_line(event, source, received_at or traded_at + 1000)  # type: ignore[arg-type]


def kline_line(symbol: str, open_time: int, candle: dict[str, object], *, event_at: int | None = None) -> bytes:
    """A raw line of a closed candle of the exchange: `candle` gives o h l c v q n V Q f L."""
    kline = {"t": open_time, "T": open_time + MINUTE - 1, "s": symbol, "i": "1m", "x": True, "B": "0"} | candle
    event = {"e": "kline", "E": event_at or open_time + MINUTE + 5, "s": symbol, "k": kline}
    return raw_line(msgspec.json.encode(event), "ws", open_time + MINUTE + 10)


@dataclass
class Writer:
    """One recorder's writing end: its objects are a chain, and each manifest says what is covered so far."""

    lake: Lake
    recorder: str = "r1"
    clock: int = START + 60 * MINUTE
    covered: dict[str, Spans] = field(default_factory=dict)
    declared: dict[str, list[Range]] = field(default_factory=dict)
    sequence: int = 0
    previous: str | None = None

    def stream(self, lines: Sequence[bytes]) -> str:
        """Write an object of live lines; returns its name."""
        self.clock += 1_000_000
        return self._put(names.stream(self.lake.prefix, self.recorder, self.clock), lines)

    def backfill(self, lines: Sequence[bytes]) -> str:
        """Write an object of backfilled trades, named by their times and ids."""
        trades = [decode_trade(line) for line in lines]
        times = [micros(trade.traded_at) for trade in trades]
        spans: dict[str, Spans] = {}
        for trade in trades:
            spans.setdefault(trade.symbol, Spans()).add(trade.trade_id, trade.trade_id)
        ids = {symbol: span.ranges() for symbol, span in spans.items()}
        return self._put(names.backfill(self.lake.prefix, self.recorder, min(times), max(times), ids), lines)

    def _put(self, name: str, lines: Sequence[bytes]) -> str:
        self.sequence += 1
        manifest = self._manifest(lines)
        self.lake.put_absent(name, pack(list(lines), manifest))
        self.previous = name
        return name

    def _manifest(self, lines: Sequence[bytes]) -> Manifest:
        spans: dict[str, Spans] = {}
        klines: dict[str, int] = {}
        for line in lines:
            if line.startswith(b'{"e":"kline"'):
                symbol = msgspec.json.decode(line)["s"]
                klines[symbol] = klines.get(symbol, 0) + 1
                continue
            trade = decode_trade(line)
            for of_symbol in (spans, self.covered):
                of_symbol.setdefault(trade.symbol, Spans()).add(trade.trade_id, trade.trade_id)
        return Manifest(
            recorder=self.recorder,
            seq=self.sequence,
            prev=self.previous,
            created=self.clock,
            lines=len(lines),
            spans={symbol: Extent(ids.first, ids.last, ids.count, ids.ranges()) for symbol, ids in spans.items()},
            covered={symbol: ids.ranges() for symbol, ids in self.covered.items()},
            declared=dict(self.declared),
            klines=klines,
        )


def recorded_lines(recording: Path) -> Iterator[bytes]:
    """The recording's trades as raw lines, in the order they were received."""
    for path in sorted(recording.glob("frames_*.gz")):
        with gzip.open(path) as frames:
            for line in frames:
                clock, _, frame = line.rstrip(b"\n").partition(b" ")
                if b'"stream":"btcusdt@trade"' in frame:
                    yield raw_line(payload(frame), "ws", int(clock) // 1000)


def chunks(lines: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    """Cut lines into lists of `size`."""
    chunk: list[bytes] = []
    for line in lines:
        chunk.append(line)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
