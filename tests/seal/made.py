"""Days made for tests: trades by seed, and the exchange's candles of them, added up one by one in decimals."""

import gzip
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_DOWN, Decimal, localcontext
from pathlib import Path

import pyarrow as pa

from candlewick.lake.sealed import file, lines
from candlewick.lake.sealed.day import Day, Gathered
from candlewick.lake.sealed.lines import Candle, Hole, NoCandle
from candlewick.moments import starts_at
from candlewick.seal import bundle, certificate, merkle, minutes
from candlewick.seal.certificate import Certificate, File
from candlewick.seal.sealing import absences_of
from candlewick.seal.signing import Signer
from candlewick.spans import Spans
from candlewick.trade import raw_line

DAY = date(2026, 11, 26)
EIGHT = Decimal("1e-8")
MINUTE = 60_000_000


@dataclass
class Market:
    """A day of one symbol: `trades` are (id, price, quantity, time in µs, is buyer maker)."""

    seed: int = 1
    count: int = 300
    symbol: str = "BTCUSDT"
    day: date = DAY
    first_id: int = 1_000
    places: tuple[int, int] = (2, 5)
    trades: list[tuple[int, str, str, int, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = random.Random(self.seed)
        opens = starts_at(self.day)
        times = sorted(rng.randrange(86_400_000_000) for _ in range(self.count))
        price = 6_183_763
        for number, after in enumerate(times):
            price = max(1, price + rng.randint(-50, 50))
            quantity = rng.randint(1, 10**6)
            one, other = _eight(price, self.places[0]), _eight(quantity, self.places[1])
            self.trades.append((self.first_id + number, one, other, opens + after, rng.random() < 0.5))

    def line(self, number: int, source: str = "ws", received: int = 7) -> bytes:
        """The raw line of a trade, as the recorder splices it."""
        trade_id, price, quantity, at, maker = self.trades[number]
        event = {"e": "trade", "E": at + 1, "s": self.symbol, "t": trade_id, "p": price, "q": quantity, "T": at}
        event |= {"m": maker, "M": True, "src": source, "recv": at + received}
        return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()

    def lines(self) -> list[bytes]:
        """The raw lines of all trades."""
        return [self.line(number) for number in range(len(self.trades))]

    def candles(self) -> list[bytes]:
        """The raw lines of all candles of the day: empty minutes have one, too, with nothing in it."""
        opens = starts_at(self.day)
        rows: dict[int, list[tuple[Decimal, Decimal, Decimal, bool]]] = {}
        for _, price, quantity, at, maker in self.trades:
            with localcontext(prec=80):
                quote = (Decimal(price) * Decimal(quantity)).quantize(EIGHT, ROUND_DOWN)
            rows.setdefault((at - opens) // MINUTE, []).append((Decimal(price), Decimal(quantity), quote, maker))
        made, close = [], Decimal(1)
        for number in range(1_440):
            made.append(self._candle(opens + number * MINUTE, rows.get(number, []), close))
            close = rows[number][-1][0] if number in rows else close
        return made

    def _candle(self, at: int, rows: list[tuple[Decimal, Decimal, Decimal, bool]], before: Decimal) -> bytes:
        prices = [row[0] for row in rows] or [before]
        taken = [row for row in rows if not row[3]]
        body = {"t": at // 1_000, "T": at // 1_000 + 59_999, "s": self.symbol, "i": "1m"}
        body |= {"o": str(prices[0]), "c": str(prices[-1]), "h": str(max(prices)), "l": str(min(prices))}
        body |= {"v": _sum(rows, 1), "n": len(rows), "x": True, "q": _sum(rows, 2)}
        body |= {"V": _sum(taken, 1), "Q": _sum(taken, 2)}
        event = {"e": "kline", "E": at // 1_000 + 60_000, "s": self.symbol, "k": body, "src": "rest", "recv": 5}
        return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()

    def answers(self) -> list[bytes]:
        """The exchange's answers by which the minutes without trades have no candle, a line for each stretch."""
        empty = [number for number, line in enumerate(self.candles()) if b'"n":0,' in line]
        stretches = Spans((number, number) for number in empty)
        return [absence(self.symbol, starts_at(self.day), *each) for each in stretches]

    def gathered(self) -> Gathered:
        """The day as it is gathered from a lake."""
        return gather([*self.lines(), *self.candles()], self.symbol, self.day)


def gather(raw: list[bytes], symbol: str = "BTCUSDT", day: date = DAY) -> Gathered:
    """Gather lines of one symbol and day."""
    gathered = Gathered(symbol, day)
    for line in raw:
        event = lines.read(line)
        if isinstance(event, Candle):
            gathered.candles[line] = event
        elif isinstance(event, Hole):
            gathered.holes[line] = event
        elif isinstance(event, NoCandle):
            gathered.absent[line] = event
        else:
            assert event is not None, line
            gathered.trades.add(line, event)
    return gathered


def absence(symbol: str, opens: int, first: int, last: int) -> bytes:
    """The exchange's answer by which minutes of the day that opens then (µs) have no candle."""
    times = {"first": (opens + first * MINUTE) // 1_000, "last": (opens + last * MINUTE) // 1_000}
    event = (
        {"e": "no_candle", "s": symbol} | times | {"asked": "/api/v3/klines", "answer": [], "src": "rest", "recv": 5}
    )
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def missing(symbol: str, first: int, last: int) -> bytes:
    """The exchange's answer by which ids do not exist."""
    event = {"e": "hole", "s": symbol, "first": first, "last": last, "asked": "/api/v3/historicalTrades"}
    event |= {"answer": {"id": last + 1}, "src": "rest", "recv": 5}
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def trades_of(day: Day) -> pa.Table:
    """All trades of a day."""
    return pa.concat_tables(day.parts())


def certify(
    day: Day, previous: Certificate | None = None, declared: tuple[tuple[int, int, str], ...] = ()
) -> tuple[Certificate, bytes]:
    """The certificate of a whole day, and its sealed file."""
    verdict = minutes.compare(day)
    assert not (verdict.problems or verdict.untold), verdict.problems[:3]
    content = file.write(day)
    trades, tree = trades_of(day), merkle.Tree()
    tree.add(merkle.leaves(trades, day.places))
    made = certificate.certify(
        day,
        tree,
        verdict,
        sources=Counter(trades.column("source").to_pylist()),
        file=File(f"{day.symbol}-{day.day}.parquet", content),
        evidence=File(f"{day.symbol}-{day.day}.evidence.json.zst", b"".join(day.evidence)),
        declared=declared,
        absent=absences_of(day),
        previous=previous,
        sealed_at=1,
        recorder="r1",
    )
    return made, content


def proof_of(
    market: Market,
    key: Path,
    previous: Certificate | None = None,
    *,
    declared: tuple[tuple[int, int, str], ...] = (),
    raw: list[bytes] | None = None,
) -> bundle.Proof:
    """A signed proof of a made day, or of other lines of it."""
    gathered = market.gathered() if raw is None else gather(raw, market.symbol, market.day)
    made, content = certify(gathered.assemble(), previous, declared)
    return bundle.Proof(Signer(key).sign(made), content)


def _sum(rows: list[tuple[Decimal, Decimal, Decimal, bool]], column: int) -> str:
    return f"{sum((row[column] for row in rows), Decimal(0)):.8f}"


def _eight(number: int, places: int) -> str:
    return f"{Decimal(number).scaleb(-places):.8f}"


def recorded(folder: Path) -> list[bytes]:
    """The raw lines of the trades of the recording, distinct."""
    lines: dict[bytes, None] = {}
    for path in sorted(folder.glob("frames_*.gz")):
        with gzip.open(path, "rb") as file:
            for frame in file:
                if b'@trade"' in frame:
                    received, _, text = frame.rstrip().partition(b" ")
                    lines[raw_line(text.partition(b'"data":')[2][:-1], "ws", int(received) // 1_000)] = None
    return list(lines)
