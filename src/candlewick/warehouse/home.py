"""Which of the two homes a warehouse has: one DuckDB file with a mart, or Snowflake. Asked here, and nowhere else."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol, Self

from candlewick.config import Settings
from candlewick.process.sparing import allow_pandas
from candlewick.warehouse.arrival import Arrival
from candlewick.warehouse.contract import Engine, Reader, Viewed

Agree = Callable[[str], bool]
"""Is shown what there is to do, and says whether to do it."""
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


@dataclass(frozen=True)
class OpenDay:
    """A day (UTC, `2026-11-26`) that is over and not sealed, and what keeps it from that."""

    symbol: str
    day: str
    state: str
    why: str


@dataclass(frozen=True)
class Days:
    """The days of all tapes that are over: how many in each state, and the newest of those that are not sealed."""

    counts: Mapping[str, int] = field(default_factory=dict)
    open: tuple[OpenDay, ...] = ()

    @classmethod
    def asked(cls, rows: Callable[[str], list[tuple[Any, ...]]]) -> Self:
        """Ask a warehouse, whose `rows` of a statement are given."""
        return cls(dict(rows(_COUNTED_DAYS)), tuple(OpenDay(*row) for row in rows(_OPEN_DAYS)))

    @classmethod
    def of_beat(cls, beat: Mapping[str, Any]) -> Self:
        """Take them from the warehouse's heartbeat; none where it tells none."""
        told = beat.get("days") or {"counts": {}, "open": []}
        return cls(told["counts"], tuple(OpenDay(**each) for each in told["open"]))

    def for_beat(self) -> dict[str, Any]:
        """Return what `of_beat` reads."""
        return asdict(self)


_COUNTED_DAYS = "select state, count(*) from gold.tape_days group by 1 order by 1"
_OPEN_DAYS = """
select symbol, cast(day as varchar), state, why
from gold.tape_days
where state <> 'sealed'
order by day desc, symbol
limit 20
"""


class Home(Protocol):
    """What the rest of Candlewick asks of a warehouse. Nothing is opened before it is asked for."""

    def own(self, *, once: bool) -> None:
        """Own the warehouse until SIGINT or SIGTERM; with `once`, until all that is there is published.

        Raises `LakeError` and `WarehouseError` where it cannot start.
        """

    def rebuild(self, progress: Progress) -> str:
        """Make the tables anew, and return what was made from what. Raises as `own`."""

    def load(self, since: date | None, agree: Agree, progress: Progress) -> str | None:
        """Load the lake's history into a warehouse elsewhere, once `agree` has seen the plan; what was loaded.

        Raises `ConfigError` where there is none elsewhere, and as `own`.
        """

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

    def days(self, beat: Mapping[str, Any]) -> Days:
        """Return what is known of whole days; empty where that would wake a warehouse and `beat` does not tell."""

    def arrival(self, beat: Mapping[str, Any], *, asks: bool) -> Arrival | None:
        """Return how objects arrive, from its process's heartbeat; None where nobody but that process loads them.

        With `asks`, whoever loads them is asked where the heartbeat does not tell.
        """


def home_of(settings: Settings) -> Home:
    """Return the home that the settings name."""
    if "snowflake" in (settings.warehouse, settings.publish):
        allow_pandas()  # its connector makes Arrow's types only where there is pandas
    if settings.warehouse == "snowflake":
        from candlewick.warehouse.snowflake.home import SnowflakeHome  # noqa: PLC0415 - comes with an extra

        return SnowflakeHome(settings)
    from candlewick.warehouse.duckdb.home import EmbeddedHome  # noqa: PLC0415

    if settings.publish == "snowflake":
        from candlewick.warehouse.snowflake.sending import Sender  # noqa: PLC0415 - comes with an extra

        return EmbeddedHome(settings, Sender(settings).running)
    return EmbeddedHome(settings)
