"""`candlewick backfill --candles`: years of the exchange's own candles, for charts that reach further back than trades.

Of a quarter of an hour: in every time zone a day is a whole number of them, and a year of a symbol is 36 requests.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from candlewick.backfill.job import CANDLES_CONFIRMED_AFTER
from candlewick.backfill.plan import Plan
from candlewick.binance.rest import Rest
from candlewick.config import Settings
from candlewick.moments import MINUTE, starts_at
from candlewick.spans import Range
from candlewick.tape.checkpoint import Checkpoint
from candlewick.tape.coverage import Coverage
from candlewick.tape.klines import PATIENCE_US, Interval, KlineFiller
from candlewick.tape.writer import Writer

QUARTER = Interval("15m", 15 * MINUTE)


def coverages_of(settings: Settings, checkpoint: Checkpoint) -> dict[str, Coverage]:
    """Return which quarters of an hour (since the epoch) are held of the settings' symbols, by `QUARTER.key`."""
    keys = [QUARTER.key(symbol) for symbol in settings.symbols]
    return {key: Coverage(minutes=checkpoint.minutes.get(key, ())) for key in keys}


def quarters_between(first: date, last: date, exchange_now: int) -> Range:
    """Return the quarters of an hour (since the epoch) of the days `first..last` that are over."""
    end = min(starts_at(last + timedelta(days=1)), exchange_now - PATIENCE_US)
    return starts_at(first) // QUARTER.length, end // QUARTER.length - 1


@dataclass
class CandleJob:
    """Fetches the candles of `quarters` that are not held yet."""

    quarters: Range
    coverages: Mapping[str, Coverage]
    rest: Rest
    writer: Writer
    doing: str = "the exchange's candles"
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._filler = KlineFiller(
            self.coverages,
            self.rest,
            self.writer,
            lambda _: self.quarters,
            confirm_after=CANDLES_CONFIRMED_AFTER,
            interval=QUARTER,
        )
        self._missing_at_first = self.missing

    @property
    def missing(self) -> int:
        """How many candles are still to be fetched."""
        return sum(map(self._filler.missing, self.coverages))

    @property
    def plan(self) -> Plan:
        """What there is to do."""
        return Plan((), self.missing, self.rest.budget.budget)

    @property
    def progress(self) -> tuple[int, int]:
        """How many candles were fetched, and how many there are to fetch in all."""
        return self._missing_at_first - self.missing, max(1, self._missing_at_first)

    def remember_wanted(self) -> None:
        """Note nothing: what is held is all that there is to know."""

    async def run(self) -> None:
        """Fetch everything. Raises `CandlewickError` where that cannot go on; what was handed in stays."""
        await self._filler.fill()
        await self.writer.drained()
