"""Query parameters, read without mercy: whatever the documents do not name is an error of theirs (errors.md)."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

_DIGITS = re.compile(r"[0-9]{1,20}")
_ZONE = re.compile(r"([+-]?)(\d{1,2})(?::([0-5]\d))?")
_MICROSECONDS_FROM = 10**14


@dataclass
class Refused(Exception):  # noqa: N818 - an answer, not a fault of ours
    """The request is wrong: an HTTP status with the documented code and message."""

    code: int
    message: str
    status: int = 400


def refuse(code: int, message: str) -> NoReturn:
    raise Refused(code, message)


class Parameters:
    """The parameters of one request. Each is taken once; `done` refuses what nobody took."""

    def __init__(self, pairs: Iterable[tuple[str, str]]):
        pairs = list(pairs)
        self._values = dict(pairs)
        self._sent = len(pairs)
        if self._sent != len(self._values):
            refuse(-1101, "Duplicate values for a parameter detected.")
        for name, value in pairs:
            if not value:
                refuse(-1105, f"Parameter '{name}' was empty.")

    def take(self, name: str) -> str | None:
        return self._values.pop(name, None)

    def need(self, name: str) -> str:
        value = self.take(name)
        if value is None:
            refuse(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
        return value

    def number(self, name: str) -> int | None:
        """A LONG that is not negative."""
        value = self.take(name)
        if value is None:
            return None
        if not _DIGITS.fullmatch(value):
            refuse(-1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'.")
        if int(value) >= 2**63:
            refuse(-1108, f"Parameter '{name}' overflowed.")
        return int(value)

    def limit(self) -> int:
        """`limit`: 500 where it is not sent, 1000 at most."""
        value = self.number("limit")
        if value is not None and not 1 <= value <= 1000:
            refuse(-1130, "Data sent for parameter 'limit' is not valid.")
        return 500 if value is None else value

    def period(self) -> tuple[int | None, int | None]:
        """`startTime` and `endTime` in µs; they are sent in ms or µs, and the end is that of its millisecond."""
        start, end = self.number("startTime"), self.number("endTime")
        if start is not None and start < _MICROSECONDS_FROM:
            start *= 1000
        if end is not None and end < _MICROSECONDS_FROM:
            end = end * 1000 + 999
        if start is not None and end is not None and start > end:
            refuse(-1130, "Data sent for parameter 'startTime' is not valid.")
        return start, end

    def zone(self) -> int:
        """`timeZone` as µs east of UTC."""
        value = self.take("timeZone")
        if value is None:
            return 0
        found = _ZONE.fullmatch(value)
        minutes = (int(found[2]) * 60 + int(found[3] or 0)) * (-1 if found[1] == "-" else 1) if found else 10_000
        if not -12 * 60 <= minutes <= 14 * 60:
            refuse(-1130, "Data sent for parameter 'timeZone' is not valid.")
        return minutes * 60_000_000

    def names(self, name: str) -> list[str] | None:
        """An array of strings in JSON."""
        value = self.take(name)
        if value is None:
            return None
        try:
            names = json.loads(value)
        except ValueError:
            names = None
        if not isinstance(names, list) or not names or not all(isinstance(each, str) for each in names):
            refuse(-1135, f"JSON sent for parameter '{name}' is not valid.")
        if len(set(names)) != len(names):
            refuse(-1151, "Symbol is present multiple times in the list.")
        return names

    def done(self) -> None:
        """Refuse what was sent and is not a parameter of this endpoint."""
        if self._values:
            read = self._sent - len(self._values)
            refuse(-1104, f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{self._sent}'.")
