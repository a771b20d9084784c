"""Planning: the exchange says which ids a day has, the archive what it offers of it, the checkpoints what is ours."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from candlewick.backfill.plan import BYTES_PER_TRADE, Day, Plan, days_between
from candlewick.binance.archive import Archive, Offer
from candlewick.binance.rest import PAGE, Rest
from candlewick.errors import ArchiveError
from candlewick.moments import day_of, minute_of, starts_at
from candlewick.spans import Range, Spans
from candlewick.tape.coverage import Coverage
from candlewick.tape.klines import over_by

SMALL = 20 * PAGE
"""A day that lacks fewer trades than this gets them from REST: its whole file is not worth it."""
_AT_ONCE = 8
_EMPTY_FILE = 1_000
"""A zip of fewer bytes may well be of a day without trades."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass
class Planner:
    """`read` are the days that were read from the archive before, by symbol: the SHA-256 of each one's file."""

    rest: Rest
    archive: Archive
    coverages: Mapping[str, Coverage]
    read: Mapping[str, Mapping[str, str]]
    exchange_now: int
    _heads: dict[str, int] = field(default_factory=dict)

    async def plan(self, first: date, last: date) -> Plan:
        """Plan the days `first..last` of all symbols. Raises `ExchangeError`."""
        days = [day for symbol in self.coverages for day in await self._days(symbol, days_between(first, last))]
        wanted = minutes_between(first, last, self.exchange_now)
        minutes = sum(each.minutes.secured.missing(*wanted).count for each in self.coverages.values())
        return Plan(days, minutes, self.rest.budget.budget)

    async def _days(self, symbol: str, days: Sequence[date]) -> list[Day]:
        moments = [*days, days[-1] + timedelta(days=1)]
        starts = await _each(moments, lambda day: self._first_id(symbol, day))
        offers = await _each(days, lambda day: self._offer(symbol, day))
        ends = [start - 1 for start in starts[1:]]
        return [self._day(symbol, *each) for each in zip(days, starts[:-1], ends, offers, strict=True)]

    async def _first_id(self, symbol: str, day: date) -> int:
        """Return the id of the first trade at or after a day's start, the next one to come where there is none."""
        moment = starts_at(day)
        found = await self.rest.first_at(symbol, moment) if moment < self.exchange_now else None
        if found is not None:
            return found.first_id
        if symbol not in self._heads:
            head = await self.rest.head(symbol)
            self._heads[symbol] = 0 if head is None else head + 1
        return self._heads[symbol]

    async def _offer(self, symbol: str, day: date) -> Offer | str | None:
        """Return what the archive has of a day that is over, or what is wrong with that."""
        if day >= day_of(self.exchange_now):
            return None
        try:
            return await self.archive.offer(symbol, day)
        except ArchiveError as error:
            return str(error)

    def _day(self, symbol: str, day: date, first: int, last: int, offer: Offer | str | None) -> Day:
        if isinstance(offer, Offer):
            return self._offered(symbol, day, (first, last), offer)
        missing = self._absent(symbol, (first, last)).without(self.coverages[symbol].declared).count
        note = offer or ("not over yet" if day >= day_of(self.exchange_now) else "not in the archive")
        return Day(symbol, day, "rest" if missing else "held", (first, last), missing, note=note if missing else "")

    def _offered(self, symbol: str, day: date, ids: Range, offer: Offer) -> Day:
        known = self.read.get(symbol, {}).get(str(day))
        is_news = known != offer.sha256
        note = "its file was replaced since it was read" if known and is_news else ""
        if ids[0] > ids[1] and offer.byte_count > _EMPTY_FILE:  # older than what REST reaches back to
            missing = offer.byte_count // BYTES_PER_TRADE if is_news else 0
            return Day(symbol, day, "archive" if is_news else "held", None, missing, *offer, note)
        absent = self._absent(symbol, ids)
        missing = absent.without(self.coverages[symbol].declared).count
        if missing > SMALL or (is_news and absent.count > missing):  # it may have what REST says does not exist
            return Day(symbol, day, "archive", ids, absent.count, *offer, note)
        note += ", and is not needed: no trade of it is missing" if note and not missing else ""
        return Day(symbol, day, "rest" if missing else "held", ids, missing, *offer, note)

    def _absent(self, symbol: str, ids: Range) -> Spans:
        return self.coverages[symbol].secured.missing(*ids)


def minutes_between(first: date, last: date, exchange_now: int) -> Range:
    """Return the minutes (since the epoch) of the days `first..last` that are over."""
    return minute_of(starts_at(first)), min(minute_of(starts_at(last + timedelta(days=1))) - 1, over_by(exchange_now))


def ids_of(days: Sequence[Day]) -> Spans:
    """Return the ids of days, where they are known."""
    return Spans(day.ids for day in days if day.ids is not None)


async def _each(items: Sequence[T], ask: Callable[[T], Awaitable[R]]) -> list[R]:
    """Ask about every item, some at a time."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(item: T) -> R:
        async with slots:
            return await ask(item)

    return list(await asyncio.gather(*map(one, items)))
