"""A real warehouse for tests of the models: objects in, tables out, emptied in between."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self

from candlewick.lake.objects import LakeObject
from candlewick.warehouse.compiling import program
from candlewick.warehouse.duckdb.cycle import Cycle
from candlewick.warehouse.duckdb.file import Warehouse
from candlewick.warehouse.targets import Target
from warehouse.dbt_by_hand import Models


@dataclass
class Bench:
    """The DuckDB file and the models on it, days in Indian time."""

    warehouse: Warehouse
    folder: Path
    owned: Cycle | None = None
    zone: str = "Asia/Kolkata"

    @classmethod
    @contextmanager
    def open(cls, folder: Path) -> Iterator[Self]:
        warehouse = Warehouse.open(folder / "bench.duckdb", threads=1)
        bench = cls(warehouse, folder)
        yield bench
        if "models" in vars(bench):
            bench.models.close()
        warehouse.close()

    @cached_property
    def models(self) -> Models:
        """The models as dbt runs them: loading it and parsing them takes seconds."""
        return Models(Target.duckdb(self.warehouse.path), self.folder / "dbt", timezone=self.zone)

    @classmethod
    @contextmanager
    def open_as_owner(cls, folder: Path, root: Path | None = None) -> Iterator[Self]:
        """As `open`, and what the models compile to is run as the owner runs it, without dbt.

        `root` is the folder of a lake with sealed files.
        """
        with cls.open(folder) as bench:
            yield replace(bench, owned=Cycle.of(bench.warehouse, program("duckdb", cls.zone, folder), root))

    def empty(self) -> None:
        """Drop everything but RAW's tables, and their rows; the owner's tables stay, without a row."""
        if self.owned is not None:
            for table in (
                "raw.binance_raw",
                "raw.loaded_objects",
                "raw.sealed_days",
                "raw.gold_in_mart",
                *(each.relation for each in self.owned.program.models),
            ):
                self.warehouse.connection.execute(f"delete from {table}")
            self.owned.heads.of.clear()
            self.owned.sealed.read()
            self.owned.gold.bounds.clear()
            return
        self.warehouse.connection.execute(
            "drop schema if exists silver cascade; drop schema if exists gold cascade;"
            "delete from raw.binance_raw; delete from raw.loaded_objects"
        )

    def cycle(self, objects: Sequence[LakeObject]) -> None:
        """Load some objects in one transaction and run the models."""
        self.load(objects)
        self.run()

    def load(self, objects: Sequence[LakeObject]) -> None:
        """Load some objects in one transaction."""
        load = self.owned.load if self.owned is not None else self.warehouse.load
        assert load(objects) == {}

    def run(self) -> None:
        """Run the models on what is loaded."""
        if self.owned is not None:
            self.owned.run()
        else:
            self.models.run()

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        return self.warehouse.connection.execute(statement).fetchall()
