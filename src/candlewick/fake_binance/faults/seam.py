"""The seam: what an exchange asks a policy at every connection, frame, answer and file; this one has no faults."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from msgspec import Raw

from candlewick.fake_binance.faults.line import Line
from candlewick.fake_binance.market.market import Market


@dataclass(frozen=True, slots=True)
class Answer:
    """A REST answer to give instead of the true one."""

    status: int
    body: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a WebSocket connection is refused: by an HTTP answer, a TCP reset, half an answer, or none for `seconds`."""

    how: Literal["answer", "reset", "half", "hang"] = "answer"
    status: int = 503
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What happens to one REST request; the default is nothing.

    `answer` is given instead of the true one, which is made all the same where it `does_work`; the request's weight
    may not be counted. `hang_seconds` pass before anything is sent; then the answer comes whole, or is a TCP reset,
    or breaks off in the middle. The database is `behind_us` behind the streams; a page starts `late_by` ids later
    than it was asked for, and `edit` changes its rows.
    """

    answer: Answer | None = None
    is_counted: bool = True
    does_work: bool = False
    hang_seconds: float = 0.0
    ending: Literal["whole", "reset", "truncated"] = "whole"
    behind_us: int = 0
    late_by: int = 0
    edit: Callable[[list[Raw]], list[Raw]] | None = None
    content_type: str = "application/json"
    hides_weight: bool = False

    @property
    def is_idle(self) -> bool:
        """Whether the exchange never gets to work on the request."""
        return not self.does_work and (self.answer is not None or self.ending == "reset")


UNDISTURBED = Disturbance()

FileFault = Literal["missing_day", "wrong_checksum", "replaced_file", "truncated_zip", "incomplete_day"]


class Faults:
    """No faults. A policy overrides what it wants to disturb; connections are numbered from 1.

    `refuses`, `frames` and `answers` are enough for a simple policy; the others are what `Script` needs.
    """

    def refuses(self, connection: int) -> int | None:
        """Return the HTTP status to refuse a WebSocket connection with, or None to accept it."""
        return None

    def frames(self, connection: int, frame: str) -> Iterable[str]:
        """Return what is sent where `frame` should be: itself, nothing, or other frames."""
        return (frame,)

    def answers(self, path: str, query: str) -> Answer | None:
        """Return what a REST request gets instead of its answer, or None for its answer."""
        return None

    def handshake(self, connection: int) -> Refusal | None:
        """Return how a WebSocket connection is refused, or None to accept it."""
        status = self.refuses(connection)
        return None if status is None else Refusal(status=status)

    def opened(self, connection: int) -> Line | None:
        """Return the line that carries a connection's frames; None where they go straight through `frames`."""
        return None

    def closed(self, connection: int) -> None:
        """Take note that a connection is over."""

    def request(self, path: str, query: str) -> Disturbance:
        """Return what happens to a REST request."""
        answer = self.answers(path, query)
        return UNDISTURBED if answer is None else Disturbance(answer=answer)

    def file(self, name: str) -> FileFault | None:
        """Return what is wrong with an archive file, asked for by the name of its zip; None where nothing is."""
        return None

    def weight_limit(self, limit: int) -> int:
        """Return the request weight that a minute allows now, where the exchange was set up with `limit`."""
        return limit

    def skew_us(self) -> int:
        """Return how far the exchange's clock is ahead of this machine's (µs)."""
        return 0

    def meet(self, next_ids: Callable[[], Mapping[str, int]]) -> None:
        """Take how to ask for the first id of each symbol that is not yet public."""

    def market(self, market: Market) -> Market:
        """Return the market that the exchange is to have, where it was set up with `market`."""
        return market
