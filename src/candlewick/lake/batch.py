"""Pure: lines gather into a batch until it is time to cut an object; a batch knows what its manifest says."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from candlewick.lake.manifest import Extent, HistoryMark, Manifest
from candlewick.spans import Range, Spans

NO_MINUTES: Mapping[str, Spans] = MappingProxyType({})
NO_HISTORY: Mapping[str, HistoryMark] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Limits:
    """When a batch is due: at whatever comes first. Bytes and lines are those of raw lines, uncompressed."""

    seconds: float = 1.0
    byte_count: int = 16_000_000
    line_count: int = 100_000


@dataclass(slots=True)
class Batch:
    """The lines of one object to be, the trade ids in them, and the minutes of the candles in them.

    `holes` are the ids whose absence there is evidence of in it.
    """

    opened_at: float = 0.0
    lines: list[bytes] = field(default_factory=list)
    byte_count: int = 0
    ids: dict[str, Spans] = field(default_factory=dict)
    klines: Counter[str] = field(default_factory=Counter)
    minutes: dict[str, Spans] = field(default_factory=dict)
    holes: dict[str, Spans] = field(default_factory=dict)

    def add_trade(self, symbol: str, trade_id: int, line: bytes) -> None:
        """Add a trade's line; of copies that differ every line is kept and the id counts once."""
        ids = self.ids.get(symbol)
        if ids is None:
            ids = self.ids[symbol] = Spans()
        ids.add(trade_id, trade_id)
        self._append(line)

    def add_page(self, symbol: str, ids: Spans, lines: list[bytes]) -> None:
        """Add the lines of trades that came together, and their ids."""
        self.ids.setdefault(symbol, Spans()).update(ids)
        self.lines += lines
        self.byte_count += sum(map(len, lines))

    def add_kline(self, symbol: str, minute: int, line: bytes) -> None:
        """Add the line of a closed exchange candle of a minute (since the epoch)."""
        self.klines[symbol] += 1
        self.minutes.setdefault(symbol, Spans()).add(minute, minute)
        self._append(line)

    def add_klines(self, symbol: str, minutes: Spans, lines: list[bytes]) -> None:
        """Add the lines of closed exchange candles, and the minutes that are settled with them."""
        self.klines[symbol] += len(lines)
        self.minutes.setdefault(symbol, Spans()).update(minutes)
        self.lines += lines
        self.byte_count += sum(map(len, lines))

    def add_absent(self, line: bytes) -> None:
        """Add the evidence that minutes have no candle."""
        self._append(line)

    def add_hole(self, symbol: str, hole: Range, line: bytes) -> None:
        """Add the evidence that ids do not exist."""
        self.holes.setdefault(symbol, Spans()).add(*hole)
        self._append(line)

    def _append(self, line: bytes) -> None:
        self.lines.append(line)
        self.byte_count += len(line)

    def extents(self) -> dict[str, Extent]:
        """Return what the manifest says about the trades of each symbol."""
        return {symbol: Extent(ids.first, ids.last, ids.count, ids.ranges()) for symbol, ids in self.ids.items() if ids}

    def manifest(
        self,
        *,
        recorder: str,
        seq: int,
        prev: str | None,
        created: int,
        covered: dict[str, Spans],
        declared: dict[str, list[Range]],
        minutes: Mapping[str, Spans] = NO_MINUTES,
        history: Mapping[str, HistoryMark] = NO_HISTORY,
    ) -> Manifest:
        """Return this batch's manifest; `covered` and `minutes` were durable before it, and are not changed."""
        after = {symbol: spans.copy() for symbol, spans in covered.items()}
        for symbol, ids in self.ids.items():
            after.setdefault(symbol, Spans()).update(ids)
        settled = {symbol: _union(spans, minutes.get(symbol)) for symbol, spans in self.minutes.items()}
        return Manifest(
            recorder=recorder,
            seq=seq,
            prev=prev,
            created=created,
            lines=len(self.lines),
            spans=self.extents(),
            covered={symbol: spans.ranges() for symbol, spans in after.items() if spans},
            declared=declared,
            klines=dict(self.klines),
            minutes={symbol: spans.ranges() for symbol, spans in settled.items()},
            history=dict(history),
        )


def _union(one: Spans, other: Spans | None) -> Spans:
    both = one.copy()
    both.update(other or Spans())
    return both


class Batcher:
    """Gathers live lines and says when they are due. Time comes in from outside, in seconds."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.batch = Batch()

    def add_trade(self, symbol: str, trade_id: int, line: bytes, now: float) -> None:
        """Add a trade's line to the open batch."""
        self._open(now)
        self.batch.add_trade(symbol, trade_id, line)

    def add_kline(self, symbol: str, minute: int, line: bytes, now: float) -> None:
        """Add a closed exchange candle's line to the open batch."""
        self._open(now)
        self.batch.add_kline(symbol, minute, line)

    def add_hole(self, symbol: str, hole: Range, line: bytes, now: float) -> None:
        """Add the evidence that ids do not exist to the open batch."""
        self._open(now)
        self.batch.add_hole(symbol, hole, line)

    def due_in(self, now: float) -> float | None:
        """Return the seconds until the batch is to be cut: 0 at once, None while it is empty."""
        if not self.batch.lines:
            return None
        if self._is_full():
            return 0.0
        return max(0.0, self.batch.opened_at + self._limits.seconds - now)

    def cut(self) -> Batch:
        """Take the batch as it is and open an empty one."""
        batch, self.batch = self.batch, Batch()
        return batch

    def _is_full(self) -> bool:
        return self.batch.byte_count >= self._limits.byte_count or len(self.batch.lines) >= self._limits.line_count

    def _open(self, now: float) -> None:
        if not self.batch.lines:
            self.batch.opened_at = now
