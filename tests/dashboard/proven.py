"""A mart made by the real loader, models and publisher from a small lake in which every kind of proof occurs.

Six minutes from `START` with ten trades each, 6 s apart, the ids from 100 on: 0 agrees with the exchange, 1 does not
(the exchange says another volume), 2 has a hole of two ids, 3 was backfilled, 4 has no oracle yet, 5 is forming.
Between minutes 3 and 4 the exchange declared three ids missing.
"""

import fcntl
import shutil
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from candlewick.config import Settings
from candlewick.lake.objects import Lake
from candlewick.mart.reader import Mart
from candlewick.warehouse.duckdb import owner
from warehouse.lakes import MINUTE, START, Writer, kline_line, trade_line

SYMBOL = "BTCUSDT"
FIRST_ID = 100
STEP = MINUTE // 10
DECLARED = (140, 142)
MISSING = (125, 126)
SECOND = START // 1_000_000


@dataclass
class Minute:
    """One minute's trades: id, price and quantity in hundredths, time in µs."""

    number: int
    trades: list[tuple[int, int, int, int]] = field(default_factory=list)

    @property
    def ids(self) -> tuple[int, int]:
        return self.trades[0][0], self.trades[-1][0]

    def lines(self, source: str = "ws") -> list[bytes]:
        return [
            trade_line(
                SYMBOL,
                i,
                at,
                price=amount(p),
                quantity=amount(q),
                is_buyer_maker=i % 3 == 0,
                source=source,
                received_at=at + 40_000,
            )
            for i, p, q, at in self.trades
        ]

    def kline(self, *, volume_off: int = 0) -> bytes:
        """The exchange's own candle, its volume off by so many hundredths."""
        prices = [p for _, p, _, _ in self.trades]
        buys = [(p, q) for i, p, q, _ in self.trades if i % 3]
        candle = {
            "o": amount(prices[0]), "h": amount(max(prices)), "l": amount(min(prices)), "c": amount(prices[-1]),
            "v": amount(sum(q for _, _, q, _ in self.trades) + volume_off),
            "q": quote((p, q) for _, p, q, _ in self.trades), "n": len(self.trades),
            "V": amount(sum(q for _, q in buys)), "Q": quote(iter(buys)), "f": self.ids[0], "L": self.ids[1],
        }  # fmt: skip
        return kline_line(SYMBOL, START + self.number * MINUTE, candle)


def amount(hundredths: int) -> str:
    return str(Decimal(hundredths).scaleb(-2))


def quote(pairs: object) -> str:
    return str(Decimal(sum(p * q for p, q in pairs)).scaleb(-4))  # type: ignore[attr-defined]


def minutes() -> list[Minute]:
    """The six minutes."""
    made, trade_id = [], FIRST_ID
    for number in range(6):
        minute = Minute(number)
        if number == 4:
            trade_id = DECLARED[1] + 1
        for step in range(10):
            price, quantity = 6_000_000 + (trade_id * 7919) % 2001, 1 + trade_id % 97
            minute.trades.append((trade_id, price, quantity, START + number * MINUTE + step * STEP))
            trade_id += 1
        made.append(minute)
    return made


def write_lake(lake: Lake, clock: int = START + 6 * MINUTE) -> None:
    """Five objects of the stream, and one of a backfill; the recorder's clock names them."""
    zero, one, two, three, four, five = minutes()
    writer = Writer(lake, clock=clock)
    writer.declared = {SYMBOL: [DECLARED]}
    writer.stream([*zero.lines(), zero.kline()])
    writer.stream([*one.lines()[:4]])
    writer.stream([*one.lines()[4:], one.kline(volume_off=1)])
    kept = [line for line, trade in zip(two.lines(), two.trades, strict=True) if trade[0] not in MISSING]
    writer.stream([*kept, two.kline(), *four.lines(), *five.lines()])
    writer.backfill(three.lines("rest"))
    writer.stream([three.kline()])


def published(run: Path, base: Path) -> tuple[Settings, Mart]:
    """The mart below `base`, a folder of this process; the first process of a `run` that asks has it made for all."""
    settings = Settings(data=base / "proven", symbols=(SYMBOL,), timezone="UTC")
    if not settings.data.exists():
        shutil.copytree(_made_once(run / "proven-once"), settings.data)
    return settings, Mart(settings.mart_path)


def _made_once(folder: Path) -> Path:
    """Load, transform and publish, where no other process has."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            settings = Settings(data=folder, symbols=(SYMBOL,), timezone="UTC")
            write_lake(Lake.open(settings.lake_url, settings.prefix))
            owner.run(settings, once=True)
            (folder / "made").touch()
    return folder
