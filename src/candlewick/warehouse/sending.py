"""Pure: how what the embedded warehouse computes goes to Snowflake, as heartbeats and `candlewick status` tell it."""

from typing import Any

import msgspec

from candlewick.warehouse.arrival import age


class Sending(msgspec.Struct, frozen=True):
    """How many rows this process has sent, when all that was new had been sent last (µs since the epoch), and why not.

    `problem` is one line with the next step where the last attempt failed; it is tried again.
    """

    rows: int = 0
    sent_at: int | None = None
    problem: str | None = None

    @classmethod
    def of_beat(cls, beat: dict[str, Any]) -> "Sending | None":
        """Read it from the warehouse's heartbeat; None where nothing is sent."""
        told = beat.get("sending")
        return None if told is None else msgspec.convert(told, cls)

    def text(self, now_us: int) -> str:
        """Tell it in one line."""
        sent = "nothing sent yet" if self.sent_at is None else f"all sent {age(now_us - self.sent_at)} ago"
        return f"to Snowflake, {sent}, {self.rows:,} row{'' if self.rows == 1 else 's'} by this process"
