"""Request weights by IP and minute (rest-api.md, "IP Limits"): 429, and a ban for who does not listen."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from .parameters import Refused

_IGNORED = 3
"""429s in one minute that nobody listened to before the ban."""
_FIRST_BAN = 120.0
_LONGEST_BAN = 3 * 86_400.0


class Limited(Refused):
    """A limit is reached: `wait` is the `Retry-After`, in seconds."""

    def __init__(self, status: int, message: str, wait: float):
        super().__init__(-1003, message, status)
        self.wait = int(wait) + 1


@dataclass
class _Account:
    minute: int = -1
    used: int = 0
    ignored: int = 0
    banned_until: float = 0.0
    bans: int = 0


@dataclass
class Meter:
    """What each IP has used; `seen` counts what a test wants to know of a client's manners."""

    limit: int = 6000
    seen: Counter[str] = field(default_factory=Counter)
    _accounts: dict[str, _Account] = field(default_factory=lambda: defaultdict(_Account))

    def spend(self, ip: str, weight: int, now: float) -> int:
        """Count `weight` for `ip` at `now` (s); the weight used in this minute. Raises Limited."""
        account = self._accounts[ip]
        if now < account.banned_until:
            self.seen["418"] += 1
            raise _banned(account, now)
        if account.minute != int(now // 60):
            account.minute, account.used, account.ignored = int(now // 60), 0, 0
        account.used += weight
        self.seen["highest weight"] = max(self.seen["highest weight"], account.used)
        if account.used <= self.limit:
            return account.used
        account.ignored += 1
        if account.ignored > _IGNORED:
            account.banned_until = now + min(_FIRST_BAN * 2**account.bans, _LONGEST_BAN)
            account.bans += 1
            self.seen["418"] += 1
            raise _banned(account, now)
        self.seen["429"] += 1
        text = f"Too much request weight used; current limit is {self.limit} request weight per 1 MINUTE."
        raise Limited(
            429, f"{text} Please use WebSocket Streams for live updates to avoid polling the API.", 60 - now % 60
        )

    def used(self, ip: str) -> int:
        return self._accounts[ip].used


def _banned(account: _Account, now: float) -> Limited:
    until = int(account.banned_until * 1000)
    text = f"Way too much request weight used; IP banned until {until}."
    return Limited(
        418, f"{text} Please use WebSocket Streams for live updates to avoid bans.", account.banned_until - now
    )
