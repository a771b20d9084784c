"""The parameters of a REST request, read as Binance reads them, and its errors. Source: rest-api.md, errors.md."""

import re
from collections.abc import Mapping

import msgspec

from candlewick.fake_binance.market.intervals import Interval, in_us, interval

_NUMBER = re.compile(r"[0-9]{1,20}")
_LARGEST = 2**62


class ApiError(Exception):
    """An error answer: HTTP status, and Binance's code and text in the body."""

    def __init__(self, code: int, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.code = code
        self.status = status


class Parameters:
    """The query of one request. Each reader raises `ApiError`; `finish` refuses what nobody read."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self._query = query
        self._read: set[str] = set()

    def text(self, name: str) -> str | None:
        """Return a parameter, or None where it was not sent."""
        value = self._query.get(name)
        if value is None:
            return None
        self._read.add(name)
        if not value:
            raise ApiError(-1105, f"Parameter '{name}' was empty.")
        return value

    def number(self, name: str) -> int | None:
        """Return a whole number, or None where it was not sent."""
        value = self.text(name)
        if value is None:
            return None
        if not _NUMBER.fullmatch(value):
            raise ApiError(-1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'.")
        if int(value) > _LARGEST:
            raise ApiError(-1130, f"Data sent for parameter '{name}' is not valid.")
        return int(value)

    def symbol(self, known: Mapping[str, object]) -> str:
        """Return the symbol, which must be sent and `known`."""
        value = self._query.get("symbol")
        if not value:
            raise ApiError(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
        self._read.add("symbol")
        if value not in known:
            raise ApiError(-1121, "Invalid symbol.")
        return value

    def symbols(self, known: Mapping[str, object]) -> list[str]:
        """Return what `symbol` or the JSON list `symbols` names: all that are known where neither was sent."""
        listed = self.text("symbols")
        if listed is not None and "symbol" in self._query:
            raise ApiError(-1128, "Combination of optional parameters invalid.")
        if listed is None:
            return [self.symbol(known)] if "symbol" in self._query else list(known)
        try:
            names = msgspec.json.decode(listed, type=list[str])
        except msgspec.MsgspecError:
            raise ApiError(-1100, "Illegal characters found in parameter 'symbols'.") from None
        if not set(names) <= known.keys():
            raise ApiError(-1121, "Invalid symbol.")
        return names

    def limit(self) -> int:
        """Return how many rows are asked for: 500 where nothing is said, at most 1,000."""
        value = self.number("limit")
        if value == 0:
            raise ApiError(-1130, "Data sent for parameter 'limit' is not valid.")
        return min(value or 500, 1_000)

    def since(self) -> int | None:
        """Return `startTime`, which is in ms or µs, as µs; None where it was not sent."""
        value = self.number("startTime")
        return None if value is None else in_us(value)

    def until(self) -> int | None:
        """Return the last µs that `endTime`, which is inclusive, takes in; None where it was not sent."""
        value = self.number("endTime")
        return None if value is None else in_us(value + 1) - 1

    def interval(self) -> Interval:
        """Return the kline interval, with the offset of `timeZone`."""
        name, zone = self.text("interval"), self.text("timeZone") or "0"
        if name is None:
            raise ApiError(-1102, "Mandatory parameter 'interval' was not sent, was empty/null, or malformed.")
        if interval(name) is None:
            raise ApiError(-1120, "Invalid interval.")
        length = interval(name, zone)
        if length is None:
            raise ApiError(-1130, "Data sent for parameter 'timeZone' is not valid.")
        return length

    def finish(self) -> None:
        """Refuse parameters that this request does not have."""
        if len(self._read) < len(self._query):
            raise ApiError(
                -1104,
                f"Not all sent parameters were read; read '{len(self._read)}' parameter(s) "
                f"but was sent '{len(self._query)}'.",
            )
