"""Pure: what a backfill is to do, day by day, and what that costs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from candlewick.binance.rest import PAGE, WEIGHTS
from candlewick.spans import Range

Source = Literal["archive", "rest", "held"]

BYTES_PER_TRADE = 14
"""Of a zip in the archive; an estimate, where nobody says how many trades a day has."""
_DOWNLOAD = 8e6
"""Bytes a second: an assumption, for an estimate."""
_READING = 120_000
"""Trades a second from a zip into the lake, on one core of a small machine."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a symbol and where its trades are to come from.

    `ids` are its first and last trade id (None where REST does not reach back so far), `missing` how many of its trades
    are not ours (an estimate where `ids` is None). `note` says what a user should know about it.
    """

    symbol: str
    day: date
    source: Source
    ids: Range | None = None
    missing: int = 0
    byte_count: int = 0
    sha256: str | None = None
    note: str = ""

    @property
    def requests(self) -> int:
        """How many pages REST is asked for."""
        return -(-self.missing // PAGE) if self.source == "rest" else 0


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A symbol's days of one source, added up: one row of the plan as a user sees it."""

    symbol: str
    source: Source
    days: int
    trades: int
    byte_count: int
    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """The days of a backfill. `minutes`: how many candles of the exchange are missing; `budget`: weight a minute."""

    days: Sequence[Day]
    minutes: int
    budget: int

    @property
    def is_empty(self) -> bool:
        """Whether all of it is ours already."""
        return not self.minutes and all(day.source == "held" for day in self.days)

    @property
    def missing(self) -> int:
        """How many trades are to be fetched."""
        return sum(day.missing for day in self.days)

    @property
    def kline_requests(self) -> int:
        """How many pages of candles REST is asked for, at least."""
        return -(-self.minutes // PAGE)

    @property
    def seconds(self) -> float:
        """About how long it takes."""
        candles = self.kline_requests * WEIGHTS["klines"] / self.budget * 60
        return candles + sum(row.seconds for row in self.rows())

    def rows(self) -> Iterator[PlanRow]:
        """Add up the days by symbol and source, in their order."""
        keys = dict.fromkeys((day.symbol, day.source) for day in self.days)
        for symbol, source in keys:
            days = [day for day in self.days if (day.symbol, day.source) == (symbol, source)]
            trades = sum(day.missing for day in days)
            size = sum(day.byte_count for day in days) if source == "archive" else 0
            requests = sum(day.requests for day in days)
            seconds = size / _DOWNLOAD + (trades / _READING if source == "archive" else 0.0)
            seconds += requests * WEIGHTS["historicalTrades"] / self.budget * 60
            yield PlanRow(symbol, source, len(days), trades, size, requests, seconds)


def days_between(first: date, last: date) -> list[date]:
    """Return the days `first..last`, both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
