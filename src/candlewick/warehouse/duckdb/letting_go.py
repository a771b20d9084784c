"""Trades of sealed days in the mart: after a while its own files of them go, and the sealed files take their place.

A day goes when all its symbols are sealed, when each certificate and each sealed file was read back from the lake and
is what was told of, and when the file has the mart's own rows of that day, compared id by id.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import structlog

from candlewick.errors import LakeError
from candlewick.lake.objects import Lake
from candlewick.lake.sealed.certified import certified
from candlewick.mart.publisher import Publisher
from candlewick.mart.version import TRADES, SealedFile

ONE_DAY = timedelta(days=1)

log = structlog.get_logger()


@dataclass
class LettingGo:
    """Lets the mart's own files of sealed days go that ended longer ago than they are kept; None: they stay."""

    lake: Lake
    connection: duckdb.DuckDBPyConnection
    publisher: Publisher
    kept: timedelta | None
    _refused: set[tuple[date, tuple[str, ...]]] = field(default_factory=set)

    def one_day(self, now: datetime) -> bool:
        """Let the oldest day go that can; whether there was one."""
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

    def _due(self, now: datetime) -> Iterator[date]:
        """Days of the mart's own files of trades that are old enough, all of whose symbols are sealed."""
        if self.kept is None or self.lake.root is None or self.publisher.current is None:
            return
        files = [file for file in self.publisher.current.tables[TRADES].files if file.rows]
        end = (now.astimezone(UTC).replace(tzinfo=None) - self.kept).date()
        own = sorted({file.start.date() for file in files if file.start.date() + ONE_DAY <= end})
        if own:
            rows = self.connection.execute(
                "select day from gold.tape_days where day between ? and ? group by 1 having bool_and(state = 'sealed')",
                [own[0], own[-1]],
            ).fetchall()
            yield from sorted({day for (day,) in rows} & set(own))

    def _files_of(self, day: date) -> list[str]:
        assert self.publisher.current is not None, "a version names its files"
        return [file.name for file in self.publisher.current.tables[TRADES].files if file.start.date() == day]

    def _sealed(self, day: date) -> list[SealedFile]:
        """Read a day's sealed files back. Raises `LakeError`."""
        rows = self.connection.execute("select symbol, digest from gold.tape_days where day = ? order by 1", [day])
        start = datetime.combine(day, datetime.min.time())
        assert self.lake.root is not None, "the mart leads to files in a folder"
        lake, mart = self.lake.root.resolve(), self.publisher.path.resolve()
        found = []
        for symbol, digest in rows.fetchall():
            about = certified(self.lake, symbol, str(day), digest)
            name = Path(os.path.relpath(lake / about.name, mart)).as_posix()
            found.append(
                SealedFile(name, symbol, start, start + ONE_DAY, about.rows, about.bytes, about.sha256, about.places)
            )
        return found
