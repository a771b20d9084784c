"""Where faults come in. An exchange asks this policy at every connection, frame and REST answer; this one has none."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """A REST answer to give instead of the true one."""

    status: int
    body: str
    headers: tuple[tuple[str, str], ...] = ()


class Faults:
    """No faults. A policy overrides what it wants to disturb; connections are numbered from 1."""

    def refuses(self, connection: int) -> int | None:
        """Return the HTTP status to refuse a WebSocket connection with, or None to accept it."""
        return None

    def frames(self, connection: int, frame: str) -> Iterable[str]:
        """Return what is sent where `frame` should be: itself, nothing, or other frames."""
        return (frame,)

    def answers(self, path: str, query: str) -> Answer | None:
        """Return what a REST request gets instead of its answer, or None for its answer."""
        return None
