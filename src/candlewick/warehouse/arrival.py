"""Pure: how objects of the lake arrive in RAW where others load them, as heartbeats and `candlewick status` tell it."""

from typing import Any

import msgspec


class Arrival(msgspec.Struct, frozen=True):
    """The way in and its state, how many objects wait, and since when. Times are µs since the epoch.

    `problem` is one line with the next step where nothing arrives.
    """

    way: str
    state: str
    waiting: int = 0
    oldest_at: int | None = None
    loaded_at: int | None = None
    problem: str | None = None

    @classmethod
    def of_beat(cls, beat: dict[str, Any]) -> "Arrival | None":
        """Read it from the warehouse's heartbeat; None where that has none."""
        told = beat.get("arrival")
        return None if told is None else msgspec.convert(told, cls)

    def text(self, now_us: int) -> str:
        """Tell it in one line."""
        waiting = f"{self.waiting} object{'' if self.waiting == 1 else 's'} waiting"
        oldest = f" (the oldest for {age(now_us - self.oldest_at)})" if self.oldest_at is not None else ""
        loaded = (
            f"last loaded {age(now_us - self.loaded_at)} ago" if self.loaded_at is not None else "nothing loaded yet"
        )
        return f"{self.way} {self.state}, {waiting}{oldest}, {loaded}"


def age(micros: int) -> str:
    """Tell how long something is ago, in the unit that fits."""
    seconds = max(0, micros) / 1e6
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
