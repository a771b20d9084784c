"""A seeded market of a few minutes, written as a capture for the local exchange to replay; and what is true of it."""

import gzip
from dataclasses import dataclass
from pathlib import Path

from candlewick.fake_binance.market.instruments import characters
from candlewick.fake_binance.market.market import SyntheticMarket
from candlewick.fake_binance.server import wire
from candlewick.fake_binance.server.wire import Unit

SYMBOLS = ("BTCDEMO", "ETHDEMO", "SOLDEMO")
MIDNIGHT = 1_767_571_200_000_000
"""2026-01-05 00:00 UTC, in µs: a market that runs over it has two days, and the edge of every larger candle."""


@dataclass(frozen=True)
class Tape:
    """A capture, the minutes it has, and the first and last trade id of each symbol in it."""

    capture: Path
    minutes: int
    ids: dict[str, tuple[int, int]]

    @property
    def trades(self) -> int:
        """How many trades there are."""
        return sum(last - first + 1 for first, last in self.ids.values())


def write(folder: Path, *, seed: int, minutes: int, rate: float) -> Tape:
    """Write the capture of a market around midnight; `rate` is the mean of the first symbol, in trades/s."""
    folder.mkdir(parents=True, exist_ok=True)
    market = SyntheticMarket(characters(SYMBOLS, rate), seed)
    start = MIDNIGHT - minutes * 30_000_000
    frames: list[tuple[int, str]] = []
    ids: dict[str, tuple[int, int]] = {}
    for symbol in SYMBOLS:
        ids[symbol] = market.id_at(symbol, start), market.id_at(symbol, start + minutes * 60_000_000) - 1
        events = wire.trade_events(market.trades(symbol, *ids[symbol]), Unit.MICROSECOND)
        frames += ((at, f'{{"stream":"{symbol.lower()}@trade","data":{event}}}') for at, event in events)
    capture = folder / "frames.gz"
    with gzip.open(capture, "wt", compresslevel=1) as file:
        file.writelines(f"{at * 1000} {frame}\n" for at, frame in sorted(frames))
    return Tape(capture, minutes, ids)
