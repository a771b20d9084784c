"""The warehouse's process: runs the pipeline cycle by cycle, beats, and stops cleanly.

One process owns the DuckDB file; everybody else reads the mart. Whatever instant it is killed at, the next start goes
on from what is committed: loads are transactions, models catch up from their own watermarks, and `CURRENT` names
complete files only.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb
import structlog

from candlewick.config import Settings
from candlewick.errors import LakeError, WarehouseCorruptError, WarehouseError
from candlewick.heartbeat import Heartbeat
from candlewick.warehouse import rebuilding
from candlewick.warehouse.duckdb import explain
from candlewick.warehouse.moments import to_micros
from candlewick.warehouse.pipeline import Pipeline

_POLL_FOLDER_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 30.0
_INVALIDATED = "database has been invalidated"
"""What DuckDB says after a fatal error: nothing works on it any more in this process."""

log = structlog.get_logger()


def run(settings: Settings, *, once: bool = False) -> None:
    """Own the warehouse until SIGINT or SIGTERM; with `once`, until all that is in the lake is published.

    Raises `WarehouseBusyError`, `WarehouseCorruptError`, `LakeError` and `ModelError` where it cannot start.
    """
    stop = threading.Event()
    try:
        with _stopped_by_signals(stop), _Beat(settings).beating() as beat, Pipeline.open(settings) as pipeline:
            beat.pipeline = pipeline
            if once:
                _run_once(pipeline, stop)
            else:
                _run_until(stop, settings, pipeline, beat)
    except (WarehouseError, duckdb.Error) as error:
        raise explain(settings.duckdb_path, error) from error


def rebuild(settings: Settings, progress: Callable[[int, int], None]) -> None:
    """Make the warehouse anew from the lake alone, beside the old one, then put it in its place.

    `progress` is told how many objects are loaded and how many there are. Raises as `run`.
    """
    rebuilding.rebuild(settings, progress)


def _run_once(pipeline: Pipeline, stop: threading.Event) -> None:
    while not stop.is_set() and (pipeline.cycle() or pipeline.is_catching_up):
        continue
    pipeline.finish()


def _run_until(stop: threading.Event, settings: Settings, pipeline: Pipeline, beat: "_Beat") -> None:
    """Cycle: at most every `cycle_seconds` while there is news, and look for news more often than that."""
    least = settings.duckdb.cycle_seconds
    poll = least if "://" in settings.lake_url else min(least, _POLL_FOLDER_SECONDS)
    failures = 0
    while not stop.is_set():
        started = time.monotonic()
        try:
            is_busy = pipeline.cycle()
        except (LakeError, WarehouseError, duckdb.Error, OSError) as error:
            failures += 1
            beat.state = _report(settings, error)
            pause = min(least * 2**failures, _LONGEST_PAUSE_SECONDS)
        else:
            failures = 0
            beat.state = "running" if beat.state == "running" or not pipeline.is_catching_up else "loading"
            pause = 0.0 if pipeline.is_catching_up else least if is_busy else poll
        stop.wait(max(0.0, pause - (time.monotonic() - started)))


def _report(settings: Settings, error: Exception) -> str:
    """Log what failed, as the next cycle tries again. Raises what no next cycle can mend: it takes a new process."""
    if not isinstance(error, LakeError):
        error = explain(settings.duckdb_path, error)
    if isinstance(error, WarehouseCorruptError) or _INVALIDATED in str(error):
        raise error
    log.error("cycle failed; it is tried again", reason=str(error))
    return "waiting for the lake" if isinstance(error, LakeError) else "failing"


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Set `stop` on SIGINT and SIGTERM: a cycle is ended, not cut."""
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass
class _Beat:
    """Beats every second from a thread of its own, since a cycle can be longer than that."""

    settings: Settings
    state: str = "starting"
    pipeline: Pipeline | None = None
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def beating(self) -> Iterator["_Beat"]:
        heartbeat = Heartbeat(self.settings.run_path, "warehouse")
        thread = threading.Thread(target=self._beat, args=(heartbeat,), name="heartbeat", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()
            heartbeat.stop()

    def _beat(self, heartbeat: Heartbeat) -> None:
        while True:
            heartbeat.beat(state=self.state, **self._numbers(self.pipeline))
            if self._over.wait(1.0):
                return

    def _numbers(self, pipeline: Pipeline | None) -> dict[str, Any]:
        if pipeline is None:
            return {}
        current = pipeline.publisher.current
        return {
            "version": pipeline.publisher.version,
            "objects": pipeline.objects,
            "rows": pipeline.lines,
            "loaded_at": to_micros(pipeline.intake.warehouse.loaded_at),
            "watermark": {symbol: mark.last_trade_id for symbol, mark in current.watermarks.items()} if current else {},
            "cycle_ms": pipeline.cycle_ms,
            "skipped_objects": [f"{name}: {reason}" for name, reason in pipeline.intake.loader.skipped.copy().items()],
            "audit": pipeline.verdicts,
            "gaps": pipeline.gaps,
        }
