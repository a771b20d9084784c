"""Makes the warehouse anew from the lake alone, beside the old one, and puts it in its place when it is whole."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import duckdb

from candlewick.config import Settings
from candlewick.errors import WarehouseBusyError, WarehouseCorruptError
from candlewick.lake.objects import Lake
from candlewick.process.crashpoint import crashpoint
from candlewick.warehouse.duckdb.file import Warehouse, owned
from candlewick.warehouse.duckdb.intake import Intake
from candlewick.warehouse.duckdb.pipeline import Pipeline

Progress = Callable[[int, int], None]


def rebuild(settings: Settings, progress: Progress) -> None:
    """Rebuild. Interrupted at any instant, it leaves the old warehouse or the new one, whole.

    Raises `WarehouseBusyError` where a process owns the old one or rebuilds it, and as `Intake.open`.
    """
    path = settings.duckdb_path
    new = path.with_name(f"{path.stem}.rebuild{path.suffix}")
    with owned(path):
        _settle(path)
        _remove(new)
        _fill(settings, new, progress)
        _log_of(path).unlink(missing_ok=True)
        crashpoint("before swap")
        new.replace(path)
        crashpoint("after swap")
    with suppress(WarehouseBusyError), Pipeline.open(settings):  # an owner that was quicker publishes it instead
        pass


def _fill(settings: Settings, new: Path, progress: Progress) -> None:
    total = sum(1 for _ in Lake.open(settings.lake_url, settings.prefix, settings.s3).list_all())
    done = 0
    progress(done, total)
    with Intake.open(settings, new) as intake:
        while intake.is_catching_up:
            if loaded := intake.load().objects:
                intake.cycle.run()
                intake.prune()
                crashpoint("mid-rebuild")
                done += loaded
                progress(min(done, total), total)
        intake.cycle.run()
        intake.warehouse.checkpoint()
    progress(total, total)


def _settle(path: Path) -> None:
    """Have all of the old file in the file itself and nothing in the log, as far as it can be opened."""
    if not path.exists():
        return
    try:
        old = Warehouse.open(path)
    except WarehouseCorruptError:
        return
    with suppress(duckdb.Error):  # the damage may be where opening does not look
        old.checkpoint()
    with suppress(duckdb.Error):
        old.close()


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    _log_of(path).unlink(missing_ok=True)


def _log_of(path: Path) -> Path:
    """The write-ahead log beside a file; it must not be applied to another one."""
    return path.with_name(f"{path.name}.wal")
