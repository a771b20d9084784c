"""Pure: which of an exchange's hosts to ask next, and how long to leave it alone when none of them answers.

After a fault the next host is asked; one that failed becomes the last choice. Where as many faults came in a row as
there are hosts, everyone who asks waits, twice as long after each: `min(10, 0.1 * 2**n)` seconds. So an exchange that
is down sees a few requests a minute, however many symbols there are.
"""

from collections.abc import Sequence

from candlewick.process.backoff import doubled

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0


class Hosts:
    """The hosts in the order of choice."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self.failures = 0
        self._hosts = list(hosts)
        self._in_a_row = 0
        self._blocked: set[str] = set()

    def __len__(self) -> int:
        return len(self._hosts)

    @property
    def first(self) -> str:
        """The one to ask."""
        return self._hosts[0]

    @property
    def are_all_blocked(self) -> bool:
        """Whether every one of them says that it does not serve this place."""
        return len(self._blocked) == len(self._hosts)

    def answered(self, host: str) -> None:
        """Take note of an answer."""
        self._in_a_row = 0
        self._blocked.discard(host)

    def failed(self, host: str) -> float:
        """Pass over a host that failed; return the seconds for which to ask none of them."""
        self.failures += 1
        self._in_a_row += 1
        if self._hosts[0] == host:
            self._hosts = [*self._hosts[1:], host]
        beyond = self._in_a_row - len(self._hosts)
        return 0.0 if beyond < 0 else doubled(FIRST_PAUSE, beyond, LONGEST_PAUSE)

    def blocked(self, host: str) -> None:
        """Take note that a host does not serve this place."""
        self._blocked.add(host)
