"""How much of the request weight of the running minute each address has used."""

from collections import defaultdict

_MINUTE_US = 60_000_000


class Weights:
    """Counts weights per address in windows of one clock minute; `limit` is what a minute allows."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._minute = -1
        self._used: defaultdict[str, int] = defaultdict(int)

    def spend(self, address: str, weight: int, now_us: int) -> int:
        """Count a request and return what the address has used in this minute."""
        if now_us // _MINUTE_US != self._minute:
            self._minute = now_us // _MINUTE_US
            self._used.clear()
        self._used[address] += weight
        return self._used[address]


def retry_after(now_us: int) -> int:
    """Return the seconds until the next minute begins, at least 1."""
    return max(1, -(-(_MINUTE_US - now_us % _MINUTE_US) // 1_000_000))
