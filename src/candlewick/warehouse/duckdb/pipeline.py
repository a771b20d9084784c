"""One cycle after the other: load, run the models, publish.

What a chart waits for, candles of a minute, is made in every cycle. Candles of a second and footprints, roll-ups and
the audit, and the trades' own files have a slower pace each, and are made when nothing else is to do. Only tables whose
rows have changed are published. A cycle without news lists one folder and ends.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from candlewick.config import Settings
from candlewick.mart.publisher import TABLES, WITH_TRADES, Publisher
from candlewick.mart.version import SealedFile
from candlewick.warehouse.duckdb.file import owned
from candlewick.warehouse.duckdb.giving_back import give_back
from candlewick.warehouse.duckdb.intake import Intake
from candlewick.warehouse.duckdb.letting_go import LettingGo, in_mart
from candlewick.warehouse.duckdb.loader import Loaded
from candlewick.warehouse.duckdb.sealed_days import SealedDays
from candlewick.warehouse.pace import Pace

AUDIT_SECONDS = 12.0
LONG_SECONDS = 6.0
TRADES_SECONDS = 6.0
PRUNING_SECONDS = 600.0
JOINING_SECONDS = 10.0
LETTING_GO_SECONDS = 60.0

_BACKLOG_LINES = 50_000
_QUIET_SECONDS = 1.0


@dataclass
class Pipeline:
    """Intake and publisher, and what they have done.

    `cycle_ms` are the milliseconds of the last cycle with news, those of slower work left out.
    `clock` gives seconds, from any moment on.
    """

    intake: Intake
    publisher: Publisher
    letting_go: LettingGo
    objects: int = 0
    lines: int = 0
    cycle_ms: dict[str, float] = field(default_factory=dict)
    verdicts: dict[str, int] = field(default_factory=dict)
    gaps: int = 0
    clock: Callable[[], float] = time.monotonic
    audit: Pace = field(default_factory=lambda: Pace(AUDIT_SECONDS))
    _long: Pace = field(default_factory=lambda: Pace(LONG_SECONDS))
    _trades: Pace = field(default_factory=lambda: Pace(TRADES_SECONDS))
    _pruning: Pace = field(default_factory=lambda: Pace(PRUNING_SECONDS, is_owed=True))
    _joining: Pace = field(default_factory=lambda: Pace(JOINING_SECONDS, is_owed=True))
    _letting_go: Pace = field(default_factory=lambda: Pace(LETTING_GO_SECONDS, is_owed=True))
    _last_news: float = 0.0
    _has_room: bool = True

    @classmethod
    @contextmanager
    def open(cls, settings: Settings) -> Iterator[Self]:
        """Own the settings' warehouse, and publish what was loaded before.

        Raises as `Intake.open`, and `WarehouseBusyError` where another process owns it or makes it anew.
        """
        with owned(settings.duckdb_path), Intake.open(settings, settings.duckdb_path) as intake:
            publisher = Publisher(
                intake.warehouse.connection,
                settings.mart_path,
                generation=intake.generation,
                timezone=settings.timezone,
                sealed=lambda: _sealed(intake.cycle.sealed, settings.mart_path),
                alone=intake.cycle.gold.until,
            )
            letting_go = LettingGo(
                intake.loader.lake, intake.cycle, publisher, settings.mart_kept, settings.silver_kept
            )
            pipeline = cls(intake, publisher, letting_go)
            pipeline._count()
            pipeline._forget_copies()
            intake.cycle.changed |= TABLES  # whoever owned it before may have been killed before it published them
            pipeline.finish()
            yield pipeline

    @property
    def is_catching_up(self) -> bool:
        """Whether folders of the lake are left to look at, or objects to load."""
        return self.intake.is_catching_up

    def cycle(self) -> bool:
        """Do what there is to do; whether there was anything. Raises `LakeError`, `ModelError`, `duckdb.Error`."""
        started = self.clock()
        loaded = self.intake.load()
        if loaded.objects:
            self._digest(loaded, started)
        self.publisher.collect_garbage()
        return self._do_what_is_owed() or bool(loaded.objects) or self.is_catching_up

    def finish(self) -> None:
        """Do what is owed, whatever its pace."""
        self._run_models(with_audit=self.audit.is_owed, with_long=True)
        self._publish(with_trades=True)
        self.intake.prune()
        self._forget_copies()

    def mend(self) -> None:
        """Fetch again what is read beside the warehouse's own file and is gone. Raises `LakeError`."""
        self.intake.cycle.sealed.complete()

    def let_go(self) -> bool:
        """Let go what is elsewhere: of GOLD what the mart has, of one sealed day what SILVER's table or the mart has.

        Returns whether something went, or room that it left in the warehouse's file was given back.
        """
        now = datetime.now(UTC)
        if self.intake.cycle.gold.let_go(self.publisher):
            self._has_room = True
            return True
        if self.letting_go.one_of_silver(now):
            self._has_room = True
            self._publish(with_trades=True)
            return True
        if self.letting_go.one_day(now):
            return True
        may_give, self._has_room = self._has_room, False
        return may_give and give_back(self.intake.warehouse)

    def _count(self) -> None:
        counts = "select count(*), coalesce(sum(line_count), 0)::bigint from raw.loaded_objects"
        self.objects, self.lines = self.intake.warehouse.connection.execute(counts).fetchall()[0]

    def _digest(self, loaded: Loaded, started: float) -> None:
        """Bring what was loaded into GOLD and into the mart, but for what may follow: it must not hold up the rest."""
        is_backlog = loaded.lines >= _BACKLOG_LINES
        self.objects += loaded.objects
        self.lines += loaded.lines
        self.audit.owe(at_once=loaded.has_news_for_audit)
        self._long.owe()
        self._trades.owe()
        load_ended = self.clock()
        self._run_models(with_audit=is_backlog, with_long=is_backlog)
        models_ended = self.clock()
        self._publish(with_trades=is_backlog)
        self.cycle_ms = {
            "load": (load_ended - started) * 1e3,
            "dbt": (models_ended - load_ended) * 1e3,
            "publish": (self.clock() - models_ended) * 1e3,
        }
        self._last_news = self.clock()  # when it is dealt with: else any cycle that takes a second looks quiet
        if is_backlog:
            self._prune()

    def _do_what_is_owed(self) -> bool:
        """One piece of the slower work, where it is due or nothing has come for a moment; whether there was one."""
        now = self.clock()
        is_quiet = now - self._last_news > _QUIET_SECONDS
        if self.audit.is_owed and (is_quiet or self.audit.is_due(now)):
            self._run_models(with_audit=True, with_long=True)
            self._publish(with_trades=False)
        elif self._long.is_owed and (is_quiet or self._long.is_due(now)):
            self._run_models(with_long=True)
            self._publish(with_trades=False)
        elif self._trades.is_owed and (is_quiet or self._trades.is_due(now)):
            self._publish(with_trades=True)
        elif self._pruning.is_due(now):
            self.mend()
            self._forget_copies()
            self._prune()
        elif self._joining.is_due(now):
            is_joined = self.publisher.join_settled()
            self._joining.done_for_now(now, self.clock())
            return is_joined
        elif self._letting_go.is_due(now):
            is_gone = self.let_go()
            self._letting_go.done_for_now(now, self.clock())
            return is_gone
        else:
            return False
        return True

    def _prune(self) -> None:
        """Forget what RAW needs no longer: what reads it has run in the transaction that filled it."""
        started = self.clock()
        self.intake.prune()
        self._pruning.done_for_now(started, self.clock())

    def _forget_copies(self) -> None:
        """Delete copies of sealed files that neither SILVER, nor a version of the mart that is read, needs any more."""
        if (copies := self.intake.cycle.copies) is not None:
            copies.collect(self.intake.cycle.sealed.files, self.publisher.sealed_in_use())

    def _run_models(self, *, with_audit: bool = False, with_long: bool = False) -> None:
        started = self.clock()
        self.intake.cycle.run(with_audit=with_audit, with_long=with_long)
        ended = self.clock()
        if with_long:
            self._long.done(ended, ended)
        if with_audit:
            self.audit.done(started, ended)
            warehouse = self.intake.warehouse
            counts = "select status, count(*) from gold.candle_audit group by 1"
            self.verdicts = dict(warehouse.connection.execute(counts).fetchall())
            self.gaps = warehouse.count("gold.tape_gaps where state = 'open'")

    def _publish(self, *, with_trades: bool) -> None:
        started = self.clock()
        changed = self.intake.cycle.changed
        due = changed if with_trades else changed - WITH_TRADES
        self.publisher.publish(due)
        self.intake.cycle.changed = changed - due
        if with_trades:
            self._trades.done(started, self.clock())


def _sealed(days: SealedDays, mart: Path) -> list[SealedFile]:
    """The files that SILVER is read from beside its table, as the mart names them."""
    return in_mart(days.files, days.root, mart) if days.root is not None else []
