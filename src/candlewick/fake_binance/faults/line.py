"""Pure: the way of one connection's frames to its client, on which faults are at work.

Frames go in when an exchange would send them, and acts come out when they are to be done. In between, effects drop
them, change them, hold them back or let them overtake each other. A line without effects holds nothing back.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple, Protocol


class Send(NamedTuple):
    """Send a text frame."""

    text: str


class Half(NamedTuple):
    """Send the first half of a text frame, then end the connection without a close frame."""

    text: str


class Announce(NamedTuple):
    """Send the event `serverShutdown`."""


class Close(NamedTuple):
    """End the connection with a close frame."""

    code: int
    reason: str


class Reset(NamedTuple):
    """End the connection with a TCP reset."""


Act = Send | Half | Announce | Close | Reset


@dataclass(frozen=True, slots=True)
class Parcel:
    """A frame on its way, `due` at a time in seconds; a `loose` one may overtake others. `half` of it may be sent."""

    text: str
    due: float
    is_loose: bool = False
    is_half: bool = False

    def later(self, seconds: float, *, is_loose: bool = False) -> "Parcel":
        """Return it as due later."""
        return replace(self, due=self.due + seconds, is_loose=self.is_loose or is_loose)


class Effect(Protocol):
    """What a fault does to the frames of a line."""

    def is_over(self, now: float) -> bool:
        """Whether it does nothing any more."""

    def carry(self, parcel: Parcel, line: "Line") -> Iterable[Parcel]:
        """Return what becomes of a frame."""

    def allows_pings(self) -> bool:
        """Whether the server still pings."""


class Line:
    """One connection's line. `leg` is its place among those that are open; `clock` says the time in seconds."""

    def __init__(self, connection: int, leg: int, clock: Callable[[], float]) -> None:
        self.connection = connection
        self.leg = leg
        self.opened_at = clock()
        self.last_due = 0.0
        self._clock = clock
        self._effects: list[Effect] = []
        self._acts: list[tuple[float, int, Act]] = []
        self._serials = count()

    def __len__(self) -> int:
        """Return how much is on its way."""
        return len(self._acts)

    def add(self, effect: Effect) -> None:
        """Let a fault work on the frames from now on."""
        self._effects.append(effect)

    def offer(self, text: str) -> None:
        """Take a frame that an exchange sends now."""
        now = self._clock()
        parcels = [Parcel(text, now)]
        for effect in self._working(now):
            parcels = [changed for parcel in parcels for changed in effect.carry(parcel, self)]
        for parcel in parcels:
            self._send(parcel)

    def do(self, act: Act, after: float = 0.0) -> None:
        """Take an act that is to be done `after` so many seconds."""
        self._push(self._clock() + after, act)

    def take(self) -> list[Act]:
        """Return the acts that are due, in order, each once."""
        now, due = self._clock(), []
        while self._acts and self._acts[0][0] <= now:
            due.append(heappop(self._acts)[2])
        return due

    def next_at(self) -> float | None:
        """Return when the next act is due; None while there is none."""
        return self._acts[0][0] if self._acts else None

    def allows_pings(self) -> bool:
        """Whether the server pings this client now."""
        return all(effect.allows_pings() for effect in self._working(self._clock()))

    def _working(self, now: float) -> list[Effect]:
        self._effects = [effect for effect in self._effects if not effect.is_over(now)]
        return self._effects

    def _send(self, parcel: Parcel) -> None:
        """Put a frame behind those before it, as TCP does, unless it is loose."""
        due = parcel.due
        if not parcel.is_loose:
            due = self.last_due = max(due, self.last_due)
        self._push(due, Half(parcel.text) if parcel.is_half else Send(parcel.text))

    def _push(self, due: float, act: Act) -> None:
        heappush(self._acts, (due, next(self._serials), act))
