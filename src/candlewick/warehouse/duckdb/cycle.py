"""Runs what the models compile to: a load with SILVER in one transaction, then the rest of what is new in another.

dbt says what each model's statement is; its own run of one costs some hundred times what the statement does. Here a
model runs only where a table that it reads has changed since it ran last, and whoever is killed between the two
transactions has the rest caught up at the next start: a table knows how far it is.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import duckdb

from candlewick.errors import ModelError
from candlewick.mart.version import TRADES
from candlewick.process.crashpoint import crashpoint
from candlewick.spans import Spans
from candlewick.warehouse.compiled import OF_DAYS, ROLL_UPS, Compiled, Program
from candlewick.warehouse.duckdb.coming import Coming
from candlewick.warehouse.duckdb.copies import Copies
from candlewick.warehouse.duckdb.file import Contents, Warehouse
from candlewick.warehouse.duckdb.gold_in_mart import GoldInMart
from candlewick.warehouse.duckdb.heads import ARRIVED, Arrived, Head, Heads
from candlewick.warehouse.duckdb.lines import Readable
from candlewick.warehouse.duckdb.periods import with_news, with_parts
from candlewick.warehouse.duckdb.sealed_days import SealedDay, SealedDays, parts_of

LONG = ("trades_ohlc_1s", "trades_footprint_1m")
"""What a chart carries on by itself, trade by trade; roll-ups too, and still longer."""

_CHANGED = "temp.changed_rows"
_WITH_FLAT = "trades_ohlc_1m"
_OF_GAPS = "tape_gaps"
_OF_FOOTPRINTS = "footprint_audit"
_TRADES = "trades_deduped"
_TABLE = '"silver"."trades_deduped"'
"""SILVER's table of trades, as the models' statements name it."""
_READ = "read_trades"
"""What they read in its place where that is more, or something else."""


@dataclass
class Cycle:
    """The compiled models on the open file. All of them have run when it is made.

    `changed` names the tables whose rows a run has changed, for whoever takes them on from there. `root` is the lake's
    folder, where it is in one: trades of sealed days are read from their files there, or else from their `copies`.
    `mart` is the folder of what is published, where rows of GOLD may be that are in no table.
    """

    warehouse: Warehouse
    program: Program
    changed: set[str] = field(default_factory=set)
    heads: Heads = field(default_factory=Heads)
    sealed: SealedDays = field(init=False)
    gold: GoldInMart = field(init=False)
    root: Path | None = None
    mart: Path | None = None
    copies: Copies | None = None
    _coming: Coming = field(init=False)
    _seen: dict[str, datetime] = field(default_factory=dict)
    _stale: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.sealed = SealedDays.of(self.warehouse.connection, self.root, self.copies)
        self.gold = GoldInMart.of(self.warehouse, self.mart)
        self._coming = Coming(self.sealed)

    @classmethod
    def of(
        cls,
        warehouse: Warehouse,
        program: Program,
        root: Path | None = None,
        mart: Path | None = None,
        copies: Copies | None = None,
    ) -> "Cycle":
        """Make the tables that are not there, and run all models on what they have not seen.

        Raises `ModelError`, and as `SealedDays.of`.
        """
        for each in program.models:
            warehouse.connection.execute(each.table)
        stale = {each.name for each in program.models if not each.reads_raw}
        cycle = cls(warehouse, program, root=root, mart=mart, copies=copies, _stale=stale)
        cycle.run()
        held = "select symbol, first_trade_id, last_trade_id from silver.tape_spans order by all"
        for symbol, spans in groupby(warehouse.connection.execute(held).fetchall(), itemgetter(0)):
            cycle.heads.of[symbol] = Head(Spans((first, last) for _, first, last in spans))
        return cycle

    def load(self, objects: Sequence[Readable]) -> dict[str, str]:
        """Load objects, and make SILVER of their lines, in one transaction; returns as `Warehouse.load`."""
        refused = self.warehouse.load(objects, parse=self._parse, then=self._make_silver)
        if self._coming.is_news:
            self._have_sealed_changed()
        return refused

    def let_go(self, day: SealedDay) -> bool:
        """Have a day read from its sealed file, where that has what SILVER's table has of it; whether that is so."""
        if not self.sealed.are_same(day):
            return False
        with self.warehouse.transaction():
            self.sealed.take_over(day)
        crashpoint("after letting go of silver")
        self._have_sealed_changed()
        return True

    def run(self, *, with_audit: bool = True, with_long: bool = True) -> None:
        """Run the models whose inputs have changed; those left out catch up later. Raises `ModelError`.

        Roll-ups come with the audit: the longer a candle, the less a moment changes it.
        """
        due = [
            each
            for each in self.program.models
            if not each.reads_raw
            and (with_audit or not (each.is_audit or each.name in ROLL_UPS))
            and (with_long or each.name not in LONG)
        ]
        if any(each.name in self._stale for each in due):
            with self.warehouse.transaction():
                done = self._run(due)
            self._note(done, self.warehouse.loaded_at)

    def _parse(self, contents: Contents) -> None:
        execute = self.warehouse.connection.execute
        execute(f"create or replace temporary table new_copies as {self.program.copies}")
        if contents.sealed_trades:
            execute(f"insert into new_copies by name {self.program.sealed_copies}")
        self._coming = Coming.of(self.sealed, contents, self._arrived())
        self._coming.sift(contents.moment)
        self.heads.take(self._arrived() if self._coming.copied else self._coming.arrived)
        for day in self._coming.left:
            self.heads.pass_over(day.file.symbol, (day.first_trade_id, day.last_trade_id))

    def _arrived(self) -> list[Arrived]:
        return [Arrived(*row) for row in self.warehouse.connection.execute(ARRIVED).fetchall()]

    def _make_silver(self, contents: Contents) -> None:
        if self._coming.is_news:
            self._coming.place(self._columns_of_trades)
            self._stale |= {each.name for each in self.program.models if _TRADES in each.inputs}
        due = [
            each
            for each in self.program.models
            if each.reads_raw
            and (contents.klines or not each.is_of_klines)
            and (contents.notes or each.name not in OF_DAYS)
        ]
        self._stale |= {each.name for each in due}
        self._note(self._run(due), contents.moment)

    @property
    def _columns_of_trades(self) -> str:
        return next(each for each in self.program.models if each.name == _TRADES).stored

    def _have_sealed_changed(self) -> None:
        self.sealed.read()
        self.changed.add(TRADES)

    def _run(self, due: Iterable[Compiled]) -> list[str]:
        """Run those of the models that are stale, and tell which they were."""
        done = []
        for each in due:
            if each.name in self._stale:
                count = self._replace(each)
                if count or each.is_whole:
                    self.changed.add(each.relation)
                if count:
                    self._stale |= {other.name for other in self.program.models if each.name in other.inputs}
                done.append(each.name)
                crashpoint("mid-dbt")
        return done

    def _note(self, done: Iterable[str], moment: datetime) -> None:
        for name in done:
            self._seen[name] = moment
            self._stale.discard(name)
            if name == _WITH_FLAT:
                self.heads.is_apart = False

    def _since(self, model: Compiled, column: str) -> datetime:
        """Up to which moment a model's table knows all: a run of this process says so, or the table itself."""
        if model.name in self._seen:
            return self._seen[model.name]
        newest = f"select coalesce(max({column}), timestamp '1970-01-01') from {model.relation}"
        moment: datetime = self.warehouse.connection.execute(newest).fetchall()[0][0]
        return max(moment, self.gold.loaded_at(model.relation))

    def _replace(self, model: Compiled) -> int:
        """Put the rows that a model makes in the place of those of their keys; how many there were.

        It reads SILVER's table, and then the sealed days that it has not seen, some at a time.
        """
        since: dict[str, datetime] = {}  # as it was before: parts must not hide each other

        def seen(column: str) -> datetime:
            if column not in since:
                since[column] = self._since(model, column)
            return since[column]

        if model.name == _OF_FOOTPRINTS:
            self.gold.bring_back(seen("minute_loaded_at"))
        if _TRADES not in model.inputs:
            return self._replace_by(model, seen)
        if model.name == _OF_GAPS:
            beside = self.sealed.beside_gaps()
            both = f"select * from {TRADES} union all by name {self.sealed.rows(beside)}" if beside else None
            return self._replace_by(model, seen, both)
        parts = parts_of(self.sealed.newer_than(seen("loaded_at")))
        return self._replace_by(model, seen) + sum(
            self._replace_by(model, seen, self.sealed.rows_of_part(part)) for part in parts
        )

    def _replace_by(self, model: Compiled, since: Callable[[str], datetime], trades: str | None = None) -> int:
        """As `_replace`; a statement of `trades` takes the place of SILVER's table."""
        execute = self.warehouse.connection.execute
        columns = model.stored
        heads = self.heads
        touches = not (model.is_local and heads.is_new)
        is_copied = not (heads.is_new and heads.is_each_once)
        statement = model.sql if trades is None else model.sql.replace(_TABLE, _READ)
        try:
            if trades is not None:
                execute(f"create or replace temporary view {_READ} as {trades}")
            asked = with_parts(statement, is_apart=heads.is_apart, is_copied=is_copied)
            sql = with_news(self.warehouse.connection, asked, since, touches=touches)
            if model.is_append or not touches:
                insert = f"insert into {model.relation} ({columns}) select {columns} from ({sql}) as made"
                return int(execute(insert).fetchall()[0][0])
            make = f"create or replace temporary table changed_rows as select {columns} from ({sql})"
            count = int(execute(make).fetchall()[0][0])
            if model.is_whole:
                execute(f"delete from {model.relation}")
            elif count:
                keys = " and ".join(f"held.{key} = changed.{key}" for key in model.keys)
                changed = f"(select distinct {', '.join(model.keys)} from {_CHANGED})"
                execute(f"delete from {model.relation} as held using {changed} as changed where {keys}")
            if count:
                execute(f"insert into {model.relation} ({columns}) select {columns} from {_CHANGED}")
        except duckdb.Error as error:
            raise ModelError(f"{model.name}: {str(error).partition(chr(10))[0]}") from error
        return count
