"""A backfill at work: whole days from the archive, the rest by id, then the exchange's candles of the same days."""

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

import structlog

from candlewick.backfill.plan import Day, Plan
from candlewick.backfill.planning import ids_of
from candlewick.binance.archive import Archive
from candlewick.binance.daily_file import Part, parts
from candlewick.binance.rest import Rest
from candlewick.errors import ArchiveError, CandlewickError, UnreachableError
from candlewick.lake.batch import Batch
from candlewick.moments import MINUTE, MINUTES_PER_DAY, now_us, starts_at
from candlewick.spans import Range, Spans
from candlewick.tape.backfiller import Backfiller
from candlewick.tape.checkpoint import Checkpoint
from candlewick.tape.coverage import Coverage
from candlewick.tape.klines import KlineFiller
from candlewick.tape.writer import Backfill, Writer

KLINES_PER_PAGE = 1_000
CANDLES_CONFIRMED_AFTER = 10.0
"""Seconds over which the exchange must go on leaving out a minute of the past."""

log = structlog.get_logger()


class Sealing(Protocol):
    """Who makes one file and a certificate of a whole day, with no raw object between."""

    def known(self, symbol: str, day: date) -> Range | None:
        """Return the ids of a day that is sealed already."""

    def seal(self, symbol: str, day: date, path: Path, candles: list[bytes]) -> Range | str:
        """Seal a day of its archive's file and the exchange's candles; return its ids, or why it cannot be."""


@dataclass
class Job:
    """Does what a plan says: the minutes (since the epoch) are those whose candles it fetches.

    With `sealing`, days of which nothing is held yet are sealed at once; `sealed` counts them, `found` the trades of
    those that an earlier run had sealed.
    `doing` names the step it is at, `notes` what went another way than planned, and `withheld` counts trades that exist
    and that no host gives by id.
    """

    plan: Plan
    minutes: Range
    coverages: Mapping[str, Coverage]
    checkpoint: Checkpoint
    rest: Rest
    archive: Archive
    writer: Writer
    folder: Path
    sealing: Sealing | None = None
    doing: str = ""
    notes: list[str] = field(default_factory=list)
    sealed: int = 0
    found: int = 0
    withheld: int = 0
    _read_of_unknown: int = 0

    def __post_init__(self) -> None:
        for symbol, coverage in self.coverages.items():
            coverage.wanted = ids_of([day for day in self.plan.days if day.symbol == symbol])
        self._estimated = sum(day.missing for day in self.plan.days if day.ids is None)
        self._missing_at_first = self.missing
        self.remember_wanted()

    @property
    def missing(self) -> int:
        """How many trades are still to be fetched, as far as that is known."""
        return sum(coverage.missing().count for coverage in self.coverages.values())

    @property
    def progress(self) -> tuple[int, int]:
        """How many trades were fetched, and how many there are to fetch in all; partly an estimate."""
        fetched = max(0, self._missing_at_first - self.missing) + min(self._read_of_unknown, self._estimated)
        return fetched, max(1, self._missing_at_first + self._estimated)

    def remember_wanted(self) -> None:
        """Note what was asked for: a hole in it is a hole, what lies beside it is not."""
        for symbol, coverage in self.coverages.items():
            wanted = Spans(self.checkpoint.wanted.get(symbol, ()))
            wanted.update(coverage.wanted or Spans())
            self.checkpoint.wanted[symbol] = wanted.ranges()

    async def run(self) -> None:
        """Fetch everything. Raises `CandlewickError` where that cannot go on; what was handed in stays."""
        with _temporary_folder(self.folder) as folder:
            for day in self.plan.days:
                if day.source == "archive":
                    await self._read_day(day, Path(folder) / f"{day.symbol}-{day.day}.zip")
        for symbol in self.coverages:
            await self._fetch_by_id(symbol)
        self._note_quote_amounts("REST, by id:", self.rest.other_quote_amounts)
        self.doing = "the exchange's candles"
        await KlineFiller(
            self.coverages, self.rest, self.writer, lambda _: self.minutes, confirm_after=CANDLES_CONFIRMED_AFTER
        ).fill()
        await self.writer.drained()

    async def _read_day(self, day: Day, path: Path) -> None:
        """Take a day from the archive; where its file cannot be used, say so and leave the day to REST."""
        try:
            self.doing = f"{day.symbol} {day.day}: downloading"
            digest = await self.archive.fetch(day.symbol, day.day, path)
            self.doing = f"{day.symbol} {day.day}: archive"
            if not await self._seal(day, path):
                await self._take(day, path)
            await self.writer.drained()
            self.checkpoint.days.setdefault(day.symbol, {})[str(day.day)] = digest
            await self.writer.save()
        except (ArchiveError, UnreachableError) as error:
            log.warning("archive file not used", symbol=day.symbol, day=str(day.day), problem=str(error))
            self.notes.append(f"{error}: asked for by id instead")
        except OSError as error:
            raise CandlewickError(f"{path}: cannot be written: {error.strerror}") from None
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def _seal(self, day: Day, path: Path) -> bool:
        """Seal a day of its file, where nothing of it is held yet; whether it is."""
        coverage, start = self.coverages[day.symbol], starts_at(day.day)
        minutes = Spans([(start // MINUTE, start // MINUTE + MINUTES_PER_DAY - 1)])
        if self.sealing is None or (day.ids and coverage.secured.common(Spans([day.ids]))):
            return False
        found: Range | str
        if known := await asyncio.to_thread(self.sealing.known, day.symbol, day.day):
            found = known
            self.found += known[1] - known[0] + 1
        else:
            self.doing = f"{day.symbol} {day.day}: sealing"
            candles = await self._candles(day.symbol, start)
            found = await asyncio.to_thread(self.sealing.seal, day.symbol, day.day, path, candles)
        if isinstance(found, str):
            log.info("day not sealed at once", symbol=day.symbol, day=str(day.day), problem=found)
            return False
        assert coverage.wanted is not None, "set at the start"
        coverage.wanted.add(*found)
        self._read_of_unknown += found[1] - found[0] + 1 if day.ids is None else 0
        self.writer.adopt(day.symbol, Spans([found]), minutes)
        self.sealed += 1
        return True

    async def _candles(self, symbol: str, start: int) -> list[bytes]:
        """Ask for the exchange's candles of the day that starts then (µs), as raw lines. Raises `UnreachableError`."""
        found = []
        for first in range(0, MINUTES_PER_DAY, KLINES_PER_PAGE):
            last = min(first + KLINES_PER_PAGE, MINUTES_PER_DAY) - 1
            rows = await self.rest.klines(symbol, "1m", start + first * MINUTE, start + last * MINUTE)
            found += [row.line(symbol, "1m", now_us()) for row in rows]
        return found

    async def _take(self, day: Day, path: Path) -> None:
        """Hand in a day's file, a part at a time, and see whether it is all of the day."""
        reading = parts(path, day.symbol, now_us())
        ids, other_amounts = Spans(), 0
        while part := await asyncio.to_thread(next, reading, None):
            ids.update(_spans(part))
            other_amounts += part.other_quote_amounts
            self._read_of_unknown += len(part.ids) if day.ids is None else 0
            await self._hand_in(day.symbol, part)
        self._note_quote_amounts(f"{day.symbol} {day.day}: in its file", other_amounts)
        coverage = self.coverages[day.symbol]
        assert coverage.wanted is not None, "set at the start"
        coverage.wanted.update(ids)
        expected = day.ids or (ids.first, ids.last) if ids else day.ids
        if expected and (lacking := coverage.secured.missing(*expected).count):
            self.notes.append(f"{day.symbol} {day.day}: its file lacks {lacking:,} trades: asked for by id")

    def _note_quote_amounts(self, where: str, count: int) -> None:
        """Say where the exchange's own quote amounts are not what the warehouse makes of price and quantity."""
        if count:
            log.warning("quote amounts are not cut as expected", where=where, trades=count)
            self.notes.append(f"{where} {count:,} quote amounts are not price x quantity cut after eight places")

    async def _hand_in(self, symbol: str, part: Part) -> None:
        """Hand in what is not ours yet."""
        coverage, batch = self.coverages[symbol], Batch()
        ids = _spans(part).without(coverage.secured)
        if not ids:
            return
        lines = part.lines
        if ids.count < len(lines):
            lines = [line for trade_id, line in zip(part.ids, lines, strict=True) if trade_id in ids]
        batch.add_page(symbol, ids, lines)
        for first, last in ids:
            coverage.secure(first, last)
        await self.writer.backfill(Backfill(batch, part.first_at, part.last_at))

    async def _fetch_by_id(self, symbol: str) -> None:
        """Fetch what no file brought. The days are one stretch of time, so no id between them is left out."""
        coverage = self.coverages[symbol]
        if coverage.wanted:
            coverage.wanted.add(coverage.wanted.first, coverage.wanted.last)
        self.doing = f"{symbol}: by id"
        filler = Backfiller(symbol, coverage, self.rest, self.writer, asyncio.Semaphore(1))
        await filler.fill()
        if ids := filler.withheld:
            self.withheld += ids.count
            self.notes.append(f"{symbol}: {ids.count:,} trades from {ids.first} to {ids.last} are given by no host")


def _spans(part: Part) -> Spans:
    """Return a part's ids, which ascend; nearly always they are one span."""
    first, last = part.ids[0], part.ids[-1]
    return Spans([(first, last)] if last - first + 1 == len(part.ids) else ((each, each) for each in part.ids))


def _temporary_folder(parent: Path) -> "tempfile.TemporaryDirectory[str]":
    parent.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="archive-", dir=parent)
