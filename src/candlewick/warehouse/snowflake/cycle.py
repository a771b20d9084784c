"""One cycle on Snowflake, in one transaction: take what was committed to RAW since the last one, and run the models.

An append-only stream on RAW.BINANCE_RAW says what that is. Its offset moves when the transaction that read it commits
(Snowflake, "Introduction to streams": "data retention", "repeatable read isolation"), so a line is taken exactly once,
in the order of commits, however late it became visible and whatever any clock said. The lines get the cycle's moment as
their `loaded_at`, and lie in RAW.BINANCE_TAKEN while the models, as dbt compiled them, make SILVER and GOLD of them.

Every statement that touches a table that grows has a literal range on its time in it: what the compiled SQL asks for is
asked first, and put in. Killed at any instant, nothing has happened.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from candlewick import __version__
from candlewick.errors import WarehouseBusyError, WarehouseError
from candlewick.warehouse.compiled import LONG, Compiled, Program
from candlewick.warehouse.periods import Touched, condition
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.lease import Lease
from candlewick.warehouse.snowflake.periods import Asked, Reach, with_news
from candlewick.warehouse.snowflake.tables import Marks, schema_of

TRADES = "trades_deduped"
RAW, STREAM, TAKEN = "RAW.BINANCE_RAW", "RAW.BINANCE_NEWS", "RAW.BINANCE_TAKEN"
NEAR = timedelta(days=7)
"""How far from what is new a cycle looks for neighbours that it settles; at a start and once a day: everywhere."""
Put = Callable[[Connection, datetime], int]
_EPOCH = datetime(1970, 1, 1)
_LINE = "PAYLOAD, OBJECT_NAME, ROW_NUMBER"

log = structlog.get_logger()


@dataclass
class Cycle:
    """The compiled models on an account. `marks` say how far their tables are when it is made."""

    database: str
    lease: Lease
    program: Program
    marks: Marks
    number: int = 0
    lines: int = 0
    statement_count: int = 0
    changed: dict[str, Touched] = field(default_factory=dict)
    _since: dict[str, datetime] = field(default_factory=dict)
    _stale: set[str] = field(default_factory=set)
    _reach: Reach = Reach.NEAR
    _asked: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)

    def prepare(self, connection: Connection) -> None:
        """Make what a session needs: a temporary table for each model whose rows replace groups of others."""
        for each in self.program.models:
            if not (each.is_view or each.is_append or each.is_stamped):
                connection.run(
                    f"create or replace temporary table {_changed(each)} as select * from {each.relation} where false"
                )

    def run(
        self, connection: Connection, *, with_audit: bool, put: Put | None = None, reach: Reach = Reach.NEAR
    ) -> int:
        """Take lines and run the models that have something new; how many lines there were.

        With `put`, it is called instead of taking lines: it puts lines into RAW.BINANCE_TAKEN and trades into SILVER,
        with the moment that it is given as their `loaded_at`, and says how many. With a longer `reach`, all models that
        make something of SILVER run, and look that far. Raises `WarehouseBusyError` where another owner runs them, and
        `WarehouseError`.
        """
        self._asked, self.changed, self.statement_count, self._reach = {}, {}, 0, reach
        self.number += 1
        connection.tag = f"candlewick {__version__} cycle {self.number} of {self.lease.holder}"
        stale = set(self._stale)
        if reach is not Reach.NEAR:
            stale |= {each.name for each in self.program.models if not each.reads_raw}
        self._run(connection, "begin")
        try:
            moment = self.lease.claim(connection)
            self.statement_count += 2
            self._run(connection, f"delete from {self.database}.{TAKEN}")
            lines = self._take(connection, moment) if put is None else put(connection, moment)
            stale |= {
                each.name
                for each in self.program.models
                if lines and (each.reads_raw or (put and TRADES in each.inputs))
            }
            if reach is Reach.ALL:
                self._empty_gold(connection)
            done = self._make(connection, stale, with_audit=with_audit)
            self._run(connection, "commit")
        except BaseException:
            _roll_back(connection)
            raise
        self._since |= dict.fromkeys(done, moment)
        self._stale, self.lines = stale - done, self.lines + lines
        return lines

    def _take(self, connection: Connection, moment: datetime) -> int:
        return self._count(
            connection,
            f"insert into {self.database}.{TAKEN} ({_LINE}, LOADED_AT)"
            f" select {_LINE}, timestamp '{moment}' from {self.database}.{STREAM}",
        )

    def _make(self, connection: Connection, stale: set[str], *, with_audit: bool) -> set[str]:
        """Run those of the models that are stale, and tell which they were."""
        done = set()
        for each in self.program.models:
            is_due = with_audit or each.reads_raw or not (each.is_audit or each.name in LONG)
            if each.name in stale and is_due and not each.is_view:
                if self._replace(connection, each):
                    stale |= {other.name for other in self.program.models if each.name in other.inputs}
                done.add(each.name)
        return done

    def _replace(self, connection: Connection, model: Compiled) -> int:
        """Put the rows that a model makes in the place of those of their keys; how many there were."""
        try:
            asked = with_news(
                lambda query: self._ask(connection, query),
                model.sql,
                lambda column: self._known(model, column),
                near=NEAR,
                reach=self._reach,
            )
            if not (asked.has_news or model.is_whole):
                return 0
            if asked.period is not None:
                self.changed[model.name] = asked.period
            if model.is_append:
                return self._put(connection, model, asked.sql)
            if model.is_stamped:
                return self._put_before_the_old(connection, model, asked)
            return self._put_in_place(connection, model, asked)
        except WarehouseBusyError:
            raise
        except WarehouseError as error:
            raise type(error)(f"{model.name}: {error}") from error

    def _known(self, model: Compiled, column: str) -> datetime:
        """Up to which moment a model's table knows all: a run of this process says so, or what the table held."""
        if self._reach is Reach.ALL and _is_emptied(model):
            return _EPOCH
        return self._since.get(model.name) or self.marks.get((model.name, column), _EPOCH)

    def _empty_gold(self, connection: Connection) -> None:
        """Let all of GOLD be made anew, and quote amounts of an old version be cut, in the running transaction."""
        self._run(connection, self.program.cut_quote_quantities)
        for each in self.program.models:
            if _is_emptied(each):
                self._run(connection, f"delete from {each.relation}")

    def _put(self, connection: Connection, model: Compiled, sql: str) -> int:
        columns = ", ".join(model.columns)
        made = f"insert into {model.relation} ({columns}) select {columns} from ({sql}) as made"
        return self._count(connection, made)

    def _put_before_the_old(self, connection: Connection, model: Compiled, asked: Asked) -> int:
        """Put rows whose `loaded_at` says that they are new, and remove those of their keys that are not."""
        since = self._known(model, "loaded_at")
        count = self._put(connection, model, asked.sql)
        if count:
            news = f"{model.relation} where loaded_at > timestamp '{since}'{_within(model.time, asked)}"
            self._run(
                connection,
                f"delete from {model.relation} as held using (select distinct {', '.join(model.keys)} from {news})"
                f" as changed where {_keys(model)} and held.loaded_at <= timestamp '{since}'"
                + _within(model.time and f"held.{model.time}", asked),
            )
        return count

    def _put_in_place(self, connection: Connection, model: Compiled, asked: Asked) -> int:
        """Make the rows aside, remove those of their keys (or all of a table that is whole), and put them."""
        columns, aside = ", ".join(model.columns), _changed(model)
        count = self._count(connection, f"insert into {aside} ({columns}) select {columns} from ({asked.sql}) as made")
        if model.is_whole:
            self._run(connection, f"delete from {model.relation}")
        elif count:
            self._run(
                connection,
                f"delete from {model.relation} as held using (select distinct {', '.join(model.keys)} from {aside})"
                f" as changed where {_keys(model)}" + _within(model.time and f"held.{model.time}", asked),
            )
        if count:
            self._run(connection, f"insert into {model.relation} ({columns}) select {columns} from {aside}")
            self._run(connection, f"delete from {aside}")
        return count

    def _ask(self, connection: Connection, query: str) -> list[tuple[Any, ...]]:
        """Ask for periods; several models ask the same."""
        if query not in self._asked:
            self._asked[query] = self._run(connection, query)
        return self._asked[query]

    def _count(self, connection: Connection, statement: str) -> int:
        return int(self._run(connection, statement)[0][0])

    def _run(self, connection: Connection, statement: str) -> list[tuple[Any, ...]]:
        self.statement_count += 1
        return connection.run(statement)


def _changed(model: Compiled) -> str:
    return f"{model.relation}__changed"


def _keys(model: Compiled) -> str:
    return " and ".join(f"held.{key} = changed.{key}" for key in model.keys)


def _within(column: str | None, asked: Asked) -> str:
    if column is None or asked.period is None or asked.is_far:
        return ""
    return f" and {condition(column, [asked.period])}"


def _is_emptied(model: Compiled) -> bool:
    """Whether its table is made anew of SILVER; one that is whole reads what it held."""
    return schema_of(model) == "GOLD" and not (model.is_view or model.is_whole)


def _roll_back(connection: Connection) -> None:
    """End the transaction; where the session is over, Snowflake has ended it."""
    try:
        connection.run("rollback")
    except WarehouseError as error:
        log.warning("the transaction could not be rolled back", problem=str(error))
