"""Pure: the rows that Snowflake took and did not put into RAW, as heartbeats and `candlewick status` tell of them."""

from typing import Any

import msgspec


class Refused(msgspec.Struct, frozen=True):
    """How many rows were refused within a day, and the newest of them in a line each: which, and why.

    `problem` is one line with the next step where nobody can tell.
    """

    count: int = 0
    told: list[str] = []
    problem: str | None = None

    @classmethod
    def of_beat(cls, beat: dict[str, Any]) -> "Refused | None":
        """Read it from the warehouse's heartbeat; None where rows are not streamed."""
        told = beat.get("refused_rows")
        return None if told is None else msgspec.convert(told, cls)

    def text(self) -> str:
        """Tell it in one line."""
        return self.problem or f"{self.count:,} within a day"
