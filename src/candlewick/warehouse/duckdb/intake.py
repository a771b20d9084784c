"""The way from the lake into GOLD: find, load, run the models, and forget what RAW needs no longer."""

import hashlib
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import structlog

from candlewick.config import Settings
from candlewick.lake import names
from candlewick.lake.objects import Lake
from candlewick.moments import from_micros, to_micros
from candlewick.warehouse.compiled import Program
from candlewick.warehouse.compiling import MODELS, program
from candlewick.warehouse.duckdb.copies import Copies
from candlewick.warehouse.duckdb.cycle import Cycle
from candlewick.warehouse.duckdb.discovery import Discovery
from candlewick.warehouse.duckdb.file import Warehouse
from candlewick.warehouse.duckdb.loader import Loaded, Loader

MOST_LINES = 800_000
"""How much of a backlog is taken on at once: it bounds memory, and the time until hot folders are looked at again."""

_SWEEP_AGAIN_SECONDS = 900.0
_RECENT = timedelta(days=1)

log = structlog.get_logger()


@dataclass
class Intake:
    """The open parts. `generation` names the tables as they are: other tables of GOLD, another generation."""

    settings: Settings
    warehouse: Warehouse
    cycle: Cycle
    loader: Loader
    generation: str
    _next_sweep: float = 0.0

    @classmethod
    @contextmanager
    def open(cls, settings: Settings, database: Path) -> Iterator[Self]:
        """Open the warehouse's file and all that works on it.

        Raises `WarehouseBusyError`, `WarehouseCorruptError`, `LakeError`, `ModelError`.
        """
        limits = settings.duckdb
        with ExitStack() as parts:
            warehouse = Warehouse.open(database, memory_limit=limits.memory_limit, threads=limits.threads)
            parts.callback(warehouse.close)
            lake = Lake.open(settings.lake_url, settings.prefix, settings.s3)
            copies = Copies(lake, settings.copies_path) if lake.root is None else None
            cycle, generation = _bring_up_to_date(warehouse, settings, lake.root, copies)
            loader = Loader(lake, warehouse, cycle.load, copies)
            parts.callback(loader.close)
            loader.discovery.start_sweep()
            yield cls(settings, warehouse, cycle, loader, generation, time.monotonic() + _SWEEP_AGAIN_SECONDS)

    @property
    def is_catching_up(self) -> bool:
        """Whether folders of the lake are left to look at, or objects to load."""
        return self._discovery.is_sweeping or self._discovery.has_found

    def load(self) -> Loaded:
        """Load what is new in the lake, a bounded part of it. Raises `LakeError` where it cannot be read now."""
        started = time.monotonic()
        if not self._discovery.is_sweeping and started >= self._next_sweep:
            self._sweep_recent(started)
        self._discovery.look_at_hot_folders(datetime.now(UTC))
        # One folder in any case: where a cycle takes longer than a flush there is always something hot.
        self._discovery.sweep_one_folder()
        self._set_age_of_raw()
        return self.loader.load(MOST_LINES)

    def prune(self) -> None:
        """Drop RAW's rows of objects older than `raw_days`; SILVER was made of them when they were loaded."""
        self._set_age_of_raw()
        self.warehouse.forget_rows()

    def _set_age_of_raw(self) -> None:
        oldest = datetime.now(UTC) - timedelta(days=self.settings.duckdb.raw_days)
        self.warehouse.raw_from = names.folder(self.settings.prefix, to_micros(oldest))

    @property
    def _discovery(self) -> Discovery:
        return self.loader.discovery

    def _sweep_recent(self, now: float) -> None:
        """An object that nothing follows lies in no hot folder: the last one of a backfill whose recorder stopped."""
        self._discovery.start_sweep(datetime.now(UTC) - self.settings.history - _RECENT)
        self._next_sweep = now + _SWEEP_AGAIN_SECONDS


def _bring_up_to_date(
    warehouse: Warehouse, settings: Settings, root: Path | None, copies: Copies | None
) -> tuple[Cycle, str]:
    """Make GOLD anew where other models made it, or its days for another zone. Also returns the generation.

    The generation changes before the tables do: what is published of another one is never taken for this one's.
    """
    timezone = settings.timezone
    made_by = {"models": _digest_of_models(), "timezone": timezone}
    before = {name: warehouse.setting(name) for name in made_by}
    has_tables = warehouse.loaded_at > from_micros(0)
    changed = {name for name, value in made_by.items() if before[name] != value and (before[name] or has_tables)}
    generation = warehouse.setting("generation")
    if generation is None or changed:
        generation = uuid.uuid4().hex
        warehouse.note("generation", generation)
    compiled = program("duckdb", timezone, warehouse.path.parent)
    _store_less(warehouse, compiled)
    if changed:
        log.info("candles are made anew", timezone=timezone, because=sorted(changed))
        _drop(warehouse, compiled, *(() if "models" in changed else ("trades_ohlc_1d",)))
    cycle = Cycle.of(warehouse, compiled, root, settings.mart_path, copies)
    for name, value in made_by.items():
        warehouse.note(name, value)
    return cycle, warehouse.setting("generation") or generation


def _store_less(warehouse: Warehouse, compiled: Program) -> None:
    """Write a table once more that an earlier version made: with what its other columns say, which is computed now."""
    for each in (each for each in compiled.models if each.computed):
        if each.computed.keys() & warehouse.stored_columns(each.relation):
            log.info("a table is written once more, in fewer bytes", table=each.relation)
            warehouse.write_once_more(each.relation, each.table, each.stored, "before a table is replaced")


def _drop(warehouse: Warehouse, compiled: Program, *models: str) -> None:
    """Drop tables of GOLD, all of them where none is named: a cycle makes them of SILVER.

    One that is made whole each time stays, since its statement reads what it held.
    """
    if not models:
        warehouse.connection.execute(compiled.cut_quote_quantities)
    for each in compiled.models:
        if each.relation.startswith("gold.") and not each.is_whole and (not models or each.name in models):
            warehouse.connection.execute(f"drop table if exists {each.relation}")


def _digest_of_models() -> str:
    files = sorted(path for folder in ("silver", "gold", "audit", "macros") for path in (MODELS / folder).glob("*.sql"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
