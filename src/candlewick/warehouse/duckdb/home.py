"""The embedded home: the owner's process writes one DuckDB file, everybody else reads the mart that it publishes."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from candlewick.config import Settings
from candlewick.errors import ConfigError, MartNotReadyError
from candlewick.mart.reader import Mart
from candlewick.mart.version import AUDIT, DAYS, GAPS
from candlewick.warehouse.arrival import Arrival
from candlewick.warehouse.contract import Engine
from candlewick.warehouse.home import Agree, Days, Newest, Tallies
from candlewick.warehouse.sending import Sending


class Beside(Protocol):
    """What is done beside the owner's work."""

    def __call__(self, *, once: bool) -> AbstractContextManager[Callable[[], Sending | None]]:
        """Do it while a block runs, which is given what tells how it goes; with `once`, when the block is over."""


def _nothing(*, once: bool) -> AbstractContextManager[Callable[[], Sending | None]]:
    del once
    return nullcontext(lambda: None)


@dataclass(frozen=True)
class EmbeddedHome:
    """The warehouse of a machine. Satisfies `home.Home`. `beside` runs while it is owned; with `once`, afterwards."""

    settings: Settings
    beside: Beside = _nothing

    def own(self, *, once: bool) -> None:
        """Load the lake's new objects, run the models, publish the mart."""
        from candlewick.warehouse.duckdb import owner  # noqa: PLC0415 - dbt takes seconds to load

        with self.beside(once=once) as sending:
            owner.run(self.settings, once=once, sending=sending)

    def rebuild(self, progress: Callable[[int, int], None]) -> str:
        """Make the file anew from the lake alone."""
        from candlewick.warehouse.duckdb.rebuilding import rebuild  # noqa: PLC0415 - dbt takes seconds to load

        rebuild(self.settings, progress)
        return f"Rebuilt [bold]{self.settings.duckdb_path}[/] from {self.settings.lake_url}."

    def load(self, since: date | None, agree: Agree, progress: Callable[[int, int], None]) -> str | None:
        """The embedded warehouse finds by itself what the lake has. Raises `ConfigError`."""
        raise ConfigError(
            "`candlewick load` is for warehouse = 'snowflake'; the embedded warehouse loads by itself "
            "(`candlewick warehouse`), and `candlewick rebuild` makes it anew"
        )

    def reader(self) -> Mart:
        """Return the mart."""
        return Mart(self.settings.mart_path)

    @contextmanager
    def viewer(self) -> Iterator[Mart]:
        """Open the mart for all viewers."""
        yield self.reader()

    def engine(self) -> Engine:
        """Return a sandbox over the mart."""
        from candlewick.warehouse.duckdb.sandbox import Sandbox  # noqa: PLC0415 - where SQL is asked for

        return Sandbox(self.reader())

    def newest(self, beat: Mapping[str, Any]) -> Newest:
        """Read the mart's `CURRENT`."""
        del beat
        try:
            current = self.reader().current()
        except MartNotReadyError:
            return Newest(None, None)
        traded = [mark.traded_at for mark in current.watermarks.values() if mark.traded_at is not None]
        return Newest(current.version, max(traded).replace(tzinfo=UTC) if traded else None)

    def tallies(self) -> Tallies:
        """Count in the mart, once per version."""
        try:
            return _tallies(self.settings.mart_path, self.reader().version())
        except MartNotReadyError:
            return Tallies()

    def days(self, beat: Mapping[str, Any]) -> Days:
        """Ask the mart, once for the files that it has of them: most versions have the same."""
        del beat
        try:
            table = self.reader().current().tables.get(DAYS)
        except MartNotReadyError:
            return Days()
        return _days(self.settings.mart_path, tuple(file.name for file in table.files)) if table else Days()

    def arrival(self, beat: Mapping[str, Any], *, asks: bool) -> Arrival | None:
        """Nobody but the owner loads."""
        del beat, asks
        return None


@lru_cache(maxsize=4)
def _tallies(mart_path: Path, version: int) -> Tallies:
    del version  # part of the key: what a version counts never changes
    mart = Mart(mart_path)
    with mart.connect(AUDIT, GAPS) as database:
        verdicts = database.execute("select status, count(*) from gold.candle_audit group by 1").fetchall()
        gaps = database.execute("select count(*) from gold.tape_gaps where state = 'open'").fetchall()
    marks = mart.current().watermarks
    return Tallies(dict(verdicts), int(gaps[0][0]), {symbol: mark.last_trade_id for symbol, mark in marks.items()})


@lru_cache(maxsize=4)
def _days(mart_path: Path, files: tuple[str, ...]) -> Days:
    del files  # part of the key: what they say never changes
    with Mart(mart_path).connect(DAYS) as database:
        return Days.asked(lambda statement: database.execute(statement).fetchall())
