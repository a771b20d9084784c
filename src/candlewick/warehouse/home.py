"""Which of the two homes a warehouse has: one DuckDB file with a mart, or Snowflake. Asked here, and nowhere else."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from candlewick.config import Settings
from candlewick.warehouse.arrival import Arrival
from candlewick.warehouse.contract import Engine, Reader, Viewed

Progress = Callable[[int, int], None]
"""Is told how many objects are done, and how many there are."""


class Newest(NamedTuple):
    """The newest published state, and when its newest trade was traded (UTC, with a zone); None where none is known."""

    version: int | None
    traded_at: datetime | None


class Tallies(NamedTuple):
    """What was counted at the end of the last cycle: verdicts of the audit, open gaps, newest trade id by symbol."""

    audit: Mapping[str, int] = {}
    gaps: int = 0
    watermark: Mapping[str, int] = {}

    @classmethod
    def of_beat(cls, beat: Mapping[str, Any]) -> "Tallies | None":
        """Take them from the warehouse's heartbeat; None where it tells none."""
        return cls(beat["audit"], int(beat["gaps"]), beat["watermark"]) if "audit" in beat else None


class Home(Protocol):
    """What the rest of Candlewick asks of a warehouse. Nothing is opened before it is asked for."""

    def own(self, *, once: bool) -> None:
        """Own the warehouse until SIGINT or SIGTERM; with `once`, until all that is there is published.

        Raises `LakeError` and `WarehouseError` where it cannot start.
        """

    def rebuild(self, progress: Progress) -> str:
        """Make the tables anew, and return what was made from what. Raises as `own`."""

    def reader(self) -> Reader:
        """Return what programs read by; it connects when it is first asked."""

    def viewer(self) -> AbstractContextManager[Viewed]:
        """Open what all viewers of a dashboard read by. Raises `WarehouseError`."""

    def engine(self) -> Engine:
        """Return what runs visitors' SQL; it connects when it is first asked."""

    def newest(self, beat: Mapping[str, Any]) -> Newest:
        """Return how far it is, given its process's heartbeat; no warehouse is opened for it."""

    def tallies(self) -> Tallies:
        """Return what was counted, where its process does not run; empty where that would wake a warehouse."""

    def arrival(self, beat: Mapping[str, Any], *, asks: bool) -> Arrival | None:
        """Return how objects arrive, from its process's heartbeat; None where nobody but that process loads them.

        With `asks`, whoever loads them is asked where the heartbeat does not tell.
        """


def home_of(settings: Settings) -> Home:
    """Return the home that the settings name."""
    if settings.warehouse == "snowflake":
        from candlewick.warehouse.snowflake.home import SnowflakeHome  # noqa: PLC0415 - comes with an extra

        return SnowflakeHome(settings)
    from candlewick.warehouse.duckdb.home import EmbeddedHome  # noqa: PLC0415

    return EmbeddedHome(settings)
