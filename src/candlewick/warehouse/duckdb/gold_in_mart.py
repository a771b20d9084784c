"""Rows of GOLD's long tables that the mart's files alone have: a table has what is young, what is not complete, and
what was made since.

A candle of a table counts, whatever the files have of it. So a kill at any step leaves what was there before, nothing
has to come back before a model makes something new, and what both have is there once. A mart that is lost costs time:
both tables are made anew of SILVER.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Self

import structlog
from msgspec.structs import replace

from candlewick.errors import WarehouseCorruptError
from candlewick.mart.periods import period_of
from candlewick.mart.published import current_in, is_whole, without_damage
from candlewick.mart.publisher import Publisher
from candlewick.mart.sealed import parquet_in
from candlewick.mart.version import CANDLES, FOOTPRINT, FOOTPRINT_AUDIT, File, Table, Version
from candlewick.process.crashpoint import crashpoint
from candlewick.warehouse.duckdb.file import Warehouse

MAY_GO = {CANDLES["1s"]: "is_complete", FOOTPRINT: "true"}
"""The tables, and which of their rows no model looks at again, unless trades come for them."""
KEPT = timedelta(hours=1)
"""Rows stay for so long before the newest, and go so much at a time at least."""

log = structlog.get_logger()


class Bound(NamedTuple):
    """Rows from before `until` may be in the mart alone, in its `version` or a later one; none is newer than that."""

    until: datetime
    loaded_at: datetime
    version: int


@dataclass
class GoldInMart:
    """Of an open file and the mart in a folder; None: of a file from which nothing went."""

    warehouse: Warehouse
    path: Path | None
    bounds: dict[str, Bound] = field(default_factory=dict)
    _refused: set[tuple[str, datetime]] = field(default_factory=set)

    @classmethod
    def of(cls, warehouse: Warehouse, path: Path | None) -> Self:
        """Read what went; have it made anew where the mart does not have it any more."""
        gold = cls(warehouse, path)
        rows = warehouse.connection.execute("select * from raw.gold_in_mart").fetchall()
        gold.bounds = {relation: Bound(*bound) for relation, *bound in rows}
        if gold.bounds and not gold._is_there():
            log.warning("the mart lost what only it had: seconds and footprints are made anew", path=str(path))
            gold._forget()
        return gold

    def until(self, relation: str) -> datetime | None:
        """From before when a table's rows may be in the mart alone; None where none is."""
        bound = self.bounds.get(relation)
        return bound.until if bound else None

    def loaded_at(self, relation: str) -> datetime:
        """The newest of the rows that went from a table."""
        bound = self.bounds.get(relation)
        return bound.loaded_at if bound else datetime.min

    def let_go(self, publisher: Publisher) -> bool:
        """Let the oldest rows of a table go that can, a day's at most; whether there were some."""
        return any(self._let_go(relation, publisher) for relation in MAY_GO)

    def bring_back(self, since: datetime) -> None:
        """Have all levels in the table of minutes that were judged anew after a moment, in a transaction."""
        if (bound := self.bounds.get(FOOTPRINT)) is None:
            return
        execute = self.warehouse.connection.execute
        asked = "select distinct open_time from gold.candle_audit where loaded_at > ? and open_time < ? order by 1"
        minutes = [minute for (minute,) in execute(asked, [since, bound.until]).fetchall()]
        version = self._version()
        if not minutes or version is None:
            return
        files = _near(version, FOOTPRINT, minutes[0], minutes[-1] + timedelta(minutes=1))
        if files:
            key = "held.symbol = other.symbol and held.open_time = other.open_time"
            execute(
                f"insert into {FOOTPRINT} by name select * from {self._rows(files)} as other where open_time in (select"
                f" unnest(?)) and not exists (select 1 from {FOOTPRINT} as held where {key})",
                [minutes],
            )

    def _let_go(self, relation: str, publisher: Publisher) -> bool:
        version = publisher.current
        done = self._done_until(relation, version)
        if version is None or done is None:
            return False
        execute = self.warehouse.connection.execute
        due = f"{MAY_GO[relation]} and loaded_at <= timestamp '{done}'"
        ends = f"select min(open_time) filter (where {due}), max(open_time) from {relation}"
        [(oldest, newest)] = execute(ends).fetchall()
        if oldest is None or oldest >= newest - 2 * KEPT or (relation, oldest) in self._refused:
            return False
        until = min(newest - KEPT, period_of(oldest, "day").end)
        due += f" and open_time < timestamp '{until}'"
        files = _near(version, relation, oldest, until)
        if not self._have_all(files, f"select * from {relation} where {due}"):
            log.warning("rows stay in the warehouse: the mart has others", table=relation, since=str(oldest))
            self._refused.add((relation, oldest))
            return False
        publisher.make_durable(files)
        crashpoint("before letting go of gold")
        before = self.bounds.get(relation, Bound(datetime.min, datetime.min, 0))
        bound = Bound(max(until, before.until), max(done, before.loaded_at), version.version)
        with self.warehouse.transaction():
            execute(f"delete from {relation} where {due}")
            execute("delete from raw.gold_in_mart where relation = ?", [relation])
            crashpoint("mid letting go of gold")
            execute("insert into raw.gold_in_mart values (?, ?, ?, ?)", [relation, *bound])
            execute("update raw.settings set value = '3' where name = 'format'")
        self.bounds[relation] = bound
        crashpoint("after letting go of gold")
        return True

    def _done_until(self, relation: str, version: Version | None) -> datetime | None:
        """Up to which `loaded_at` rows are published, and footprints were looked at by their audit."""
        published = version.tables[relation].loaded_at if version else None
        if relation != FOOTPRINT or published is None:
            return published
        asked = f"select max(footprint_loaded_at) from {FOOTPRINT_AUDIT}"
        audited: datetime | None = self.warehouse.connection.execute(asked).fetchall()[0][0]
        return min(published, audited) if audited else None

    def _have_all(self, files: Sequence[File], rows: str) -> bool:
        """Whether files have each of some rows of a table, as it is; it has none twice."""
        differing = f"select 1 from ({rows} except select * from {self._rows(files)}) limit 1" if files else rows
        return not self.warehouse.connection.execute(differing).fetchall()

    def _rows(self, files: Sequence[File]) -> str:
        """How SQL names the rows of files. Raises `WarehouseCorruptError` where one is not as it was written."""
        assert self.path is not None, "rows went into a mart"
        for file in files:
            if not is_whole(self.path / file.name, file):
                raise WarehouseCorruptError(
                    f"{self.path / file.name}: GOLD's only copy of its period is not what was written;"
                    " remove it and start again: GOLD is made anew"
                )
        return parquet_in(self.path)([file.name for file in files])

    def _version(self) -> Version | None:
        return current_in(self.path) if self.path is not None else None

    def _is_there(self) -> bool:
        """Whether the mart is this warehouse's, no older than what went, and whole."""
        version = self._version()
        if self.path is None or version is None or version.warehouse_id != self.warehouse.setting("generation"):
            return False
        is_old = any(version.version < bound.version for bound in self.bounds.values())
        own = {name: Table(table.files, table.loaded_at) for name, table in version.tables.items()}
        return not is_old and without_damage(self.path, replace(version, tables=own)) is not None

    def _forget(self) -> None:
        """Empty the tables, so that models make them anew; nothing that is published counts from now on."""
        with self.warehouse.transaction():
            for relation in self.bounds:
                self.warehouse.connection.execute(f"delete from {relation}")
            self.warehouse.connection.execute("delete from raw.gold_in_mart")
            crashpoint("mid forgetting gold")
            self.warehouse.note("generation", uuid.uuid4().hex)
        self.bounds = {}


def _near(version: Version, relation: str, start: datetime, end: datetime) -> list[File]:
    """The files of a table with rows of a period."""
    files = version.tables[relation].files
    return [file for file in files if file.rows and file.start < end and start < file.end]
