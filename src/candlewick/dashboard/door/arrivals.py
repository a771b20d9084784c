"""Pure: who was noted in the audit log, of those who show anew with each request who they are: a proxy's, programs."""

from collections import OrderedDict

AT_ONCE = 10_000
"""So many are remembered; the one that was noted longest ago is forgotten first."""


class Arrivals:
    """Tells somebody's first request from the others: they are noted once in so many seconds."""

    def __init__(self, seconds: float, most: int = AT_ONCE) -> None:
        self._seconds, self._most = seconds, most
        self._noted: OrderedDict[tuple[str, str], float] = OrderedDict()

    def is_new(self, name: str, address: str, now: float) -> bool:
        """Whether somebody was not noted from this address within the time; they are from now on."""
        who = name, address
        noted = self._noted.get(who)
        if noted is not None and now - noted < self._seconds:
            return False
        self._noted[who] = now
        self._noted.move_to_end(who)
        while len(self._noted) > self._most:
            self._noted.popitem(last=False)
        return True
