"""Sealed days whose trades SILVER's table does not have: they are read from their sealed file, as it is.

A day is taken as such when its references come before any other trade of it, or when its rows go (`[retention]
silver`). What touches it later, by an id or a time, brings its rows back into the table first. So a day of a symbol is
in the table or in its file, never in parts of both.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Self

import duckdb

from candlewick.errors import WarehouseError
from candlewick.lake.objects import LakeSealed
from candlewick.mart.quoting import text
from candlewick.mart.sealed import differ, parquet_in, trades_in
from candlewick.mart.version import SealedFile
from candlewick.process.crashpoint import crashpoint
from candlewick.spans import Range
from candlewick.warehouse.duckdb.copies import Copies, is_copy
from candlewick.warehouse.duckdb.heads import Arrived
from candlewick.warehouse.periods import Touched, condition

MOST_TRADES = 1_000_000
"""Of sealed files that a statement reads at once: it bounds its memory."""

Key = tuple[str, date]

_SAID = "symbol, trade_id, price, quantity, is_buyer_maker, traded_at, source"
"""What makes one copy of a trade count more than another; they come at different times."""

_EDGES = """
with gaps as (
    select symbol, first_trade_id, last_trade_id from silver.tape_holes where kind = 'missing'
    union
    select symbol, last_trade_id + 1, next_trade_id - 1
    from (
        select
            symbol, last_trade_id,
            lead(first_trade_id) over (partition by symbol order by first_trade_id) as next_trade_id
        from silver.tape_spans
    )
    where next_trade_id is not null
),
asked as (
    select
        gaps.symbol, gaps.first_trade_id, gaps.last_trade_id, known.previous_traded_at is null as lacks_previous,
        known.next_traded_at is null as lacks_next, known.state is distinct from 'filled' as was_open
    from gaps
    left join gold.tape_gaps as known
        on gaps.symbol = known.symbol and gaps.first_trade_id = known.first_missing_id
        and gaps.last_trade_id = known.last_missing_id
),
edges as (
    select symbol, first_trade_id - 1 as low, first_trade_id - 1 as high from asked where lacks_previous
    union all
    select symbol, last_trade_id + 1, last_trade_id + 1 from asked where lacks_next
    union all
    select symbol, first_trade_id, last_trade_id from asked where was_open
)
select edges.symbol, edges.low, edges.high
from edges
inner join silver.tape_spans as spans
    on edges.symbol = spans.symbol and edges.low >= spans.first_trade_id and edges.high <= spans.last_trade_id
"""
"""The ids of trades, two a row, that a look at gaps asks for: their neighbours, and the ends of those filled."""


class SealedDay(NamedTuple):
    """A sealed day as SILVER: `file` with its name in the lake; each of its trades counts as loaded at `loaded_at`."""

    file: SealedFile
    first_trade_id: int
    last_trade_id: int
    loaded_at: datetime

    @property
    def key(self) -> Key:
        """Its symbol and day."""
        return self.file.symbol, self.file.start.date()

    def may_hold(self, part: Arrived) -> bool:
        """Whether a trade of those that arrived is of this day by its time, or may be one of its ids."""
        is_of_it = self.file.start <= part.minute < self.file.end
        return is_of_it or (part.first_trade_id <= self.last_trade_id and part.last_trade_id >= self.first_trade_id)

    @property
    def may_be_of_it(self) -> str:
        """The same of rows, as a condition."""
        return f"symbol = {text(self.file.symbol)} and ({self.is_of_it} or {self.has_one_of_its_ids})"

    @property
    def is_of_it(self) -> str:
        """Whether a trade of the symbol is of this day by its time, as a condition."""
        return _within(self.file.start, self.file.end)

    @property
    def has_one_of_its_ids(self) -> str:
        """Whether a trade of the symbol has one of the day's ids, as a condition."""
        return f"trade_id between {self.first_trade_id} and {self.last_trade_id}"

    @classmethod
    def of(cls, item: LakeSealed, loaded_at: datetime) -> Self:
        """Return the day that an object stands for a part of."""
        about = item.about
        file = SealedFile.of_day(
            item.part.file, about.symbol, about.day, about.rows, item.size, item.part.sha256, about.places
        )
        return cls(file, about.first_trade_id, about.last_trade_id, loaded_at)


class Part(NamedTuple):
    """Sealed days of one statement, and the times of those of their trades that it reads."""

    days: list[SealedDay]
    start: datetime
    end: datetime


@dataclass
class SealedDays:
    """Those of an open file. `root` is the lake's folder, or that of the `copies` of a lake in a store."""

    connection: duckdb.DuckDBPyConnection
    root: Path | None
    copies: Copies | None = None
    files: tuple[SealedFile, ...] = ()
    _days: dict[Key, SealedDay] = field(default_factory=dict)
    _by_id: dict[str, list[SealedDay]] = field(default_factory=dict)
    _newest: datetime = datetime.min

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection, root: Path | None, copies: Copies | None = None) -> Self:
        """Read them, and fetch copies that are gone.

        Raises `WarehouseError` where their files are those of another lake, and as `Copies.look`.
        """
        days = cls(connection, copies.root if copies else root, copies)
        days.read()
        held = "a store" if any(is_copy(file.name) for file in days.files) else "a folder"
        if days.files and copies is None and (root is None or held == "a store"):
            raise WarehouseError(
                f"the warehouse reads {len(days.files)} sealed days from a lake in {held}, got another one;"
                f" set `lake` to that, or run `candlewick rebuild`"
            )
        days.complete()
        return days

    def complete(self) -> None:
        """Fetch copies that are gone. Raises as `Copies.look`."""
        if self.copies is not None:
            self.copies.complete(self.files)

    def read(self) -> None:
        """Read again which there are, after a transaction that changed it."""
        rows = self.connection.execute("select * from raw.sealed_days order by symbol, first_trade_id").fetchall()
        self._days = {}
        for symbol, day, name, size, digest, count, *places, first, last, loaded_at in rows:
            file = SealedFile.of_day(name, symbol, day, count, size, digest, (places[0], places[1]))
            self._days[symbol, day] = SealedDay(file, first, last, loaded_at)
        self._by_id = {}
        for each in self._days.values():
            self._by_id.setdefault(each.file.symbol, []).append(each)
        self.files = tuple(each.file for each in self._days.values())
        self._newest = max((each.loaded_at for each in self._days.values()), default=datetime.min)

    def knows(self, day: SealedDay) -> bool:
        """Whether a day is read from that very file."""
        held = self._days.get(day.key)
        return held is not None and held.file.sha256 == day.file.sha256

    def held_as(self, key: Key) -> SealedDay | None:
        """Return what a day is read as; None where it is not."""
        return self._days.get(key)

    def newer_than(self, moment: datetime) -> list[SealedDay]:
        """Return the days that count as loaded after a moment."""
        return [day for day in self._days.values() if day.loaded_at > moment] if self._newest > moment else []

    def touched(self, arrived: Iterable[Arrived]) -> list[SealedDay]:
        """Return the days that trades which arrived are of, by their time, or may be copies in, by their ids."""
        found: dict[Key, SealedDay] = {}
        for part in arrived:
            for day in self._near(part):
                if day.may_hold(part):
                    found[day.key] = day
        return list(found.values())

    def holding(self, ids: Iterable[tuple[str, int]]) -> list[SealedDay]:
        """Return the days that have some of these trades, by symbol and id."""
        found: dict[Key, SealedDay] = {}
        for symbol, trade_id in ids:
            for day in self._from_id(symbol, trade_id):
                if day.first_trade_id > trade_id:
                    break
                found[day.key] = day
        return list(found.values())

    def rows(self, days: Sequence[SealedDay], loaded_at: datetime | None = None, *, is_as_stored: bool = False) -> str:
        """Return a statement of the trades in the files of days, as rows of SILVER; see `trades_in`."""
        assert self.root is not None, "there are sealed days only where the lake is in a folder"
        source = parquet_in(self.root)
        by_moment: dict[datetime, list[SealedFile]] = {}
        for day in days:
            by_moment.setdefault(loaded_at or day.loaded_at, []).append(day.file)
        parts = [
            trades_in(files, source, f"timestamp '{moment}'", is_as_stored=is_as_stored)
            for moment, files in by_moment.items()
        ]
        return " union all ".join(chain.from_iterable(parts))

    def rows_of_part(self, part: Part) -> str:
        """Return a statement of the trades in a part of days, as rows of SILVER."""
        return f"select * from ({self.rows(part.days, is_as_stored=True)}) where {_within(part.start, part.end)}"

    def check(self, day: SealedDay) -> None:
        """See that a day's file is the one that was taken; a copy that is not is fetched again.

        Raises `WarehouseError`, and as `Copies.look`.
        """
        assert self.root is not None, "there are sealed days only where the lake is in a folder"
        if self.copies is not None:
            self.copies.check(day.file)
            return
        path = self.root / day.file.name
        try:
            digest = sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise WarehouseError(f"{path}: SILVER's only copy of a sealed day cannot be read: {error}") from error
        if digest != day.file.sha256:
            by = f"`candlewick seal --day {day.key[1]}`"
            raise WarehouseError(f"{path}: SILVER's only copy of a sealed day was changed; {by} may restore it")

    def are_in_table(self, day: SealedDay) -> bool:
        """Whether SILVER's table has a trade of a day, by its time, or with one of its ids."""
        # One by one: each is answered by what DuckDB knows of its row groups.
        for of_it in (day.is_of_it, day.has_one_of_its_ids):
            found = f"select 1 from silver.trades_deduped where symbol = ? and {of_it} limit 1"
            if self.connection.execute(found, [day.file.symbol]).fetchall():
                return True
        return False

    def has_more_than_the_table(self, day: SealedDay) -> bool:
        """Whether a day's file has each trade that SILVER's table has of it, and others."""
        asked = f"select count(*), min(trade_id), max(trade_id) {_of_day(day)}"
        [(count, first, last)] = self.connection.execute(asked).fetchall()
        if not 0 < count < day.file.rows or not day.first_trade_id <= first <= last <= day.last_trade_id:
            return False
        return self._says_all(day, _of_day(day), (first, last))

    def says_all_that_is_new(self, day: SealedDay) -> bool:
        """Whether a day's file has each trade of it among the new copies."""
        new = f"from new_copies where {day.may_be_of_it}"
        [(first, last)] = self.connection.execute(f"select min(trade_id), max(trade_id) {new}").fetchall()
        return first is None or self._says_all(day, new, (first, last))

    def _says_all(self, day: SealedDay, some: str, ids: Range) -> bool:
        """Whether a day's file has each of some trades, whose ids are from the first to the last of these."""
        held = f"select {_SAID} from ({self.rows([day])}) where trade_id between {ids[0]} and {ids[1]}"
        return not self.connection.execute(f"select {_SAID} {some} except {held} limit 1").fetchall()

    def are_same(self, day: SealedDay) -> bool:
        """Whether SILVER's table has the trades of a day's file, and no others of that day, compared id by id."""
        execute, of_day = self.connection.execute, _of_day(day)
        if execute(f"select count(*) {of_day}").fetchall() != [(day.file.rows,)]:
            return False
        return not differ(self.connection, f"select * {of_day}", self.rows([day]), day.file.start)

    def take_over(self, day: SealedDay) -> None:
        """Have the trades of a day leave SILVER's table, in a transaction: they are read from the file."""
        [(loaded_at,)] = self.connection.execute(f"select max(loaded_at) {_of_day(day)}").fetchall()
        self.clear(day)
        crashpoint("mid letting go of silver")
        self.put(day._replace(loaded_at=loaded_at))

    def clear(self, day: SealedDay) -> None:
        """Have no trade of a day in SILVER's table, in the transaction that has it read from its file."""
        self.connection.execute(f"delete {_of_day(day)}")

    def beside_gaps(self) -> list[SealedDay]:
        """Return the days with trades beside gaps, or at the ends of filled ones, that are not looked up yet."""
        if not self.files:
            return []
        rows = self.connection.execute(_EDGES).fetchall()
        return self.holding((symbol, trade_id) for symbol, *ids in rows for trade_id in ids)

    def put(self, day: SealedDay) -> None:
        """Note in a transaction that a day is read from its file."""
        file = day.file
        self.connection.execute(
            "insert into raw.sealed_days values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [file.symbol, file.start.date(), file.name, file.bytes, file.sha256, file.rows, *file.places, *day[1:]],
        )
        self.connection.execute("update raw.settings set value = '2' where name = 'format' and value = '1'")

    def take_out(self, day: SealedDay) -> None:
        """Note in a transaction that a day is not read from its file any more."""
        self.connection.execute("delete from raw.sealed_days where symbol = ? and day = ?", list(day.key))

    def _near(self, part: Arrived) -> Iterator[SealedDay]:
        symbol, first, last, day = part.symbol, part.first_trade_id, part.last_trade_id, part.minute.date()
        if (symbol, day) in self._days:
            yield self._days[symbol, day]
        for each in self._from_id(symbol, first):
            if each.first_trade_id > last:
                break
            yield each

    def _from_id(self, symbol: str, trade_id: int) -> Iterator[SealedDay]:
        """The days of a symbol that end at an id or after it, by their ids: those of a symbol follow each other."""
        ordered = self._by_id.get(symbol, [])
        start = bisect_left(ordered, trade_id, key=lambda day: day.last_trade_id)
        return iter(ordered[start:])


def _of_day(day: SealedDay) -> str:
    return f"from silver.trades_deduped where symbol = {text(day.file.symbol)} and {day.is_of_it}"


def _within(start: datetime, end: datetime) -> str:
    return condition("traded_at", [Touched(start, end)])


def parts_of(days: Sequence[SealedDay], most: int = MOST_TRADES) -> Iterator[Part]:
    """Cut days into parts of about so many trades at most: whole hours of large ones, small ones of equal types."""
    by_type: dict[tuple[int, int], list[SealedDay]] = {}
    for day in sorted(days, key=lambda each: (each.file.start, each.file.symbol)):
        by_type.setdefault(day.file.places, []).append(day)
    for some in by_type.values():
        yield from _parts_of(some, most)


def _parts_of(days: Sequence[SealedDay], most: int) -> Iterator[Part]:
    together: list[SealedDay] = []
    count = 0
    for day in days:
        if day.file.rows > most:
            hours = max(1, 24 * most // day.file.rows)
            for hour in range(0, 24, hours):
                start = day.file.start + timedelta(hours=hour)
                yield Part([day], start, min(start + timedelta(hours=hours), day.file.end))
            continue
        if together and count + day.file.rows > most:
            yield _whole(together)
            together, count = [], 0
        together.append(day)
        count += day.file.rows
    if together:
        yield _whole(together)


def _whole(days: list[SealedDay]) -> Part:
    return Part(days, min(day.file.start for day in days), max(day.file.end for day in days))
