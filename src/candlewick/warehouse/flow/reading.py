"""Footprints and profiles of a symbol, read from either warehouse, each with its standing."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa

from candlewick.errors import RangeError
from candlewick.moments import TIMEFRAMES, from_micros, interval, naive, seconds_of, to_micros
from candlewick.warehouse.contract import CandleReader
from candlewick.warehouse.flow import statements
from candlewick.warehouse.flow.levels import SMALLEST, Area, checked_step, value_area
from candlewick.warehouse.flow.statements import Interval
from candlewick.warehouse.flow.verdict import MINUTE, Judged, Standing, reasons, standing

MOST_BARS = 1_500
MOST_MINUTES = 45 * 1_440
"""A footprint adds up at most so many minutes; ask for more in parts."""


@dataclass(frozen=True)
class Footprints:
    """Bars side by side. `levels` has a row per level with trades, by bar and price; `bars` one per bar with trades.

    `standings` are the bars' own, in the order of `bars`; `why` says what is not proved in all of them.
    """

    levels: pa.Table
    bars: pa.Table
    standings: list[Standing]
    why: list[str]


@dataclass(frozen=True)
class Profile:
    """What was traded at each price of a time: `levels` by price, and where most of it was."""

    levels: pa.Table
    step: Decimal
    area: Area | None
    standing: Standing
    why: list[str]


@dataclass(frozen=True)
class Flow:
    """What is read of a symbol, `zone` being that of its days."""

    reader: CandleReader
    symbol: str
    zone: ZoneInfo

    def footprints(self, timeframe: str, start: datetime, end: datetime, step: Decimal | None = None) -> Footprints:
        """Return the footprints of the bars with `start` <= open time < `end`.

        With a `step`, levels of it are made: of the roll-ups, whose own step may be larger and is kept then. Raises
        `RangeError` for a range or a timeframe that has none.
        """
        bars = bars_of(timeframe, naive(start), naive(end), self.zone)
        return self._footprints(bars, step or SMALLEST, of_trades=False)

    def exact_footprints(self, timeframe: str, start: datetime, end: datetime, step: Decimal = SMALLEST) -> Footprints:
        """As `footprints`, made of the trades themselves: of any step, at the cost of reading all of them."""
        bars = bars_of(timeframe, naive(start), naive(end), self.zone)
        return self._footprints(bars, step, of_trades=True)

    def profile(
        self, start: datetime, end: datetime, step: Decimal | None = None, *, of_trades: bool = False
    ) -> Profile:
        """Return the volume profile of `start` <= time < `end`, whole minutes; `step` as for `footprints`."""
        whole = Interval(naive(start).replace(second=0, microsecond=0), _next_minute(naive(end)))
        _check([whole])
        made = self._footprints([whole], step or SMALLEST, of_trades=of_trades)
        levels = made.levels
        used = levels.column("step")[0].as_py() if levels.num_rows else step or SMALLEST
        standing_of = made.standings[0] if made.standings else "forming"
        return Profile(levels, used, _area(levels), standing_of, made.why)

    def _footprints(self, bars: Sequence[Interval], step: Decimal, *, of_trades: bool) -> Footprints:
        checked_step(step)
        if not bars:
            raise RangeError("expected a start before the end, got a range without a bar")
        period = [self.symbol, bars[0].opened, bars[-1].closed]
        # What is said of bars is read first: the warehouse may go on meanwhile, and nothing newer is called proved.
        minutes = [Judged(*row.values()) for row in self.reader.query(statements.MINUTES, period).to_pylist()]
        newest: datetime | None = self.reader.query(statements.NEWEST, [self.symbol]).column("open_time")[0].as_py()
        holes = self.reader.query(statements.HOLES, [self.symbol, period[2], period[1]]).to_pylist()
        asked = statements.levels(bars, step, of_trades=of_trades)
        rows = self.reader.query(asked, period * 2).rename_columns({"level_price": "price"})
        deltas = _deltas(rows)
        closes = dict(bars)
        opened: list[datetime] = deltas.column("open_time").to_pylist()
        standings = [_standing(Interval(each, closes[each]), minutes, newest) for each in opened]
        return Footprints(rows.drop_columns(list(statements.TOLD)), deltas, standings, reasons(minutes, holes))


def _deltas(levels: pa.Table) -> pa.Table:
    """What is told of bars beside each of their levels, once; nothing of those of which nothing is."""
    opened = levels.column("open_time").to_pylist()
    firsts = [at for at, each in enumerate(opened) if at == 0 or each != opened[at - 1]]
    told = levels.select(["open_time", *statements.TOLD]).take(pa.array(firsts, pa.int64()))
    return told.filter(told.column("last_trade_id").is_valid())


def bars_of(timeframe: str, start: datetime, end: datetime, zone: ZoneInfo) -> list[Interval]:
    """The bars with `start` <= open time < `end`. Raises `RangeError` where there are too many, or none can be."""
    if seconds_of(timeframe) is None or timeframe == "1s":
        known = ", ".join(each for each in TIMEFRAMES if each != "1s")
        raise RangeError(f"expected a timeframe of {known}, or 30m, got {timeframe!r}: footprints are made of minutes")
    bars: list[Interval] = []
    at, until = to_micros(start), to_micros(end)
    while at < until and len(bars) <= MOST_BARS:
        opened, closed = interval(timeframe, at, zone)
        if opened >= to_micros(start):
            bars.append(Interval(from_micros(opened), from_micros(closed)))
        at = closed
    _check(bars)
    return bars


def _check(bars: Sequence[Interval]) -> None:
    minutes = (bars[-1].closed - bars[0].opened) // MINUTE if bars else 0
    if len(bars) > MOST_BARS or minutes > MOST_MINUTES:
        raise RangeError(
            f"expected at most {MOST_BARS:,} bars and {MOST_MINUTES // 1_440} days at a time; ask for a shorter range"
        )


def _next_minute(moment: datetime) -> datetime:
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(minutes=1)


def _standing(bar: Interval, minutes: Sequence[Judged], newest: datetime | None) -> Standing:
    first, last = (bisect_left(minutes, at, key=lambda minute: minute.open_time) for at in bar)
    is_over = newest is not None and newest >= bar.closed
    return standing(minutes[first:last], (bar.closed - bar.opened) // MINUTE, is_over=is_over)


def _area(levels: pa.Table) -> Area | None:
    sides = (levels.column(name).to_pylist() for name in ("buy_volume", "sell_volume"))
    return value_area([bought + sold for bought, sold in zip(*sides, strict=True)])
