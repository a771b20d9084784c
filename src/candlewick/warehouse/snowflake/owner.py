"""`candlewick warehouse` on Snowflake: runs the models when RAW has something new; the warehouse sleeps otherwise.

Snowpipe loads RAW by itself; with `ingest = "streaming"`, a thread of this process does. It looks every `cycle_seconds`
whether lines have come, which needs no warehouse, and runs the models only then, in one transaction: what dbt compiled
of them is part of the package, so dbt is not needed. Killed at any instant it loses nothing.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Self, TypeVar

import structlog

from candlewick.config import Settings
from candlewick.errors import LakeError, WarehouseBusyError, WarehouseError
from candlewick.moments import to_micros
from candlewick.process import heartbeat
from candlewick.process.backoff import doubled
from candlewick.process.running import beating, stopped_by_signals
from candlewick.warehouse.arrival import Arrival
from candlewick.warehouse.compiling import program
from candlewick.warehouse.home import Days
from candlewick.warehouse.pace import Pace
from candlewick.warehouse.refused import Refused
from candlewick.warehouse.snowflake import refused, tables, views
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.cycle import RAW, Cycle, Put
from candlewick.warehouse.snowflake.ingest import Ingest
from candlewick.warehouse.snowflake.lease import Lease
from candlewick.warehouse.snowflake.news import News, look
from candlewick.warehouse.snowflake.periods import Reach
from candlewick.warehouse.snowflake.pipe import arrival_of
from candlewick.warehouse.snowflake.session import Session
from candlewick.warehouse.snowflake.snowpipe import Snowpipe
from candlewick.warehouse.snowflake.tallies import Verdicts

AUDIT_SECONDS = 600.0
FAR_SECONDS = 86_400.0
"""A run looks at everything then, as at a start: at candles that wait for neighbours of long ago, too."""
PURGE_SECONDS = 21_600.0
LONGEST_PAUSE_SECONDS = 3_600.0
_WATERMARKS = "select symbol, max(last_trade_id), max(last_traded_at), max(loaded_at) from silver.tape_spans group by 1"
_COUNTS = "select count(*) from silver.object_manifests"
_GAPS = "select count(*) from gold.tape_gaps where state = 'open'"

T = TypeVar("T")

log = structlog.get_logger()


def run(settings: Settings, *, once: bool = False) -> None:
    """Own the warehouse until SIGINT or SIGTERM; with `once`, until what is in RAW now is in GOLD.

    Raises `ConfigError`, `ModelError` and `WarehouseError` where it cannot start.
    """
    stop, pulse = threading.Event(), _Pulse()
    with stopped_by_signals(stop), beating(settings.run_path, pulse.numbers), ExitStack() as parts:
        pulse.owner = parts.enter_context(Owner.open(settings))
        if settings.ingest == "streaming" and not once:
            ingest = Ingest(settings, partial(Snowpipe.connect, settings.snowflake))
            pulse.ingest = parts.enter_context(ingest.running())
        pulse.owner.cycle(with_audit=once)
        pulse.state = "running"
        if not once:
            _run_until(stop, settings.snowflake.cycle_seconds, pulse.owner, pulse)


def rebuild(settings: Settings) -> None:
    """Make GOLD anew from SILVER, in one transaction: readers have the old one until then. Raises as `run`."""
    refuse_beside_owner(settings, "GOLD is made anew")
    with Owner.open(settings, reach=Reach.ALL):
        pass


def refuse_beside_owner(settings: Settings, work: str) -> None:
    """Raise `WarehouseBusyError` where the models are run from this data folder, whose lease would be the same."""
    beat = heartbeat.read(settings.run_path, "warehouse")
    if beat is not None and heartbeat.is_alive(beat):
        raise WarehouseBusyError(
            f"`candlewick warehouse` runs here (pid {beat.get('pid')}); stop it while {work}: "
            "the recorder and what loads RAW go on, and what comes meanwhile is taken afterwards"
        )


def _run_until(stop: threading.Event, every_seconds: float, owner: "Owner", pulse: "_Pulse") -> None:
    failures = 0
    started = time.monotonic()
    while not stop.wait(max(0.0, pause_after(failures, every_seconds) + started - time.monotonic())):
        started = time.monotonic()
        try:
            owner.cycle()
        except (WarehouseError, LakeError) as error:
            failures += 1
            pulse.state, pulse.problem = "failing", str(error)
            log.error("cycle failed; it is tried again", problem=str(error))
        else:
            failures = 0
            pulse.state, pulse.problem = "running", None


def pause_after(failures: int, every_seconds: float) -> float:
    """Seconds between two looks: as configured, and longer where so many in a row have failed."""
    return max(every_seconds, doubled(every_seconds, failures, LONGEST_PAUSE_SECONDS))


@dataclass
class Owner:
    """The models, and what they have done. `cycle_ms` are the milliseconds of the last run."""

    settings: Settings
    work: Cycle
    _watch: Session
    _works: Session
    news: News | None = None
    version: int = 0
    watermarks: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    objects: int = 0
    verdicts: Mapping[str, int] = field(default_factory=dict)
    gaps: int = 0
    days: Days = field(default_factory=Days)
    refused_files: list[str] = field(default_factory=list)
    refused_rows: Refused | None = None
    cycle_ms: dict[str, float] = field(default_factory=dict)
    _counted: Verdicts = field(default_factory=Verdicts)
    _audit: Pace = field(default_factory=lambda: Pace(AUDIT_SECONDS, is_owed=False))
    _views: Pace = field(default_factory=lambda: Pace(views.SECONDS))
    _far: Pace = field(default_factory=lambda: Pace(FAR_SECONDS))
    _purge: Pace = field(default_factory=lambda: Pace(PURGE_SECONDS))

    @classmethod
    @contextmanager
    def open(cls, settings: Settings, *, reach: Reach = Reach.FAR) -> Iterator[Self]:
        """Log in, claim the models, make the tables that are not there, and run the models on what they have not seen.

        Raises `ConfigError`, `ModelError` and `WarehouseError`.
        """
        snowflake, lease = settings.snowflake, Lease.of(settings)
        compiled = program("snowflake", settings.timezone, settings.data, database=snowflake.database)
        with ExitStack() as parts:
            watch = Session(snowflake, snowflake.transformer_role)
            works = Session(snowflake, snowflake.transformer_role, warehouse=snowflake.warehouse)
            for session in (watch, works):
                parts.callback(session.close)
            works(lease.claim)
            parts.callback(_release, lease, works)
            is_all = reach is Reach.ALL
            works(lambda connection: tables.make(connection, compiled.models, is_widening=is_all))
            marks = works(lambda connection: tables.marks(connection, compiled.models))
            work = Cycle(snowflake.database, lease, compiled, marks)
            works.begin_with(work.prepare)
            owner = cls(settings, work, watch, works)
            owner._look_far(reach)
            owner._make_views()
            if is_all:
                works(lambda connection: tables.narrow(connection, compiled.models))
            for pace in (owner._far, owner._views):
                pace.done_for_now(time.monotonic(), time.monotonic())
            yield owner

    def cycle(self, *, with_audit: bool = False) -> bool:
        """Run the models where lines have come since the last run; whether they ran. Raises `WarehouseError`."""
        before, self.news = self.news, self._watch(lambda connection: look(connection, self.settings))
        self._tell_of_pipe(before)
        started = time.monotonic()
        is_due = self._audit.is_due(started)
        if not (self.news.has_lines or is_due or with_audit):
            return False
        with_audit = with_audit or not self.news.has_lines or is_due
        self._works(lambda connection: self.work.run(connection, with_audit=with_audit))
        self.cycle_ms = {"models": (time.monotonic() - started) * 1e3}
        self._works(lambda connection: self._measure(connection, with_audit=with_audit))
        self.version += 1
        if with_audit:
            self._audit.done(started, time.monotonic())
        else:
            self._audit.owe()
        self._do_what_is_due()
        return True

    def put(self, put: Put) -> int:
        """Let lines and trades of another source be put, and run the models on them; how many (`Cycle.run`)."""
        return self._works(lambda connection: self.work.run(connection, with_audit=True, put=put))

    def run(self, read: Callable[[Connection], T]) -> T:
        """Run a read on the warehouse of the models."""
        return self._works(read)

    def _do_what_is_due(self) -> None:
        """What need not be done in every cycle, while the warehouse is awake in any case."""
        tasks: tuple[tuple[Pace, Callable[[], None]], ...] = (
            (self._views, self._make_views),
            (self._far, self._look_far),
            (self._purge, partial(self._works, self._forget)),
        )
        for pace, task in tasks:
            started = time.monotonic()
            if pace.is_due(started):
                task()
                pace.done_for_now(started, time.monotonic())

    def _look_far(self, reach: Reach = Reach.FAR) -> None:
        """Run all models on what is in SILVER; no line is taken."""
        self._works(lambda connection: self.work.run(connection, with_audit=True, put=_nothing, reach=reach))
        self._counted = Verdicts()

    def _make_views(self) -> None:
        self._works(lambda connection: views.make(connection, self.work.program.models))

    def _forget(self, connection: Connection) -> None:
        """Delete lines of RAW that have been here for `raw_days`; the stream has those that no cycle has taken."""
        oldest = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=self.settings.snowflake.raw_days)
        connection.run(f"delete from {RAW} where loaded_at < timestamp '{oldest}'")

    def _measure(self, connection: Connection, *, with_audit: bool) -> None:
        """Count while the warehouse is awake in any case. Counting rows reads none."""
        self.watermarks = {symbol: tuple(marks) for symbol, *marks in connection.run(_WATERMARKS)}
        self.objects = int(connection.run(_COUNTS)[0][0])
        if with_audit:
            self.verdicts = self._counted.count(connection, self.work.changed.get("candle_audit"))
            self.gaps = connection.run(_GAPS)[0][0]
            self.days = Days.asked(connection.run)
            table = f"{self.settings.snowflake.database}.{RAW}"
            if self.settings.ingest == "files":
                self.refused_files = refused.files(connection, table)
            else:
                self.refused_rows = refused.rows(connection, table)

    def _tell_of_pipe(self, before: News | None) -> None:
        """Log what is wrong with the pipe, once, and that it is right again."""
        problems = [news.pipe.problem if news and news.pipe else None for news in (before, self.news)]
        if problems[0] != problems[1]:
            log.error("the pipe does not load", problem=problems[1]) if problems[1] else log.info(
                "the pipe loads again"
            )


def _release(lease: Lease, session: Session) -> None:
    """Let the next owner begin at once; where nobody answers, it waits until the lease has run out."""
    try:
        session(lease.release)
    except WarehouseError as error:
        log.warning("the lease could not be released; it runs out by itself", problem=str(error))


def _nothing(_connection: Connection, _moment: datetime) -> int:
    return 0


@dataclass
class _Pulse:
    """What the heartbeat tells."""

    state: str = "starting"
    problem: str | None = None
    owner: Owner | None = None
    ingest: Ingest | None = None

    def numbers(self) -> dict[str, Any]:
        owner = self.owner
        if owner is None or owner.news is None:
            return {"state": self.state}
        traded = [traded_at for _, traded_at, _ in owner.watermarks.values()]
        loaded = [loaded_at for _, _, loaded_at in owner.watermarks.values()]
        return {
            "state": self.state,
            "problem": self.problem,
            "version": owner.version,
            "objects": owner.objects,
            "rows": owner.work.lines,
            "statements": owner.work.statement_count,
            "watermark": {symbol: trade_id for symbol, (trade_id, *_) in owner.watermarks.items()},
            "traded_at": to_micros(max(traded)) if traded else None,
            "loaded_at": to_micros(max(loaded)) if loaded else None,
            "cycle_ms": owner.cycle_ms,
            "skipped_objects": self._skipped(owner),
            "refused_rows": owner.refused_rows,
            "audit": owner.verdicts,
            "gaps": owner.gaps,
            "days": owner.days.for_beat(),
            "arrival": self._arrival(owner.news),
        }

    def _skipped(self, owner: Owner) -> list[str]:
        """What was not loaded: objects that the streaming way in could not read, or that the pipe refused in a day."""
        if self.ingest is not None:
            return [f"{name}: {why}" for name, why in self.ingest.skipped.items()]
        return owner.refused_files

    def _arrival(self, news: News) -> Arrival | None:
        if self.ingest is not None:
            return self.ingest.arrival
        return arrival_of(news.pipe) if news.pipe else None
