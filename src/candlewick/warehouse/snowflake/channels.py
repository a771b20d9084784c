"""Pure: what is needed of Snowpipe Streaming, narrow enough that a stand-in can be held to the same contract.

A channel takes rows in order. Rows become durable later, in order, and with them the offset token they were appended
with: that of the last row that is in the table. A channel that is opened again tells that token, and what was appended
behind it is gone: the one before is fenced off. Source: Snowflake, "Channels and exactly-once delivery".
"""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from candlewick.errors import WarehouseError
from candlewick.moments import DAY

Row = dict[str, Any]
_TOKEN = re.compile(r"(?P<name>.+)#(?P<row>\d+)/(?P<rows>\d+)")


class Token(NamedTuple):
    """An offset token: a row of an object, by the object's name in the lake; `rows` is how many the object has."""

    name: str
    row: int
    rows: int

    def __str__(self) -> str:
        return f"{self.name}#{self.row}/{self.rows}"

    @property
    def is_whole(self) -> bool:
        """Whether the object is in the table to its end."""
        return self.row == self.rows

    @classmethod
    def parse(cls, text: str) -> "Token":
        """Read a token. Raises `WarehouseError` for another's."""
        match = _TOKEN.fullmatch(text)
        if match is None:
            raise WarehouseError(
                f"expected a channel of Candlewick's own, got one with the offset token {text[:120]!r}; "
                "choose another name as `recorder`, or drop the channel in Snowflake"
            )
        return cls(match["name"], int(match["row"]), int(match["rows"]))


class State(NamedTuple):
    """How far a channel is: what is committed, and how many rows Snowflake ever refused in it, with its last reason."""

    committed: str | None
    refused: int = 0
    reason: str | None = None


@dataclass
class Refusals:
    """Rows that a channel refused within a day, while it was looked at. Its own count `so_far` never falls."""

    so_far: int
    _rises: deque[tuple[int, int]] = field(default_factory=deque)

    def note(self, so_far: int, now: int) -> None:
        """Take in what the channel counts at a moment (µs)."""
        if so_far > self.so_far:
            self._rises.append((now, so_far - self.so_far))
        self.so_far = so_far
        while self._rises and self._rises[0][0] <= now - DAY:
            self._rises.popleft()

    @property
    def count(self) -> int:
        """How many they are."""
        return sum(rows for _, rows in self._rises)


class SaturatedError(Exception):
    """The channel holds as much as it may: append the same rows again a little later."""


class ChannelLostError(WarehouseError):
    """The channel takes no more rows: open it again, and go on behind what is committed."""


class Channel(Protocol):
    """An open channel."""

    def append(self, rows: Sequence[Row], first: str, last: str) -> None:
        """Append rows with the tokens of the first and the last of them.

        Raises `SaturatedError`, `ChannelLostError`, and `WarehouseError` for what opening it again does not mend.
        """

    def state(self) -> State:
        """Ask how far the channel is. Raises `ChannelLostError` and `WarehouseError`."""


class Channels(Protocol):
    """A client: channels into one table."""

    def open(self, name: str) -> tuple[Channel, State]:
        """Open a channel, and tell how far it is. Raises `WarehouseError`."""

    def close(self) -> None:
        """Let go of all channels; what was appended and is not committed is appended again by the next."""
