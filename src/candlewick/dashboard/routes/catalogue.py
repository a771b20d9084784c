"""What may be asked for: the symbols that are recorded, the timeframes that exist, and sane numbers. Pure."""

from collections.abc import Iterable

from candlewick.moments import TIMEFRAMES, seconds_of

LARGEST_PAGE = 5_000
FIRST_PAGE = 1_500
_LARGEST_ID = 2**63 - 1
_LATEST_SECOND = 253_402_128_000  # 9999-12-30: calendars end a day later, and so must a bar that holds it


class RequestError(ValueError):
    """A browser asked for what does not exist; its text is one line for the answer's body."""


class Catalogue:
    """The whitelist behind every route."""

    def __init__(self, symbols: Iterable[str]) -> None:
        self.symbols = tuple(symbols)
        self.timeframes = tuple(TIMEFRAMES)

    def symbol(self, name: str | None) -> str:
        """Return a symbol that is recorded here."""
        return self._one_of(self.symbols, "symbol", name)

    def timeframe(self, name: str | None) -> str:
        """Return a timeframe that has candles, or whose candles can be made of shorter ones: `30m`, `1w`."""
        if name is not None and seconds_of(name[:40]) is not None:
            return name
        known = ", ".join(self.timeframes)
        raise RequestError(f"expected a timeframe of {known}, or one such as 30m, 12h, 1w, got {str(name)[:40]!r}")

    def limit(self, text: str | None) -> int:
        """Return a page's size, clamped to 1..5,000; the default is the first page's."""
        return FIRST_PAGE if text is None else max(1, min(LARGEST_PAGE, self._integer("limit", text)))

    def second(self, name: str, text: str | None) -> int | None:
        """Return seconds since the epoch, or None where none are given."""
        return None if text is None else max(0, min(_LATEST_SECOND, self._integer(name, text)))

    def needed_second(self, name: str, text: str | None) -> int:
        """Return seconds since the epoch."""
        second = self.second(name, text)
        if second is None:
            raise RequestError(f"{name}: expected seconds since the epoch, got nothing")
        return second

    def identifier(self, name: str, text: str | None) -> int | None:
        """Return a trade id, or None where none is given."""
        return None if text is None else max(0, min(_LARGEST_ID, self._integer(name, text)))

    @staticmethod
    def _one_of(choices: tuple[str, ...], what: str, name: str | None) -> str:
        if name not in choices:
            raise RequestError(f"expected a {what} of {', '.join(choices)}, got {str(name)[:40]!r}")
        return name

    @staticmethod
    def _integer(what: str, text: str) -> int:
        try:
            return int(text[:20])
        except ValueError:
            raise RequestError(f"{what}: expected a whole number, got {text[:40]!r}") from None
