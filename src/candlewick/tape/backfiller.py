"""Backfill: what is missing is asked for by id over REST, the newest first, and handed to the writer in batches.

The exchange decides what exists. An empty page, or one that ends early, means "not yet": the newest trades reach its
database after its stream. Only an answer that begins *behind* the id asked for says that ids do not exist, and only
when it says so again after a while are they declared.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice, pairwise

import structlog

from candlewick.binance.rest import PAGE, Rest
from candlewick.binance.rows import TradeRow
from candlewick.errors import ExchangeError, NotServedError
from candlewick.lake.batch import Batch
from candlewick.moments import at, day_number, micros, minute_of, now_us
from candlewick.spans import Range, Spans
from candlewick.tape.coverage import Coverage
from candlewick.tape.doubts import CONFIRM_AFTER, Backoff, Doubts
from candlewick.tape.inquiries import Inquiries
from candlewick.tape.writer import Backfill, Writer

PAGES_PER_OBJECT = 50
SECONDS_PER_OBJECT = 5.0
"""An object of history becomes durable after this long even where pages come slowly."""
_IDLE = 0.25
_FLOOR = -1
"""Stands for "where history starts" among the first ids of pages."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Page:
    ids: Spans
    lines: list[bytes]
    first_at: int
    last_at: int


class Backfiller:
    """Fills one symbol: its history, and every hole that appears. `slots` bound how many do so at once."""

    def __init__(
        self,
        symbol: str,
        coverage: Coverage,
        rest: Rest,
        writer: Writer,
        slots: asyncio.Semaphore,
        *,
        clock: Callable[[], float] = time.monotonic,
        confirm_after: float = CONFIRM_AFTER,
    ) -> None:
        self.symbol = symbol
        self.reached_at: int | None = None
        self.trades = 0
        self.withheld = Spans()
        """Ids that exist, by the exchange's aggregates or for all that is known, and that no host gives."""
        self._coverage = coverage
        self._rest = rest
        self._writer = writer
        self._slots = slots
        self._clock = clock
        self._doubts = Doubts(confirm_after)
        self._inquiries = Inquiries(symbol, coverage, rest, writer, clock=clock)
        self._backoff = Backoff(random.Random())

    async def run(self) -> None:
        """Fill whatever is missing, until cancelled."""
        while True:
            try:
                await self._step()
            except ExchangeError as error:
                await self._wait_for_exchange(error)

    async def fill(self) -> None:
        """Fill what is missing now; return when each id of it is handed in, declared not to exist, or withheld."""
        while left := self._coverage.missing().without(self.withheld):
            try:
                await self._step()
            except NotServedError as error:
                log.error("trades cannot be asked for by id", symbol=self.symbol, problem=str(error))
                self.withheld.update(left)
            except ExchangeError as error:
                await self._wait_for_exchange(error)
        self.withheld = self.withheld.without(self.withheld.without(self._coverage.missing()))

    async def _step(self) -> None:
        await self._find_floor()
        await self._inquiries.ask()
        if not await self._fill():
            await asyncio.sleep(_IDLE)
        self._backoff.reset()

    async def _find_floor(self) -> None:
        """Ask for the first trade of the history that is wanted, until there is one."""
        mark = self._coverage.history
        if mark is None or mark.floor is not None or not self._doubts.is_due(_FLOOR, self._clock()):
            return
        first = await self._rest.first_at(self.symbol, mark.target)
        if first is None:
            self._doubts.not_yet(_FLOOR, self._clock())
            return
        self._coverage.found_floor(first.first_id)
        await self._writer.save()
        log.info("history wanted", symbol=self.symbol, since=str(at(mark.target)), first_id=self._coverage.floor)

    async def _fill(self) -> bool:
        """Fetch pages until an object is full or its time is over, hand it in; return whether there was anything.

        The slot is kept until the writer has room: so few backfillers hold pages while the lake is slow or down.
        """
        pages: list[_Page] = []
        async with self._slots:
            try:
                await self._gather(pages)
            finally:
                if pages:  # what came before a fault is not asked for again
                    await self._hand_in(pages)
        return bool(pages)

    async def _gather(self, pages: list[_Page]) -> None:
        started = self._clock()
        for first, last in islice(self._due(), PAGES_PER_OBJECT):
            if await self._ask(first, last, pages) > last and await self._skip(first, pages):
                return
            if self._clock() - started > SECONDS_PER_OBJECT:
                return

    def _due(self) -> Iterator[Range]:
        """Return the pages to ask for, each as it is when its turn comes."""
        for first, last in self._coverage.pages(PAGE):
            if self._doubts.is_due(first, self._clock()) and not self._doubts.is_claimed(first, last):
                yield first, last

    async def _ask(self, first: int, last: int, pages: list[_Page]) -> int:
        """Ask for the page `first..last` and keep what came; return the id that the answer begins with, 0 for none."""
        rows = await self._rest.historical_trades(self.symbol, first, last - first + 1)
        pages += self._examine(rows, first, last)
        if rows and rows[0].id > first:
            await self._doubt(first, last, rows[0])
        return rows[0].id if rows else 0

    async def _skip(self, first: int, pages: list[_Page]) -> bool:
        """Nothing of a page exists. Where all that is missing before it does not either, one question tells.

        Return whether that was declared: millions of ids need not be asked for by the thousand.
        """
        start = next((start for start, end in self._coverage.missing() if start <= first <= end), first)
        if start == first or not self._doubts.is_due(start, self._clock()):
            return False
        declared = self._coverage.declared.count
        await self._ask(start, min(start + PAGE, first) - 1, pages)
        return self._coverage.declared.count > declared

    def _examine(self, rows: list[TradeRow], first: int, last: int) -> list[_Page]:
        """Return what a page brought of `first..last`, a day (UTC) each, and note what it did not."""
        if any(one.id >= other.id for one, other in pairwise(rows)) or (rows and rows[0].id < first):
            got = [row.id for row in rows[:3]]
            raise ExchangeError(f"historicalTrades {self.symbol}: expected ascending ids from {first}, got {got}…")
        if not rows:
            self._doubts.not_yet(first, self._clock())
            return []
        if rows[0].id == first:
            self._doubts.clear(first)
        # Only what no leg brought while REST answered; a leg that brings one of these later brings a copy.
        new = [row for row in rows if row.id <= last and not self._coverage.holds(row.id)]
        return [self._page(list(of_a_day)) for _, of_a_day in groupby(new, lambda row: day_number(micros(row.time)))]

    def _page(self, rows: list[TradeRow]) -> _Page:
        received_at = now_us()
        lines = [row.line(self.symbol, received_at) for row in rows]
        ids = Spans((row.id, row.id) for row in rows)
        for first, last in ids:
            self._coverage.secure(first, last)
        first_at, last_at = micros(rows[0].time), micros(rows[-1].time)
        self._coverage.refill(ids, minute_of(first_at), minute_of(last_at))
        return _Page(ids, lines, first_at, last_at)

    async def _doubt(self, first: int, last: int, answer: TradeRow) -> None:
        """The answer to `first..last` begins behind `first`: the exchange says that the ids before it do not exist.

        Believe it when it has said so for a while, and its aggregates do not show the ids: a declared hole.
        """
        missing_to = self._coverage.missing().contiguous_from(first) or last
        declared = self._doubts.absent(first, min(answer.id - 1, missing_to), self._clock())
        if declared and await self._rest.aggregates_show(self.symbol, declared, micros(answer.time)):
            self._doubts.not_yet(first, self._clock())
            self.withheld.add(*declared)
            log.error("ids exist that no host gives", symbol=self.symbol, first=declared[0], last=declared[1])
        elif declared:
            self._coverage.declare(*declared)
            self._inquiries.declared(declared, last - first + 1, answer)
            log.error("hole declared", symbol=self.symbol, first=declared[0], last=declared[1])

    async def _hand_in(self, pages: list[_Page]) -> None:
        """Hand in an object for each day: whoever seals a day finds what it has in the day's own folder."""
        pages.sort(key=lambda page: page.ids.first)
        for _, of_a_day in groupby(pages, lambda page: day_number(page.first_at)):
            await self._hand_in_day(list(of_a_day))

    async def _hand_in_day(self, pages: list[_Page]) -> None:
        batch = Batch()
        for page in pages:
            batch.add_page(self.symbol, page.ids, page.lines)
        self.trades += len(batch.lines)
        self._note_progress(pages[0].first_at, len(batch.lines))
        await self._writer.backfill(Backfill(batch, pages[0].first_at, pages[-1].last_at))

    def _note_progress(self, reached_at: int, trades: int) -> None:
        if self.reached_at is None or reached_at < self.reached_at:
            self.reached_at = reached_at
        log.info(
            "backfilled",
            symbol=self.symbol,
            trades=trades,
            back_to=str(at(reached_at)),
            history=f"{self._coverage.history_secured:.0%}",
        )

    async def _wait_for_exchange(self, error: ExchangeError) -> None:
        wait = self._backoff.next()
        log.warning("backfill waits", symbol=self.symbol, problem=str(error), wait_seconds=round(wait, 1))
        await asyncio.sleep(wait)
