"""The home on Snowflake: others load RAW, the owner runs the models, and everybody logs in to read."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from candlewick.config import Settings
from candlewick.moments import at
from candlewick.process import heartbeat
from candlewick.warehouse.arrival import Arrival
from candlewick.warehouse.contract import Engine, Reader, Viewed
from candlewick.warehouse.home import Agree, Days, Newest, Tallies


@dataclass(frozen=True)
class SnowflakeHome:
    """The warehouse of an account. Satisfies `home.Home`; the connector is loaded when something is asked of it."""

    settings: Settings

    def own(self, *, once: bool) -> None:
        """Run the models where RAW has something new."""
        from candlewick.warehouse.snowflake import owner  # noqa: PLC0415

        owner.run(self.settings, once=once)

    def rebuild(self, progress: Callable[[int, int], None]) -> str:
        """Make GOLD anew from SILVER; Snowflake does it in one go, so there is no progress to tell."""
        from candlewick.warehouse.snowflake import owner  # noqa: PLC0415

        del progress
        owner.rebuild(self.settings)
        return f"Made [bold]{self.settings.snowflake.database}.GOLD[/] anew."

    def load(self, since: date | None, agree: Agree, progress: Callable[[int, int], None]) -> str | None:
        """Load what the lake has and Snowflake has not."""
        from candlewick.warehouse.snowflake import history  # noqa: PLC0415

        return history.run(self.settings, since, agree, progress)

    def reader(self) -> Reader:
        """Return GOLD and SILVER by SQL."""
        from candlewick.warehouse.snowflake.gold import Gold  # noqa: PLC0415

        return Gold(self.settings)

    @contextmanager
    def viewer(self) -> Iterator[Viewed]:
        """Follow GOLD for all viewers."""
        from candlewick.warehouse.snowflake.follower import Follower  # noqa: PLC0415

        with closing(Follower(self.settings)) as follower:
            yield follower

    def engine(self) -> Engine:
        """Return a session of the reader's role."""
        from candlewick.warehouse.snowflake.visitor import Visitor  # noqa: PLC0415

        return Visitor(self.settings)

    def newest(self, beat: Mapping[str, Any]) -> Newest:
        """Take it from the heartbeat: asking would wake the warehouse."""
        traded_at = beat.get("traded_at")
        return Newest(beat.get("version"), None if traded_at is None else at(traded_at))

    def tallies(self) -> Tallies:
        """Nothing: asking would wake the warehouse."""
        return Tallies()

    def days(self, beat: Mapping[str, Any]) -> Days:
        """Take them from the heartbeat."""
        return Days.of_beat(beat)

    def arrival(self, beat: Mapping[str, Any], *, asks: bool) -> Arrival | None:
        """Take it from the heartbeat, or ask the pipe."""
        if (beat and heartbeat.is_alive(dict(beat))) or not asks:
            return Arrival.of_beat(dict(beat))
        from candlewick.warehouse.snowflake.news import ask_for_arrival  # noqa: PLC0415

        return ask_for_arrival(self.settings)
