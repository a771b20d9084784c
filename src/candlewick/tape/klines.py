"""The exchange's own candles that no leg brought: of history, and of the minutes when nobody listened.

They are what ours are audited against, so every minute gets one. They are asked for over REST, a thousand minutes a
request, after whatever trades need. Which minutes are settled is known from the manifests; nothing is asked for twice.
Of a minute that the exchange leaves out, its answer is kept: without it no day of such a minute can be sealed.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby, islice, pairwise
from typing import NamedTuple

import msgspec
import structlog

from candlewick.binance.rest import PAGE, Rest
from candlewick.binance.rows import KlineRow
from candlewick.errors import BlockedRegionError, ExchangeError, RateLimitedError, UnreachableError
from candlewick.lake.batch import Batch
from candlewick.moments import MINUTE, MINUTES_PER_DAY, at, day_number, micros, minute_of, now_us
from candlewick.spans import Range, Spans
from candlewick.tape.backfiller import PAGES_PER_OBJECT, SECONDS_PER_OBJECT
from candlewick.tape.coverage import Coverage
from candlewick.tape.doubts import Backoff, Doubts
from candlewick.tape.writer import Backfill, Writer
from candlewick.trade import raw_line

PATIENCE_US = MINUTE
"""How long after its end a minute's candle may still come by itself, or be late in REST."""
CONFIRM_AFTER = 300.0
"""Seconds over which the exchange must go on leaving a minute out before it counts as one without a candle."""
_IDLE = 1.0

log = structlog.get_logger()


def over_by(exchange_now: int) -> int:
    """Return the newest minute whose candle must be there by now (the exchange's clock, µs)."""
    return minute_of(exchange_now - PATIENCE_US) - 1


class Interval(NamedTuple):
    """A length of the exchange's candles: its code, and how many µs it has."""

    code: str
    length: int

    def key(self, symbol: str) -> str:
        """What a symbol's candles of this length are kept under: those of a minute are the symbol's own."""
        return symbol if self.length == MINUTE else f"{symbol} {self.code}"


ONE_MINUTE = Interval("1m", MINUTE)


class _Page(NamedTuple):
    symbol: str
    minutes: Spans
    lines: list[bytes]
    absent: tuple[bytes, ...] = ()


class KlineFiller:
    """Asks for the candles of all symbols; `wanted` says of which minutes (since the epoch) of a symbol.

    Where they are of another `interval`, it is that which is counted, and coverages are by its `key` of a symbol.
    """

    def __init__(
        self,
        coverages: Mapping[str, Coverage],
        rest: Rest,
        writer: Writer,
        wanted: Callable[[str], Range],
        *,
        clock: Callable[[], float] = time.monotonic,
        confirm_after: float = CONFIRM_AFTER,
        interval: Interval = ONE_MINUTE,
    ) -> None:
        self._coverages = coverages
        self._interval = interval
        self._rest = rest
        self._writer = writer
        self._wanted = wanted
        self._clock = clock
        self._doubts = {symbol: Doubts(confirm_after) for symbol in coverages}
        self._backoff = Backoff(random.Random())

    def missing(self, symbol: str) -> int:
        """How many minutes of a symbol that are over have no candle yet."""
        return sum(last - first + 1 for first, last in self._pages_of(symbol))

    async def run(self) -> None:
        """Ask for whatever is missing, until cancelled."""
        while True:
            await self._step()

    async def fill(self) -> None:
        """Ask for what is missing now; return when each candle of it is handed in, or none is there to be had."""
        while any(map(self.missing, self._coverages)):
            await self._step()

    async def _step(self) -> None:
        try:
            if not await self._fill():
                await asyncio.sleep(_IDLE)
            self._backoff.reset()
        except ExchangeError as error:
            await self._wait_for_exchange(error)

    def _due(self) -> Iterator[tuple[str, int, int]]:
        """Return what is to be asked for now: symbol, first and last minute of each request."""
        now = self._clock()
        for symbol, doubts in self._doubts.items():
            yield from ((symbol, *page) for page in self._pages_of(symbol) if doubts.is_due(page[0], now))

    def _pages_of(self, symbol: str) -> Iterator[Range]:
        return self._coverages[symbol].minutes.pages(*self._wanted(symbol), PAGE)

    async def _fill(self) -> bool:
        """Ask until an object is full or its time is over, hand it in; return whether there was anything."""
        pages: list[_Page] = []
        try:
            await self._gather(pages)
        finally:
            if pages:  # what came before a fault is not asked for again
                await self._hand_in(pages)
        return bool(pages)

    async def _gather(self, pages: list[_Page]) -> None:
        started = self._clock()
        for symbol, first, last in list(islice(self._due(), PAGES_PER_OBJECT)):
            pages += await self._page(symbol, first, last)
            if self._clock() - started > SECONDS_PER_OBJECT:
                return

    async def _page(self, symbol: str, first: int, last: int) -> list[_Page]:
        """Ask for a page; an error about one symbol does not stop the others."""
        try:
            length = self._interval.length
            rows = await self._rest.klines(_pair(symbol), self._interval.code, first * length, last * length)
            return self._examine(symbol, rows, first, last)
        except (UnreachableError, RateLimitedError, BlockedRegionError):
            raise
        except ExchangeError as error:
            self._doubts[symbol].not_yet(first, self._clock())
            log.warning("candles not fetched", symbol=symbol, since=self._at(first), problem=str(error))
            return []

    def _examine(self, symbol: str, rows: list[KlineRow], first: int, last: int) -> list[_Page]:
        """Return what a page brought of `first..last`, of minutes a day (UTC) each.

        A minute that is left out again and again has no candle.
        """
        got = [micros(row.open_time) // self._interval.length for row in rows]
        if any(one >= other for one, other in pairwise(got)) or (got and not first <= got[0] <= got[-1] <= last):
            wanted = f"{symbol} {self._at(first)}"
            raise ExchangeError(f"klines {wanted}: expected ascending minutes from there, got {rows[0]} to {rows[-1]}")
        minutes, absences = Spans((minute, minute) for minute in got), Spans()
        doubts, now = self._doubts[symbol], self._clock()
        if first in minutes:
            doubts.clear(first)
        for absent_first, absent_last in minutes.missing(first, last):
            if absent := doubts.absent(absent_first, absent_last, now):
                log.warning(
                    "no candle of the exchange", symbol=symbol, since=self._at(absent[0]), until=self._at(absent[1])
                )
                minutes.add(*absent)
                absences.add(*absent)
        received_at = now_us()
        lines = [row.line(_pair(symbol), self._interval.code, received_at) for row in rows]
        pages = self._by_day(_Page(symbol, minutes, lines), got) if minutes else []
        if self._interval.length != MINUTE:
            return pages
        asked = f"/api/v3/klines?symbol={symbol}&interval=1m&startTime={first * 60_000}&endTime={last * 60_000}"
        return [page._replace(absent=tuple(_absent(page, absences, asked, rows, received_at))) for page in pages]

    def _by_day(self, page: _Page, got: list[int]) -> list[_Page]:
        """Split a page of minutes at midnight; `got` says of which one each line is."""
        if self._interval.length != MINUTE:
            return [page]
        parts = []
        for day in range(self._day(page.minutes.first), self._day(page.minutes.last) + 1):
            minutes = page.minutes.common(Spans([(day * MINUTES_PER_DAY, (day + 1) * MINUTES_PER_DAY - 1)]))
            lines = [line for minute, line in zip(got, page.lines, strict=True) if self._day(minute) == day]
            parts += [_Page(page.symbol, minutes, lines)] if minutes else []
        return parts

    def _day(self, number: int) -> int:
        return day_number(number * self._interval.length)

    async def _hand_in(self, pages: list[_Page]) -> None:
        """Hand in an object for each day of minutes: whoever seals a day finds what it has in the day's own folder."""
        pages.sort(key=lambda page: page.minutes.first)
        if self._interval.length != MINUTE:
            await self._hand_in_one(pages)
            return
        for _, of_a_day in groupby(pages, lambda page: self._day(page.minutes.first)):
            await self._hand_in_one(list(of_a_day))

    async def _hand_in_one(self, pages: list[_Page]) -> None:
        batch = Batch()
        for page in pages:
            batch.add_klines(page.symbol, page.minutes, page.lines)
            for line in page.absent:
                batch.add_absent(line)
            for first, last in page.minutes:
                self._coverages[page.symbol].minutes.secure(first, last)
        first, last = min(page.minutes.first for page in pages), max(page.minutes.last for page in pages)
        log.info("candles fetched", candles=len(batch.lines), symbols=len(batch.minutes), back_to=self._at(first))
        length = self._interval.length
        await self._writer.backfill(Backfill(batch, first * length, (last + 1) * length - 1))

    def _at(self, number: int) -> str:
        return f"{at(number * self._interval.length):%Y-%m-%d %H:%M}"

    async def _wait_for_exchange(self, error: ExchangeError) -> None:
        wait = self._backoff.next()
        log.warning("candles wait", problem=str(error), wait_seconds=round(wait, 1))
        await asyncio.sleep(wait)


def _absent(page: _Page, absences: Spans, asked: str, rows: list[KlineRow], received_at: int) -> Iterator[bytes]:
    """Write the exchange's answer for each stretch of a page without candles: the rows beside it, where any came."""
    for first, last in page.minutes.common(absences):
        beside = [row for row in rows if minute_of(micros(row.open_time)) in (first - 1, last + 1)]
        event = {"e": "no_candle", "s": page.symbol, "first": first * 60_000, "last": last * 60_000}
        yield raw_line(msgspec.json.encode(event | {"asked": asked, "answer": beside}), "rest", received_at)


def _pair(key: str) -> str:
    """The symbol that the candles of a key are of."""
    return key.partition(" ")[0]
