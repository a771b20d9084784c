"""Publishes the mart: rewrites the files of the periods that changed, then names them all in `CURRENT`.

The cost is in proportion to what changed. Recent periods are short, so that the running one is cheap to write again
and again; settled ones are joined, so that years are a few hundred files.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb

from candlewick.errors import WarehouseCorruptError
from candlewick.mart.garbage import DRAFT, Garbage
from candlewick.mart.periods import ALWAYS, Period, Unit, is_as_long, period_of
from candlewick.mart.pins import pinned_files
from candlewick.mart.published import current_in, is_whole, without_damage
from candlewick.mart.quoting import quoted
from candlewick.mart.sealed import STORED, differ, naming, parquet_in, query
from candlewick.mart.settled import Settled
from candlewick.mart.version import (
    AUDIT,
    CANDLES,
    CURRENT,
    DAYS,
    FOOTPRINT,
    FOOTPRINT_AUDIT,
    FORMAT,
    GAPS,
    OBJECTS,
    OLDER,
    TRADES,
    File,
    Kept,
    Named,
    SealedFile,
    Table,
    Version,
    Watermark,
    encode,
)
from candlewick.mart.views import Views
from candlewick.moments import from_micros, now_us
from candlewick.process.crashpoint import crashpoint
from candlewick.process.files import fsync, replace_atomically

SETTLED_AFTER = timedelta(minutes=10)
_PARQUET = "parquet_version v2, compression zstd, compression_level 1"
"""Columns are delta-coded first: a higher level takes longer, and makes nothing smaller."""
MANY_ROWS = 50_000
"""So many new rows of a settled period are written as its one file at once, not in parts that would be joined later."""


class Layout(NamedTuple):
    """How a table is cut into files: by which time, in periods of which length while recent, and then when settled.

    `columns` are what a file has of it.
    """

    time: str
    recent: Unit
    settled: tuple[Unit, ...]
    order: str = "symbol, open_time"
    columns: str = "*"


LAYOUTS = {
    TRADES: Layout("traded_at", "10 minutes", ("hour", "day"), "symbol, trade_id", STORED),
    CANDLES["1s"]: Layout("open_time", "10 minutes", ("hour", "day")),
    CANDLES["1m"]: Layout("open_time", "hour", ("day", "month")),
    CANDLES["5m"]: Layout("open_time", "day", ("month",)),
    CANDLES["15m"]: Layout("open_time", "day", ("month",)),
    CANDLES["1h"]: Layout("open_time", "day", ("month",)),
    CANDLES["4h"]: Layout("open_time", "month", ("year",)),
    CANDLES["1d"]: Layout("open_time", "year", ()),
    AUDIT: Layout("open_time", "day", ("month",)),
    DAYS: Layout("cast(day as timestamp)", "month", ("year",), "symbol, day"),
    FOOTPRINT: Layout("open_time", "10 minutes", ("hour", "day"), "symbol, open_time, price"),
    FOOTPRINT_AUDIT: Layout("open_time", "day", ("month",)),
    OBJECTS: Layout("created_at", "10 minutes", ("hour", "day"), "symbol, first_trade_id"),
    OLDER: Layout("open_time", "month", ("year",)),
}
TABLES = frozenset({*LAYOUTS, GAPS})
WITH_TRADES = frozenset({TRADES, OBJECTS})
"""Tables for which no live bar waits: they have the pace of the trades."""


class Publisher:
    """The writing end of the mart in a folder, held by the warehouse's owner."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        path: Path,
        *,
        generation: str,
        timezone: str,
        sealed: Callable[[], Sequence[SealedFile]] = tuple,
        alone: Callable[[str], datetime | None] = lambda _: None,
    ) -> None:
        """Take up where the last owner left off.

        What is published is of no use where it is of another `generation` of the warehouse: all is written anew then.
        `sealed` gives the files that SILVER is read from beside its table; `alone` of a table the moment before which
        its published files may have rows that the table has not: what both have of a key, the table says.
        """
        self._connection = connection
        self.path = path
        self._generation = generation
        self._timezone = timezone
        self._sealed = sealed
        self._alone = alone
        self._is_only_copy = False
        previous = current_in(path)
        self.version = previous.version if previous else 0
        is_ours = previous is not None and previous.warehouse_id == generation
        self.current = without_damage(path, previous) if is_ours and previous else None
        self._garbage = Garbage.beside(path, self.current)
        self._settled = Settled(path, self.current)
        self._views = Views(path)
        if self.current is not None:
            self._views.write(self.current)

    def publish(self, only: Collection[str] = TABLES) -> Version | None:
        """Publish what changed in some tables since the last version, in all of them in the first; None for nothing."""
        if self.current is None and any(self._alone(name) for name in LAYOUTS):
            raise self._about_loss()
        known = self.current.tables if self.current else {}
        due = only if self.current else TABLES
        tables = {name: self._table(name, layout, known.get(name)) for name, layout in LAYOUTS.items() if name in due}
        if GAPS in due:
            tables[GAPS] = Table([self._write(GAPS, ALWAYS, f"select * from {GAPS} order by all")])
        if known == known | tables:
            return None
        return self._replace_current(known | tables)

    def join_settled(self) -> bool:
        """Join the files of one period that is over and at rest; whether there was one."""
        if self.current is None:
            return False
        for name, layout in LAYOUTS.items():
            table = self.current.tables[name]
            if period := _settled_period(self.path, table.files, layout):
                if name == TRADES and self._naming(table, ())[1]:
                    return False  # published first: else trades that came or went would be there twice, or not at all
                files = [file for file in table.files if not period.start <= file.start < period.end]
                joined = self._write_period(name, layout, period, table.files)
                joined_table = Table(_by_time([*files, joined]), table.loaded_at, table.sealed)
                self._replace_current(self.current.tables | {name: joined_table})
                return True
        return False

    def let_go(self, sealed: Sequence[SealedFile]) -> bool:
        """Name sealed files of a day in the place of the mart's own of that day; whether they have the same trades.

        The newest file stays. What is in the place of the files is one version, and what is not another: no reader
        sees anything between.
        """
        assert self.current is not None, "a version names what may go"
        table, day = self.current.tables[TRADES], period_of(sealed[0].start, "day")
        own = [file for file in table.files if file.start < day.end and day.start < file.end]
        are_inside = all(day.start <= file.start and file.end <= day.end for file in own)
        if not own or not are_inside or table.files[-1] in own or not self._are_same(own, sealed, day):
            return False
        crashpoint("before letting go of files")
        left = [file for file in table.files if file not in own]
        self._replace_current(
            self.current.tables | {TRADES: Table(left, table.loaded_at, _by_time([*table.sealed, *sealed]))}
        )
        crashpoint("after letting go of files")
        return True

    def _are_same(self, own: list[File], sealed: Sequence[SealedFile], day: Period) -> bool:
        """Compare the trades of a day in the mart's own files and in sealed ones."""
        source = parquet_in(self.path)
        if sum(file.rows for file in own) != sum(file.rows for file in sealed):
            return False
        theirs = query(TRADES, Table([], None, list(sealed)), source)
        return not differ(self._connection, query(TRADES, Table(own), source), theirs, day.start)

    def make_durable(self, files: Sequence[File]) -> None:
        """Return when files that the current version names have reached the disk, and that it names them."""
        for path in [*(self.path / file.name for file in files), self.path / CURRENT]:
            fsync(path)
        for folder in {(self.path / file.name).parent for file in files} | {self.path}:
            fsync(folder)

    def sealed_in_use(self) -> list[Path]:
        """Return the sealed files, among others, that the current version names or one that somebody reads."""
        named = self.current.sealed_names if self.current else set()
        return [self.path / name for name in named | pinned_files(self.path)]

    def collect_garbage(self) -> None:
        """Delete files that no version has named for a while and no living reader has pinned."""
        self._views.refresh()
        self._garbage.collect()

    def _table(self, name: str, layout: Layout, known: Table | None) -> Table:
        """Write the files of the periods whose rows changed since `known` was published."""
        newest, news = self._changes(name, layout, known)
        sealed, days = self._naming(known, news) if name == TRADES else ([], [])
        if known and not (news or days or set(sealed) - set(known.sealed)):
            return known
        files = {file.start: file for file in known.files if file.rows} if known else {}
        news = {moment: count for moment, count in news.items() if period_of(moment, "day") not in days}
        for period in [*days, *_periods(list(files.values()), news, layout)]:
            written = self._write_period(name, layout, period, list(files.values()))
            for start in [start for start in files if period.start <= start < period.end]:
                del files[start]
            files[period.start] = written
        all_files = _by_time([file for file in files.values() if file.rows])
        return Table(all_files or [self._write_period(name, layout, ALWAYS)], newest, sealed)

    def _naming(self, known: Table | None, news: Collection[datetime]) -> tuple[list[SealedFile], list[Period]]:
        """The sealed files that a version is to name, and the days whose own files are written anew because of it."""
        return naming(known or Table([]), self._sealed(), {period_of(moment, "day") for moment in news})

    def _changes(self, name: str, layout: Layout, known: Table | None) -> tuple[datetime | None, dict[datetime, int]]:
        """The table's newest `loaded_at`, and how many rows are not published, by a moment near them."""
        since = known.loaded_at if known and known.loaded_at else datetime.min
        bucket = f"time_bucket(interval '10 minutes', {layout.time})"
        is_new = f"loaded_at > timestamp '{since}'"  # as a constant: what is older is not even looked at
        rows = self._connection.execute(
            f"select {bucket}, max(loaded_at), count(*) from {name} where {is_new} group by 1"
        ).fetchall()
        newest = max((loaded_at for _, loaded_at, _ in rows), default=known.loaded_at if known else None)
        return newest, {moment: count for moment, _, count in rows}

    def _write_period(self, name: str, layout: Layout, period: Period, known: Sequence[File] = ()) -> File:
        """Write a period's file, of the table and of what only `known` files have of it."""
        is_within = f"{layout.time} >= '{period.start}' and {layout.time} < '{period.end}'"
        rows = f"select {layout.columns} from {name}" + ("" if period is ALWAYS else f" where {is_within}")
        until = self._alone(name) or datetime.min
        beside = [file for file in known if period.start <= file.start < min(period.end, until) and file.rows]
        for file in beside:
            if not is_whole(self.path / file.name, file):
                raise WarehouseCorruptError(
                    f"{self.path / file.name}: GOLD's only copy of its period is not what was written;"
                    " remove it and start again: GOLD is made anew"
                )
        if beside:
            self._is_only_copy = True
            rows = _with_others(rows, parquet_in(self.path)([file.name for file in beside]))
        return self._write(name, period, f"{rows} order by {layout.order}", durable=bool(beside))

    def _write(self, table: str, period: Period, query: str, *, durable: bool = False) -> File:
        """Write a file under a passing name, then give it one that says what is in it: its period and its digest."""
        folder = self.path / table.replace(".", "/")
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"{period.label}{DRAFT}"
        copy = f"copy ({query}) to {quoted(draft)} (format parquet, {_PARQUET})"
        rows = self._connection.execute(copy).fetchall()[0][0]
        content = draft.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        path = folder / f"{period.label}.{digest[:12]}.parquet"
        draft.replace(path)
        if durable:
            fsync(path)
            fsync(folder)
        crashpoint("mid-publish")
        name = str(path.relative_to(self.path))
        self._garbage.keep(name)
        return File(name, period.start, period.end, rows, len(content), digest)

    def _about_loss(self) -> WarehouseCorruptError:
        """What to say where a sealed file is gone: nothing can be made anew without it."""
        lost = [self.path / file.name for file in self._sealed() if not (self.path / file.name).exists()]
        if lost:
            what = "SILVER's only copy of a sealed day is not there; `candlewick seal --day` may restore it"
            return WarehouseCorruptError(f"{lost[0]}: {what}")
        return WarehouseCorruptError(
            f"{self.path / CURRENT}: it names a file that is not there; remove it, start again"
        )

    def _replace_current(self, tables: dict[str, Table]) -> Version:
        old = self.current.file_names if self.current else set()
        self.version += 1
        self._settled.follow(_settled_files(tables))
        self.current = Version(
            version=self.version,
            published_at=from_micros(now_us()),
            format=FORMAT,
            warehouse_id=self._generation,
            timezone=self._timezone,
            tables=tables,
            watermarks=self._watermarks(),
            settled=self._settled.file,
        )
        content = encode(self.current, self._settled.names)
        replace_atomically(self.path / CURRENT, content, durable=self._is_only_copy)
        self._is_only_copy = False
        self._views.write(self.current)
        self._garbage.drop(old - self.current.file_names)
        return self.current

    def _watermarks(self) -> dict[str, Watermark]:
        rows = self._connection.execute(
            "select symbol, max(last_trade_id), max(last_traded_at), max(loaded_at) from silver.tape_spans group by 1"
        ).fetchall()
        return {symbol: Watermark(*marks) for symbol, *marks in rows}


def _periods(files: list[File], news: dict[datetime, int], layout: Layout) -> list[Period]:
    """The periods whose files are to be written: those with news; as many as are settled, in as few files as may be."""
    end = max([*news, *(file.start for file in files)], default=datetime.min)
    whole: list[Period] = []
    for unit in layout.settled[::-1]:
        counts: Counter[Period] = Counter()
        for moment, count in news.items():
            counts[period_of(moment, unit)] += count
        over = [period for period in counts if period.end <= end and not _is_within(period, whole)]
        whole += [period for period in over if _is_mostly_new(period, counts[period], files)]
    rest = {moment for moment in news if not any(period.start <= moment < period.end for period in whole)}
    return [*whole, *{_period(files, moment, layout.recent) for moment in rest}]


def _is_within(period: Period, others: list[Period]) -> bool:
    return any(other.start <= period.start < other.end for other in others)


def _is_mostly_new(period: Period, count: int, files: list[File]) -> bool:
    """Whether one file may take the place of those of a period that has so many new rows; of none, in any case."""
    held = [file for file in files if file.start < period.end and period.start < file.end]
    are_inside = all(period.start <= file.start and file.end <= period.end for file in held)
    return not held or (are_inside and count >= max(MANY_ROWS, sum(file.rows for file in held)))


def _period(files: list[File], moment: datetime, unit: Unit) -> Period:
    """The period of the file that a moment belongs in: one that is there, or a recent-sized one."""
    for file in files:
        if file.start <= moment < file.end:
            return Period(file.start, file.end, Path(file.name).name.partition(".")[0])
    return period_of(moment, unit)


def _settled_files(tables: dict[str, Table]) -> dict[str, Named]:
    """The files of each table that have the longest period of a settled one, and those of sealed days."""
    named = {}
    for name, layout in LAYOUTS.items():
        for unit in layout.settled[-1:]:
            files = [file for file in tables[name].files if file.rows and is_as_long(file.start, file.end, unit)]
            named[name] = Named(files, tables[name].sealed)
    return named


def _settled_period(path: Path, files: list[File], layout: Layout) -> Period | None:
    """The oldest period of a settled length that is over, in several files, and untouched for a while."""
    if not files or not files[-1].rows:
        return None
    for unit in layout.settled:
        groups: dict[Period, list[File]] = {}
        for file in files:
            if not is_as_long(file.start, file.end, unit):
                groups.setdefault(period_of(file.start, unit), []).append(file)
        for period, group in groups.items():
            if period.end <= files[-1].start and _is_at_rest(path, group):
                return period
    return None


def _is_at_rest(path: Path, group: list[File]) -> bool:
    newest = max((path / file.name).stat().st_mtime for file in group)
    return time.time() - newest > SETTLED_AFTER.total_seconds()


def _by_time(files: list[Kept]) -> list[Kept]:
    return sorted(files, key=lambda file: file.start)


def _with_others(rows: str, files: str) -> str:
    """The statement of a table's rows and of those in files whose candle the table does not have."""
    key = "held.symbol = other.symbol and held.open_time = other.open_time"
    others = f"select * from {files} as other where not exists (select 1 from held where {key})"
    return f"with held as materialized ({rows}) select * from (select * from held union all by name {others})"
