"""The warehouse's process: runs the pipeline cycle by cycle, beats, and stops cleanly.

One process owns the DuckDB file; everybody else reads the mart. Whatever instant it is killed at, the next start goes
on from what is committed: loads are transactions, models catch up from their own watermarks, and `CURRENT` names
complete files only.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import duckdb
import structlog

from candlewick.config import Settings
from candlewick.errors import LakeError, WarehouseCorruptError, WarehouseError
from candlewick.moments import to_micros
from candlewick.process.backoff import doubled
from candlewick.process.running import beating, stopped_by_signals
from candlewick.warehouse.duckdb import rebuilding
from candlewick.warehouse.duckdb.file import explain
from candlewick.warehouse.duckdb.pipeline import Pipeline
from candlewick.warehouse.pace import Budget
from candlewick.warehouse.sending import Sending

_POLL_FOLDER_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 30.0
_INVALIDATED = "database has been invalidated"
"""What DuckDB says after a fatal error: nothing works on it any more in this process."""

log = structlog.get_logger()


def run(settings: Settings, *, once: bool = False, sending: Callable[[], Sending | None] = lambda: None) -> None:
    """Own the warehouse until SIGINT or SIGTERM; with `once`, until all that is in the lake is published.

    `sending` tells how what is published goes elsewhere. Raises `WarehouseBusyError`, `WarehouseCorruptError`,
    `LakeError` and `ModelError` where it cannot start.
    """
    stop, pulse = threading.Event(), _Pulse(sending)
    try:
        with (
            stopped_by_signals(stop),
            beating(settings.run_path, pulse.numbers),
            Pipeline.open(settings) as pulse.pipeline,
        ):
            if once:
                _run_once(pulse.pipeline, stop)
            else:
                _run_until(stop, settings, pulse.pipeline, pulse)
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
    while not stop.is_set() and pipeline.let_go():
        continue


def _run_until(stop: threading.Event, settings: Settings, pipeline: Pipeline, pulse: "_Pulse") -> None:
    """Cycle: at most every `cycle_seconds` while there is news, and look for news more often than that.

    Where cycles take more than their share of a core they come less often.
    """
    least = settings.duckdb.cycle_seconds
    poll = least if "://" in settings.lake_url else min(least, _POLL_FOLDER_SECONDS)
    failures, budget, ended = 0, Budget(time.process_time()), time.monotonic()
    while not stop.is_set():
        started = time.monotonic()
        try:
            if failures:
                pipeline.mend()
            is_busy = pipeline.cycle()
        except (LakeError, WarehouseError, duckdb.Error, OSError) as error:
            failures += 1
            pulse.state = _report(settings, error)
            pulse.problem = str(error)
            pause = max(least, doubled(least, failures, _LONGEST_PAUSE_SECONDS))
        else:
            failures, pulse.problem = 0, None
            pulse.state = "running" if pulse.state == "running" or not pipeline.is_catching_up else "loading"
            pause = 0.0 if pipeline.is_catching_up else least if is_busy else poll
        before, ended = ended, time.monotonic()
        rest = budget.pause(time.process_time(), ended - before)
        stop.wait(max(pause - (ended - started), 0.0 if pipeline.is_catching_up else rest))


def _report(settings: Settings, error: Exception) -> str:
    """Log what failed, as the next cycle tries again. Raises what no next cycle can mend: it takes a new process."""
    if not isinstance(error, LakeError):
        error = explain(settings.duckdb_path, error)
    if isinstance(error, WarehouseCorruptError) or _INVALIDATED in str(error):
        raise error
    log.error("cycle failed; it is tried again", problem=str(error))
    return "waiting for the lake" if isinstance(error, LakeError) else "failing"


@dataclass
class _Pulse:
    """What the heartbeat tells."""

    sending: Callable[[], Sending | None]
    state: str = "starting"
    problem: str | None = None
    pipeline: Pipeline | None = None

    def numbers(self) -> dict[str, Any]:
        pipeline = self.pipeline
        if pipeline is None:
            return {"state": self.state}
        current = pipeline.publisher.current
        return {
            "state": self.state,
            "problem": self.problem,
            "version": pipeline.publisher.version,
            "objects": pipeline.objects,
            "rows": pipeline.lines,
            "loaded_at": to_micros(pipeline.intake.warehouse.loaded_at),
            "watermark": {symbol: mark.last_trade_id for symbol, mark in current.watermarks.items()} if current else {},
            "cycle_ms": pipeline.cycle_ms,
            "skipped_objects": [f"{name}: {reason}" for name, reason in pipeline.intake.loader.skipped.copy().items()],
            "audit": pipeline.verdicts,
            "gaps": pipeline.gaps,
            "sending": self.sending(),
        }
