"""Trades of sealed days: after a while SILVER's table and the mart let them go, and the sealed files take their place.

A day goes when each certificate and each sealed file of it was read back from the lake and is what was told of, and
when the file has the very rows that go, compared id by id: those of one symbol in SILVER, of all symbols in the mart.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import structlog
from msgspec.structs import replace

from candlewick.errors import LakeError
from candlewick.lake.objects import Lake
from candlewick.lake.sealed import file
from candlewick.lake.sealed.certified import certified
from candlewick.mart.publisher import Publisher
from candlewick.mart.version import TRADES, SealedFile
from candlewick.warehouse.duckdb.cycle import Cycle
from candlewick.warehouse.duckdb.sealed_days import SealedDay

log = structlog.get_logger()


@dataclass
class LettingGo:
    """Lets trades of sealed days go that ended longer ago than they are kept; None: they stay."""

    lake: Lake
    cycle: Cycle
    publisher: Publisher
    mart_kept: timedelta | None
    silver_kept: timedelta | None
    _refused: set[tuple[date, tuple[str, ...]]] = field(default_factory=set)
    _refused_of_silver: set[tuple[str, date, str]] = field(default_factory=set)

    def one_of_silver(self, now: datetime) -> bool:
        """Let the oldest sealed day of a symbol go from SILVER's table that can; whether there was one."""
        for symbol, day, digest in self._due_of_silver(now):
            key = symbol, day, digest
            if key in self._refused_of_silver:
                continue
            told = {"symbol": symbol, "day": str(day)}
            try:
                if self.cycle.let_go(sealed := self._sealed_day(symbol, day, digest)):
                    log.info("silver let go of a sealed day", **told, trades=sealed.file.rows)
                    return True
                log.warning("sealed day stays in silver: its sealed file has other trades", **told)
            except LakeError as error:
                log.warning("sealed day stays in silver", **told, problem=str(error))
            self._refused_of_silver.add(key)  # until the owner starts again: else every turn compares it again
        return False

    def one_day(self, now: datetime) -> bool:
        """Let the mart's own files of the oldest day go that can; whether there was one."""
        for day in self._due(now):
            key = day, tuple(self._files_of(day))
            if key in self._refused:
                continue
            try:
                if self.publisher.let_go(sealed := self._sealed(day)):
                    log.info("mart let go of a sealed day", day=str(day), trades=sum(each.rows for each in sealed))
                    return True
                log.warning("sealed day stays in the mart: its sealed files have other trades", day=str(day))
            except LakeError as error:
                log.warning("sealed day stays in the mart", day=str(day), problem=str(error))
            self._refused.add(key)  # until its files are others: else every turn compares it again
        return False

    def _due_of_silver(self, now: datetime) -> list[tuple[str, date, str]]:
        """Sealed days that are old enough and in the table, each with its certificate's digest; oldest first."""
        if self.silver_kept is None:
            return []
        return self.cycle.warehouse.connection.execute(
            "select symbol, day, digest from gold.tape_days as told where state = 'sealed' and day < ? and not exists"
            " (select 1 from raw.sealed_days as gone where gone.symbol = told.symbol and gone.day = told.day)"
            " order by day, symbol",
            [_end(now, self.silver_kept)],
        ).fetchall()

    def _sealed_day(self, symbol: str, day: date, digest: str) -> SealedDay:
        """Read a sealed day back, into a copy where its lake is in a store. Raises `LakeError`."""
        about, content = certified(self.lake, symbol, str(day), digest)
        told, copies = file.about(content, about.name), self.cycle.copies
        name = copies.put(about.name, about.sha256, content) if copies else about.name
        held = SealedFile.of_day(name, symbol, day, about.rows, about.bytes, about.sha256, about.places)
        return SealedDay(held, told.first_trade_id, told.last_trade_id, datetime.min)

    def _due(self, now: datetime) -> Iterator[date]:
        """Days of the mart's own files of trades that are old enough, all of whose symbols are sealed."""
        if self.mart_kept is None or self.publisher.current is None:
            return
        files = [file for file in self.publisher.current.tables[TRADES].files if file.rows]
        end = _end(now, self.mart_kept)
        own = sorted({file.start.date() for file in files if file.start.date() < end})
        if own:
            rows = self.cycle.warehouse.connection.execute(
                "select day from gold.tape_days where day between ? and ? group by 1 having bool_and(state = 'sealed')",
                [own[0], own[-1]],
            ).fetchall()
            yield from sorted({day for (day,) in rows} & set(own))

    def _files_of(self, day: date) -> list[str]:
        assert self.publisher.current is not None, "a version names its files"
        return [file.name for file in self.publisher.current.tables[TRADES].files if file.start.date() == day]

    def _sealed(self, day: date) -> list[SealedFile]:
        """Read a day's sealed files back but for those that SILVER is read from. Raises `LakeError`."""
        rows = self.cycle.warehouse.connection.execute(
            "select symbol, digest from gold.tape_days where day = ? order by 1", [day]
        )
        sealed = [
            self._sealed_day(symbol, day, digest)
            for symbol, digest in rows.fetchall()
            if self.cycle.sealed.held_as((symbol, day)) is None
        ]
        assert self.cycle.sealed.root is not None, "the mart leads to files in a folder"
        return in_mart([each.file for each in sealed], self.cycle.sealed.root, self.publisher.path)


def in_mart(sealed: Sequence[SealedFile], lake: Path, mart: Path) -> list[SealedFile]:
    """Return sealed files in the folder of a lake, or of copies, as the mart in a folder names them."""
    way = Path(os.path.relpath(lake.resolve(), mart.resolve())).as_posix()
    return [replace(each, name=f"{way}/{each.name}") for each in sealed]


def _end(now: datetime, kept: timedelta) -> date:
    """The day before which all days ended so long ago."""
    return (now.astimezone(UTC).replace(tzinfo=None) - kept).date()
