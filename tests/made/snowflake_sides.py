"""SILVER and GOLD on Snowflake beside those on DuckDB: set an account up, run the models there, compare."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property

from candlewick.config import Settings
from candlewick.lake.objects import Lake
from candlewick.setup.sql import render, sections
from candlewick.warehouse.snowflake.connection import Connection, parameters
from candlewick.warehouse.snowflake.owner import Owner
from candlewick.warehouse.targets import Target
from peers.snowflake_peer import Peer
from warehouse.dbt_by_hand import Models

Rows = list[tuple[object, ...]]

TIMEFRAMES = ("1s", "1m", "5m", "15m", "1h", "4h", "1d")
TABLES = (
    "silver.trades_deduped",
    "silver.tape_spans",
    "silver.object_spans",
    *(f"gold.trades_ohlc_{timeframe}" for timeframe in TIMEFRAMES),
    "gold.candle_audit",
    "gold.trades_footprint_1m",
    "gold.footprint_audit",
    "gold.tape_gaps",
)


@dataclass
class Account:
    """An account that `setup.sql` has set up, its pipe, and the models on it."""

    settings: Settings
    peer: Peer
    _parts: ExitStack = field(default_factory=ExitStack)

    def set_up(self) -> None:
        """Run setup.sql."""
        with Connection.open(self.settings.snowflake, self.settings.snowflake.admin_role) as connection:
            for section in sections(render("setup", self.settings, "arn:aws:iam::123456789012:role/snowflake")):
                for statement in section.statements:
                    connection.run(statement)

    @cached_property
    def models(self) -> Models:
        """The models as dbt runs them, parsed once."""
        settings, login = self.settings.snowflake, parameters(self.settings.snowflake)
        names = {"role": settings.transformer_role, "warehouse": settings.warehouse, "database": settings.database}
        target = Target("snowflake", {**login, **names, "type": "snowflake", "schema": "SILVER", "threads": 1})
        return Models(target, self.settings.data / "snowflake.dbt", timezone=self.settings.timezone)

    @cached_property
    def owner(self) -> Owner:
        """Who runs the models here, until the tests are over."""
        return self._parts.enter_context(Owner.open(self.settings))

    def run(self) -> None:
        """Run a cycle, with the audit."""
        self.owner.cycle(with_audit=True)

    def close(self) -> None:
        """Let go of what runs the models."""
        self._parts.close()

    def load(self, lake: Lake, names: list[str]) -> None:
        """Let the pipe load objects, none of which it knows."""
        database, pipe = self.settings.snowflake.database, self.settings.snowflake.pipe
        assert self.peer.load(f"{database}.RAW.{pipe}", {name: lake.get(name) for name in names}) == len(names)

    def rows(self, statement: str) -> Rows:
        """Query as a reader."""
        with Connection.open(self.settings.snowflake, self.settings.snowflake.reader_role) as connection:
            return connection.run(statement)

    def differing(
        self, on_duckdb: Callable[[str], Rows], tables: tuple[str, ...] = TABLES, but: tuple[str, ...] = ()
    ) -> list[str]:
        """The tables that are not equal, row for row, to those that a DuckDB answers with, `but` for some columns."""
        return [table for table in tables if not self._is_equal(table, on_duckdb, but)]

    def _is_equal(self, table: str, on_duckdb: Callable[[str], Rows], but: tuple[str, ...]) -> bool:
        chosen = ", ".join(name for name in columns(table, on_duckdb) if name not in but)
        ours = self.rows(f"select {chosen} from {self.settings.snowflake.database}.{table} order by 1, 2, 3")
        return ours == on_duckdb(f"select {chosen} from {table} order by 1, 2, 3")


def columns(table: str, on_duckdb: Callable[[str], Rows]) -> list[str]:
    """All columns of a table but those that say when a warehouse got its rows, which differ between two."""
    names = [str(name) for (name,) in on_duckdb(f"select column_name from (describe {table})")]
    return [name for name in names if not name.endswith("loaded_at")]
