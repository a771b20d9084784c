"""Lakes made by hand: whole days of made trades in many small objects, without an exchange."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from candlewick.config import Settings
from candlewick.lake import names
from candlewick.lake.manifest import Extent, Manifest
from candlewick.lake.objects import Lake, pack
from candlewick.lake.sealed.lines import Candle, NoCandle, TradeLine, read
from candlewick.moments import DAY, MINUTE, micros, starts_at
from candlewick.spans import Range, Spans
from seal.made import Market

SYMBOL = "BTCUSDT"
TODAY = datetime.now(UTC).date()
DAYS = (TODAY - timedelta(days=3), TODAY - timedelta(days=2))


def markets(count: int = 300, days: Sequence[date] = DAYS, **others: object) -> list[Market]:
    """A market a day, the ids of each going on where the one before ended."""
    made: list[Market] = []
    for number, day in enumerate(days):
        first_id = made[-1].first_id + count if made else 1_000
        made.append(Market(seed=number, count=count, day=day, first_id=first_id, **others))  # type: ignore[arg-type]
    return made


def settings_of(folder: Path, **others: object) -> Settings:
    """Settings of a data folder."""
    return Settings(data=folder, prefix="demo", symbols=(SYMBOL,), timezone="UTC", **others)  # type: ignore[arg-type]


def lake_of(settings: Settings) -> Lake:
    """The lake of settings."""
    return Lake.open(settings.lake_url, settings.prefix, settings.s3)


class Recorder:
    """Writes small objects as a recorder does, its manifests a chain."""

    def __init__(self, lake: Lake, name: str = "r1") -> None:
        self.lake, self.name = lake, name
        self._seq = 0
        self._prev: str | None = None
        self._covered: dict[str, list[Range]] = {}

    def write(self, raw: Sequence[bytes], at: int | None = None, *, is_backfill: bool = False) -> str:
        """Write an object of lines, cut a second after its last trade or candle (or `at`, µs); return its name.

        A backfill is named by its first and last trade, and made at `at`.
        """
        events = [read(line) for line in raw]
        trades = [each for each in events if isinstance(each, TradeLine)]
        candles = [each for each in events if isinstance(each, Candle)]
        minutes = [each for each in events if isinstance(each, Candle | NoCandle)]
        moments = [micros(each.T) for each in trades] + [each.opens_at + MINUTE for each in minutes]
        extents = {}
        for symbol in {each.s for each in trades}:
            ids = Spans((each, each) for each in sorted({each.t for each in trades if each.s == symbol}))
            extents[symbol] = Extent(ids.first, ids.last, ids.count, ids.ranges())
            self._covered[symbol] = Spans([*self._covered.get(symbol, ()), *ids]).ranges()
        klines = {each.symbol: sum(other.symbol == each.symbol for other in candles) for each in candles}
        self._seq += 1
        cut_at = max(moments, default=0) + 1_000_000 if at is None else at
        if is_backfill:
            ranges = {symbol: extent.ranges for symbol, extent in extents.items()}
            name = names.backfill(self.lake.prefix, self.name, min(moments), max(moments), ranges)
        else:
            name = names.stream(self.lake.prefix, self.name, cut_at)
        manifest = Manifest(
            recorder=self.name,
            seq=self._seq,
            prev=self._prev,
            created=cut_at,
            lines=len(raw),
            spans=extents,
            covered=dict(self._covered),
            klines=klines,
        )
        self.lake.put_absent(name, pack(list(raw), manifest))
        self._prev = name
        return name


def fill(lake: Lake, days: Iterable[Market | list[bytes]], *, per_object: int = 40, recorder: str = "r1") -> Recorder:
    """Write days, or lines, as they are recorded: candles between trades, so many lines an object."""
    writer = Recorder(lake, recorder)
    for day in days:
        lines = sorted(all_lines(day) if isinstance(day, Market) else day, key=_moment)
        for at in range(0, len(lines), per_object):
            writer.write(lines[at : at + per_object])
    return writer


def quiet(market: Market) -> list[bytes]:
    """A day that is quick to seal: of minutes without trades there is the exchange's answer that they have none."""
    candles = (line for line in market.candles() if b'"n":0,' not in line)
    return [*market.lines(), *candles, *market.answers()]


def _moment(line: bytes) -> int:
    event = read(line)
    if isinstance(event, Candle | NoCandle):
        return min(event.opens_at + MINUTE, starts_at(event_day(event)) + DAY - 1)
    assert isinstance(event, TradeLine)
    return micros(event.T)


def event_day(candle: Candle | NoCandle) -> date:
    """The day that a candle opens in."""
    return datetime.fromtimestamp(candle.opens_at / 1e6, UTC).date()


def raw_lines(settings: Settings) -> list[bytes]:
    """Every raw line in a lake."""
    lake = lake_of(settings)
    return [line for item in lake.list_all() for line in lake.read_object(item.name).lines]


def all_lines(market: Market, *without: int) -> list[bytes]:
    """The lines of a market's trades but for some numbers, and of its candles."""
    trades = market.lines()
    return [each for number, each in enumerate(trades) if number not in without] + market.candles()
