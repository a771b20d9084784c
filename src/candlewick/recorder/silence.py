"""Pure: connected proves nothing. When to ask REST about a symbol that is silent, and which leg is deaf.

Time comes in from outside, in seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

NEVER_HEARD, SILENT = 3.0, 15.0
LONGEST = 120.0
DEAF_CHECKS = 3
PARTNER_FRAMES = 20


@dataclass(slots=True)
class Silence:
    """One symbol: asked about after a while of silence, then less and less often, until it is heard again."""

    since: float
    was_heard: bool = False
    wait: float = field(default_factory=lambda: NEVER_HEARD)
    longest: float = LONGEST
    asked_head: int | None = None

    def heard(self, at: float) -> None:
        """Take when the symbol's last trade came."""
        if at > self.since or not self.was_heard:
            self.since, self.was_heard, self.wait, self.asked_head = at, True, SILENT, None

    def is_due(self, now: float) -> bool:
        """Whether it has been silent for long enough to ask."""
        return now - self.since >= self.wait

    def answered(self, head: int, emitted: int | None, now: float) -> bool:
        """Take REST's head; return whether trades go by unheard: it moved while no leg delivered."""
        known = emitted if emitted is not None else self.asked_head
        self.wait = now - self.since + min(self.longest, max(SILENT, now - self.since))
        self.asked_head = head
        return known is not None and head > known


class Deafness:
    """The legs that carry the same symbols: one is deaf when it delivers nothing while another one does."""

    def __init__(self, legs: int) -> None:
        self._frames = [0] * legs
        self._silent_checks = [0] * legs

    def check(self, frames: Sequence[int]) -> list[int]:
        """Take the legs' frame counts, at regular intervals; return which legs to replace."""
        delivered = [now - before for now, before in zip(frames, self._frames, strict=True)]
        self._frames = list(frames)
        is_busy = max(delivered) >= PARTNER_FRAMES
        deaf = []
        for leg, count in enumerate(delivered):
            self._silent_checks[leg] = self._silent_checks[leg] + 1 if is_busy and count == 0 else 0
            if self._silent_checks[leg] >= DEAF_CHECKS:
                self._silent_checks[leg] = 0
                deaf.append(leg)
        return deaf
