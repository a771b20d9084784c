"""A real warehouse for tests of the models: objects in, tables out, emptied in between."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from candlewick.lake.objects import LakeObject
from candlewick.warehouse.duckdb.file import Warehouse
from candlewick.warehouse.targets import Target
from candlewick.warehouse.transform import Models


@dataclass
class Bench:
    """The DuckDB file and the models on it, days in Indian time."""

    warehouse: Warehouse
    models: Models
    zone: str = "Asia/Kolkata"

    @classmethod
    @contextmanager
    def open(cls, folder: Path) -> Iterator[Self]:
        warehouse = Warehouse.open(folder / "bench.duckdb")
        models = Models(Target.duckdb(warehouse.path), folder / "dbt", timezone=cls.zone)
        yield cls(warehouse, models)
        models.close()
        warehouse.close()

    def empty(self) -> None:
        """Drop everything but RAW's tables, and their rows."""
        self.warehouse.connection.execute(
            "drop schema if exists silver cascade; drop schema if exists gold cascade;"
            "delete from raw.binance_raw; delete from raw.loaded_objects"
        )

    def cycle(self, objects: Sequence[LakeObject]) -> None:
        """Load some objects in one transaction and run the models."""
        assert self.warehouse.load(objects) == {}
        self.models.run()

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        return self.warehouse.connection.execute(statement).fetchall()
