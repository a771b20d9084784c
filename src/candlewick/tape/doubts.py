"""Pure: which pages of ids did not come whole, when to ask for them again, and when to believe that ids do not exist.

Time comes in from outside, in seconds. A page is known by its first id.
"""

import random
from dataclasses import dataclass

from candlewick.process.backoff import doubled
from candlewick.spans import Range

FIRST_WAIT, LONGEST_WAIT = 0.5, 15.0
LONGEST_PAUSE = 30.0
"""Seconds at most between two questions to an exchange that does not answer."""
CONFIRM_AFTER = 10.0
"""Seconds over which the exchange must go on saying that ids do not exist."""

_REMEMBERED = 1_000


@dataclass(slots=True)
class _Doubt:
    ask_at: float = 0.0
    attempts: int = 0
    absent_last: int | None = None
    absent_since: float = 0.0


class Doubts:
    """The pages of one symbol that are to be asked for again, each after its own growing wait."""

    def __init__(
        self,
        confirm_after: float = CONFIRM_AFTER,
        *,
        first_wait: float | None = None,
        longest_wait: float | None = None,
    ) -> None:
        self._confirm_after = confirm_after
        self._first_wait = FIRST_WAIT if first_wait is None else first_wait
        self._longest_wait = LONGEST_WAIT if longest_wait is None else longest_wait
        self._doubts: dict[int, _Doubt] = {}

    def is_due(self, first: int, now: float) -> bool:
        """Whether a page may be asked for: never before, or its wait is over."""
        doubt = self._doubts.get(first)
        return doubt is None or doubt.ask_at <= now

    def is_claimed(self, first: int, last: int) -> bool:
        """Whether an answer about earlier ids has already said that these do not exist: then nobody need ask."""
        claims = ((start, doubt.absent_last) for start, doubt in self._doubts.items() if doubt.absent_last is not None)
        return any(start < first and last <= absent for start, absent in claims)

    def clear(self, first: int) -> None:
        """The page came."""
        self._doubts.pop(first, None)

    def not_yet(self, first: int, now: float) -> None:
        """The page was empty: it is not there yet."""
        doubt = self._again(first, now)
        doubt.absent_last = None

    def absent(self, first: int, last: int, now: float) -> Range | None:
        """The exchange's answer began after `last`, so it says that `first..last` do not exist.

        Return the ids of which it has said so for long enough, from `first` on; None where it has not.
        """
        doubt = self._again(first, now)
        if doubt.absent_last is None or last < doubt.absent_last:  # some of them do exist: do the others, too?
            doubt.absent_last, doubt.absent_since = last, now
            return None
        if now - doubt.absent_since < self._confirm_after:
            return None
        self.clear(first)
        return first, doubt.absent_last

    def _again(self, first: int, now: float) -> _Doubt:
        if len(self._doubts) >= _REMEMBERED:
            del self._doubts[next(iter(self._doubts))]
        doubt = self._doubts.setdefault(first, _Doubt())
        doubt.ask_at = now + doubled(self._first_wait, doubt.attempts, self._longest_wait)
        doubt.attempts += 1
        return doubt


class Backoff:
    """How long to wait for an exchange that does not answer: `min(LONGEST_PAUSE, 2**n)` s, less up to half."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._failures = 0

    def next(self) -> float:
        """Count a failure, and return the seconds to wait."""
        wait = doubled(1.0, self._failures, LONGEST_PAUSE) * self._rng.uniform(0.5, 1.0)
        self._failures += 1
        return wait

    def reset(self) -> None:
        """The exchange has answered."""
        self._failures = 0
