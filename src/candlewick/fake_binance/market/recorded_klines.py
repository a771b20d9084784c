"""The exchange's own candles beside a capture: `exchange_klines_<interval>.csv`, in the archive's columns."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from candlewick.errors import ConfigError, MalformedFrameError
from candlewick.fake_binance.market.candles import Candle
from candlewick.fake_binance.market.instruments import Instrument, units
from candlewick.fake_binance.market.intervals import Interval, in_us, interval

_PREFIX = "exchange_klines_"

Klines = dict[Interval, dict[int, Candle]]
"""Candles by interval and open time."""


@dataclass(frozen=True, slots=True)
class RecordedKline:
    """One row of the exchange's own candles; money in units of 1e-8."""

    interval: Interval
    open_time: int
    prices: tuple[int, ...]
    volumes: tuple[int, int]
    quote_volumes: tuple[int, int]
    count: int

    @classmethod
    def parse(cls, length: Interval, row: list[str]) -> "RecordedKline":
        """Read the archive's columns: open time, o, h, l, c, v, close time, quote volume, n, taker v, taker quote."""
        return cls(
            length,
            in_us(int(row[0])),
            tuple(units(text) for text in row[1:5]),
            (units(row[5]), units(row[9])),
            (units(row[7]), units(row[10])),
            int(row[8]),
        )

    def candle(self, one: Instrument) -> Candle:
        """Return the row as a candle; which ids it has is not in the archive."""
        opened, high, low, close = (price // one.tick for price in self.prices)
        volume, taker = (volume // one.lot for volume in self.volumes)
        quote, taker_quote = self.quote_volumes
        return Candle(self.open_time, opened, high, low, close, volume, quote, self.count, taker, taker_quote)


def read(path: Path) -> Iterator[RecordedKline]:
    """Yield the rows beside a capture (its file or folder). Raises `ConfigError` and `MalformedFrameError`."""
    folder = path if path.is_dir() else path.parent
    for file in sorted(folder.glob(f"{_PREFIX}*.csv")):
        length = interval(file.stem.removeprefix(_PREFIX))
        if length is None:
            raise ConfigError(f"{file}: expected the name of a kline interval after '{_PREFIX}', such as 5m")
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            try:
                yield RecordedKline.parse(length, line.split(","))
            except (ValueError, IndexError):
                raise MalformedFrameError(
                    f"{file}:{number}: expected the archive's twelve columns, got {line!r}"
                ) from None


def by_open_time(one: Instrument, klines: list[RecordedKline]) -> Klines:
    """Return the candles of one symbol."""
    recorded: Klines = {}
    for kline in klines:
        recorded.setdefault(kline.interval, {})[kline.open_time] = kline.candle(one)
    return recorded
