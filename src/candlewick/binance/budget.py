"""Pure: the request weight that we allow ourselves, on a clock that comes in from outside (seconds).

Binance counts the weight of everything that one address sends in a minute and bans who goes on beyond the limit. All
of our requests draw from one budget: at most `share` of the limit in any 60 seconds. The exchange tells in every
answer what the whole address has used; where others leave little, we wait until their minute is over.
Source: Binance rest-api, 'Limits'.
"""

from collections import deque

WINDOW = 60.0
SHARE = 0.5
RESERVE = 0.2
"""The part of our budget that requests which can wait leave to those that cannot."""
CROWDED = 0.8
"""The part of the limit beyond which, as used by everyone on this address, we stop asking."""
GIVING_WAY = 0.5
"""The same for what runs beside a recorder: both together then spend no more than one would."""


class WeightBudget:
    """How long to wait before a request of some weight may be sent."""

    def __init__(self, limit: int = 1_200, *, share: float = SHARE, crowded: float = CROWDED) -> None:
        self.limit = limit
        self.used_by_all = 0
        self._share = share
        self._crowded = crowded
        self._observed_at = -WINDOW
        self._spent: deque[tuple[float, int]] = deque()
        self._sum = 0
        self._paused_until = 0.0

    @property
    def budget(self) -> int:
        """The weight that is ours in any 60 seconds."""
        return int(self.limit * self._share)

    def used(self, now: float) -> int:
        """Return what we have spent in the last 60 seconds."""
        self._forget(now)
        return self._sum

    def wait(self, weight: int, now: float, *, can_wait: bool = False) -> float:
        """Return the seconds until `weight` may be spent, 0 for at once. A wait may have to be asked for again."""
        own = weight + int(self.budget * RESERVE) if can_wait else weight
        return max(self._paused_until - now, self._wait_for_others(weight, now), self._wait_for_own(own, now), 0.0)

    def spend(self, weight: int, now: float) -> None:
        """Count a request that is being sent."""
        self._spent.append((now, weight))
        self._sum += weight

    def observe(self, used: int, now: float) -> None:
        """Take what the exchange says that this address has used in its running minute."""
        self.used_by_all = used
        self._observed_at = now

    def paused_for(self, now: float) -> float:
        """Return the seconds for which nothing may be asked, 0 where there is no pause."""
        return max(0.0, self._paused_until - now)

    def pause(self, seconds: float, now: float) -> None:
        """Ask for nothing for a while: the exchange wants it so (429, 418)."""
        self._paused_until = max(self._paused_until, now + seconds)

    def _wait_for_own(self, weight: int, now: float) -> float:
        excess = self.used(now) + weight - self.budget
        wait = 0.0
        for at, spent in self._spent:
            if excess <= 0:
                break
            excess -= spent
            wait = at + WINDOW - now
        return wait

    def _wait_for_others(self, weight: int, now: float) -> float:
        if self.used_by_all + weight <= self.limit * self._crowded:
            return 0.0
        return self._observed_at + WINDOW - now

    def _forget(self, now: float) -> None:
        while self._spent and self._spent[0][0] <= now - WINDOW:
            self._sum -= self._spent.popleft()[1]
