"""`candlewick warehouse` on Snowflake: runs the models when RAW has something new; the warehouse sleeps otherwise.

Snowpipe loads RAW by itself; with `ingest = "streaming"`, a thread of this process does. It looks every `cycle_seconds`
whether RAW has changed, which needs no warehouse, and runs the models only then. Killed at any instant it loses
nothing: the models catch up from what is in their tables.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

import structlog

from candlewick.config import Settings
from candlewick.errors import LakeError, ModelError, WarehouseError
from candlewick.moments import to_micros
from candlewick.process.running import beating, stopped_by_signals
from candlewick.warehouse.arrival import Arrival
from candlewick.warehouse.home import Days
from candlewick.warehouse.pace import Pace
from candlewick.warehouse.snowflake.connection import parameters
from candlewick.warehouse.snowflake.errors import meaning
from candlewick.warehouse.snowflake.ingest import Ingest
from candlewick.warehouse.snowflake.news import News, look
from candlewick.warehouse.snowflake.pipe import arrival_of
from candlewick.warehouse.snowflake.session import Session
from candlewick.warehouse.snowflake.snowpipe import Snowpipe
from candlewick.warehouse.targets import Target
from candlewick.warehouse.transform import Models

AUDIT_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 300.0
_WATERMARKS = "select symbol, max(last_trade_id), max(last_traded_at), max(loaded_at) from silver.tape_spans group by 1"
_COUNTS = "select (select count(*) from silver.object_manifests), (select count(*) from raw.binance_raw)"
_VERDICTS = "select status, count(*) from gold.candle_audit group by 1"
_GAPS = "select count(*) from gold.tape_gaps where state = 'open'"

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
    """Make GOLD anew from SILVER. Raises as `run`."""
    with Owner.open(settings) as owner:
        owner.models.make_anew()


def models_of(settings: Settings) -> Models:
    """Return the models on the settings' Snowflake, as its transformer. Raises `ConfigError` and `ModelError`."""
    target = Target.snowflake(settings.snowflake, parameters(settings.snowflake))
    return Models(target, settings.data / "snowflake.dbt", timezone=settings.timezone)


def _run_until(stop: threading.Event, every_seconds: float, owner: "Owner", pulse: "_Pulse") -> None:
    failures = 0
    started = time.monotonic()
    while not stop.wait(
        max(0.0, min(every_seconds * 2**failures, _LONGEST_PAUSE_SECONDS) + started - time.monotonic())
    ):
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


@dataclass
class Owner:
    """The models, and what they have done. `cycle_ms` are the milliseconds of the last run."""

    settings: Settings
    models: Models
    _watch: Session
    _reads: Session
    news: News | None = None
    version: int = 0
    watermarks: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    counts: tuple[int, int] = (0, 0)
    verdicts: dict[str, int] = field(default_factory=dict)
    gaps: int = 0
    days: Days = field(default_factory=Days)
    cycle_ms: dict[str, float] = field(default_factory=dict)
    _settled: int | None = None
    _audit: Pace = field(default_factory=lambda: Pace(AUDIT_SECONDS, is_owed=False))

    @classmethod
    @contextmanager
    def open(cls, settings: Settings) -> Iterator[Self]:
        """Log in, and parse the models. Raises `ConfigError`, `ModelError` and `WarehouseError`."""
        snowflake = settings.snowflake
        with ExitStack() as parts:
            watch = Session(snowflake, snowflake.transformer_role)
            reads = Session(snowflake, snowflake.transformer_role, warehouse=snowflake.warehouse)
            for session in (watch, reads):
                parts.callback(session.close)
            watch(lambda connection: connection.run("SELECT 1"))  # before dbt, which takes seconds to load
            models = models_of(settings)
            parts.callback(models.close)
            yield cls(settings, models, watch, reads)

    def cycle(self, *, with_audit: bool = False) -> bool:
        """Run the models where RAW has changed since the last run; whether they ran. Raises `WarehouseError`."""
        before, self.news = self.news, self._watch(lambda connection: look(connection, self.settings))
        self._tell_of_pipe(before)
        is_news = self.news.raw != self._settled
        if not (is_news or self._audit.is_due(time.monotonic())):
            return False
        started = time.monotonic()
        with_audit = with_audit or not is_news or self._audit.is_due(started)
        self._run_models(with_audit=with_audit)
        self._settled = self.news.raw
        self._measure(with_audit=with_audit)
        self.version += 1
        if with_audit:
            self._audit.done(started, time.monotonic())
        else:
            self._audit.owe()
        return True

    def _run_models(self, *, with_audit: bool) -> None:
        started = time.monotonic()
        try:
            self.models.run(with_audit=with_audit)
        except ModelError as error:
            login = self._watch(lambda connection: connection.login)
            raise meaning(str(error), login) or error from error
        self.cycle_ms = {"dbt": (time.monotonic() - started) * 1e3}

    def _measure(self, *, with_audit: bool) -> None:
        """Count while the warehouse is awake in any case."""
        rows = self._reads(lambda connection: connection.run(_WATERMARKS))
        self.watermarks = {symbol: tuple(marks) for symbol, *marks in rows}
        ((objects, lines),) = self._reads(lambda connection: connection.run(_COUNTS))
        self.counts = int(objects), int(lines)
        if with_audit:
            self.verdicts = dict(self._reads(lambda connection: connection.run(_VERDICTS)))
            self.gaps = self._reads(lambda connection: connection.run(_GAPS))[0][0]
            self.days = self._reads(lambda connection: Days.asked(connection.run))

    def _tell_of_pipe(self, before: News | None) -> None:
        """Log what is wrong with the pipe, once, and that it is right again."""
        problems = [news.pipe.problem if news and news.pipe else None for news in (before, self.news)]
        if problems[0] != problems[1]:
            log.error("the pipe does not load", problem=problems[1]) if problems[1] else log.info(
                "the pipe loads again"
            )


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
            "objects": owner.counts[0],
            "rows": owner.counts[1],
            "watermark": {symbol: trade_id for symbol, (trade_id, *_) in owner.watermarks.items()},
            "traded_at": to_micros(max(traded)) if traded else None,
            "loaded_at": to_micros(max(loaded)) if loaded else None,
            "cycle_ms": owner.cycle_ms,
            "skipped_objects": [f"{name}: {why}" for name, why in self.ingest.skipped.items()] if self.ingest else [],
            "audit": owner.verdicts,
            "gaps": owner.gaps,
            "days": owner.days.for_beat(),
            "arrival": self._arrival(owner.news),
        }

    def _arrival(self, news: News) -> Arrival | None:
        if self.ingest is not None:
            return self.ingest.arrival
        return arrival_of(news.pipe) if news.pipe else None
