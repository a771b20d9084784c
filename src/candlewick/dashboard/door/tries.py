"""Pure: how often an address may be wrong about a password or a token before it must wait."""

from collections import OrderedDict

TRIES = 10
SECONDS = 900.0
ADDRESSES = 10_000
"""Of so many addresses the failures are remembered; the oldest is forgotten first."""


class Tries:
    """Counts failures by address: after `TRIES` of them, the address waits until `SECONDS` after the first."""

    def __init__(self, tries: int = TRIES, seconds: float = SECONDS, addresses: int = ADDRESSES) -> None:
        self._tries, self._seconds, self._addresses = tries, seconds, addresses
        self._failed: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def wait(self, address: str, now: float) -> float:
        """Return for how many seconds an address must wait; 0 where it may try."""
        since, count = self._failed.get(address, (now, 0))
        left = since + self._seconds - now
        return max(0.0, left) if count >= self._tries else 0.0

    def fail(self, address: str, now: float) -> None:
        """Count a failure."""
        since, count = self._failed.get(address, (now, 0))
        if now - since >= self._seconds:
            since, count = now, 0
        self._failed[address] = since, count + 1
        while len(self._failed) > self._addresses:
            self._failed.popitem(last=False)

    def succeed(self, address: str) -> None:
        """Take back the newest failure of an address; the others stay, or a user could guess at others' passwords."""
        since, count = self._failed.get(address, (0.0, 0))
        if count > 1:
            self._failed[address] = since, count - 1
        else:
            self._failed.pop(address, None)
