"""Pure: where dbt looks for the models' tables: an output of its profile."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from candlewick.warehouse.compiled import DATABASE

Kind = Literal["duckdb", "snowflake"]


@dataclass(frozen=True)
class Target:
    """One output of the profile."""

    name: str
    output: Mapping[str, Any]

    @classmethod
    def duckdb(cls, database: Path) -> Self:
        """The embedded warehouse's file."""
        return cls("duckdb", {"type": "duckdb", "path": str(database.absolute()), "schema": "main", "threads": 1})

    @classmethod
    def nowhere(cls, kind: Kind, folder: Path) -> Self:
        """A warehouse that nobody asks: what the models compile to needs its kind, and no table."""
        if kind == "duckdb":
            return cls.duckdb(folder / "none.duckdb")
        login = {"account": "none", "user": "none", "password": "none"}
        return cls(kind, {"type": kind, **login, "database": DATABASE, "schema": "SILVER", "threads": 1})

    @property
    def profile(self) -> dict[str, Any]:
        """The profile that has this one output."""
        return {"candlewick": {"target": self.name, "outputs": {self.name: dict(self.output)}}}
