"""Pure: how often we may open a connection, on a clock that comes in from outside (seconds).

Binance allows 300 attempts in 5 minutes from one address and may ban who goes on beyond. All legs of a recorder draw
from one allowance of half of that. Source: Binance web-socket-streams, 'General WSS information'.
"""

from collections import deque

LIMIT = 150
WINDOW = 300.0


class Attempts:
    """At most `limit` attempts in any `window` seconds."""

    def __init__(self, limit: int = LIMIT, window: float = WINDOW) -> None:
        self._window = window
        self._made: deque[float] = deque(maxlen=limit)

    def wait(self, now: float) -> float:
        """Return the seconds until the next attempt may be made, 0 for at once."""
        if len(self._made) < (self._made.maxlen or 0):
            return 0.0
        return max(0.0, self._made[0] + self._window - now)

    def note(self, now: float) -> None:
        """Count an attempt that is being made."""
        self._made.append(now)
