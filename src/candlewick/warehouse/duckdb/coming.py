"""What a load means for sealed days: which are left in their files from now on, and which come back into the table."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Self

from candlewick.process.crashpoint import crashpoint
from candlewick.spans import Range
from candlewick.warehouse.duckdb.file import Contents
from candlewick.warehouse.duckdb.heads import Arrived
from candlewick.warehouse.duckdb.sealed_days import SealedDay, SealedDays


class Copied(NamedTuple):
    """A part of a sealed day, by its ids, that comes into SILVER's table as other trades do."""

    day: SealedDay
    ids: Range


@dataclass
class Coming:
    """Of a load whose trades that come as lines `arrived` in `new_copies`.

    `left` are days that come with it and stay in their files. `back` are days that were left before and that it
    touches. `repeated` are days in files of which it has lines that say nothing else than the file: they are no news.
    `copied` is what comes with it of days that are in the table already, but for those of which only some trades are
    there, and none that the file has not.
    """

    sealed: SealedDays
    arrived: list[Arrived] = field(default_factory=list)
    left: list[SealedDay] = field(default_factory=list)
    back: list[SealedDay] = field(default_factory=list)
    repeated: list[SealedDay] = field(default_factory=list)
    copied: list[Copied] = field(default_factory=list)

    @classmethod
    def of(cls, sealed: SealedDays, contents: Contents, arrived: list[Arrived]) -> Self:
        """Sort out what is in a load. Raises `WarehouseError` where a file that it touches is not what it was."""
        coming = cls(sealed, arrived)
        for day in sealed.touched(arrived):
            sealed.check(day)
            (coming.repeated if sealed.says_all_that_is_new(day) else coming.back).append(day)
        for item in contents.sealed:
            day = SealedDay.of(item, contents.moment)
            if sealed.knows(day) or day in coming.left:
                continue
            are_new = coming._has_lines_of(day)
            if coming._is_in_table(day) or (are_new and not sealed.says_all_that_is_new(day)):
                coming.copied += [Copied(day, (each.first, each.last)) for each in item.manifest.spans.values()]
            else:
                coming.left.append(day)
                coming.repeated += [day] if are_new else []
        return coming

    @property
    def is_news(self) -> bool:
        """Whether other days are read from their files than before."""
        return bool(self.left or self.back)

    def sift(self, moment: datetime) -> None:
        """Have no repeated trades among the new copies, and those that are copied."""
        for day in self.repeated:
            self.sealed.connection.execute(f"delete from new_copies where {day.may_be_of_it}")
        if self.copied:
            self.sealed.connection.execute(f"insert into new_copies by name {self._copies(moment)}")

    def place(self, columns: str) -> None:
        """Put days that come back into SILVER's table, and note those left in their files, in a transaction."""
        for day in self.back:
            self.sealed.connection.execute(
                f"insert into silver.trades_deduped ({columns}) select {columns} from ({self.sealed.rows([day])})"
            )
            self.sealed.take_out(day)
            crashpoint("mid bringing back")
        for day in self.left:
            self.sealed.put(day)
            self.sealed.clear(day)

    def _copies(self, moment: datetime) -> str:
        """Return the statement of what is copied, as `new_copies`."""
        parts = [
            f"select * from ({self.sealed.rows([day], moment)}) where trade_id between {first} and {last}"
            for day, (first, last) in self.copied
        ]
        return (
            "select * exclude (business_key, quote_quantity, traded_at_ist), row_number() over () as row_number,"
            f" false as is_held from ({' union all '.join(parts)})"
        )

    def _has_lines_of(self, day: SealedDay) -> bool:
        return any(part.symbol == day.file.symbol and day.may_hold(part) for part in self.arrived)

    def _is_in_table(self, day: SealedDay) -> bool:
        """Whether SILVER's table has trades of a day, and not only some that its file has, too."""
        if held := self.sealed.held_as(day.key):  # of another file, which is read for the last time
            self.back += [] if held in self.back else [held]
            return True
        return self.sealed.are_in_table(day) and not self.sealed.has_more_than_the_table(day)
