"""Kline intervals: where each begins and ends, in UTC or at another offset.

Binance, 'Kline/Candlestick chart intervals': s, m, h, d, w and M; a `timeZone` moves the borders, not the times.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from candlewick.fake_binance.market.noise import Ints

_US = 1_000_000
_DAY = 86_400 * _US
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LENGTHS = {
    "1s": 1, "1m": 60, "3m": 180, "5m": 300, "15m": 900, "30m": 1_800, "1h": 3_600, "2h": 7_200, "4h": 14_400,
    "6h": 21_600, "8h": 28_800, "12h": 43_200, "1d": 86_400, "3d": 259_200, "1w": 604_800,
}  # fmt: skip
_MONTH = "1M"
_MONDAY = 4 * _DAY
"""1970-01-05, the first Monday: weeks count from it."""

_MICROSECONDS_FROM = 10**14
"""Times from here on are µs, those below are ms; both are times of this century."""

_OFFSET = re.compile(r"([+-]?)(\d{1,2})(?::(\d{2}))?")


@dataclass(frozen=True, slots=True)
class Interval:
    """One kind of kline; `offset` moves its borders (µs east of UTC)."""

    name: str
    offset: int = 0

    @property
    def update_us(self) -> int:
        """How often a stream says how the forming kline stands; 0 where its close says enough (every second)."""
        return 0 if self.name == "1s" else 2 * _US

    def opens(self, times: Ints) -> Ints:
        """Return the open time of the interval that each time (µs) is in."""
        if self.name == _MONTH:
            months = (times + self.offset).astype("datetime64[us]").astype("datetime64[M]")
            begins: Ints = months.astype("datetime64[us]").astype(np.int64)
            return begins - self.offset
        base = (_MONDAY if self.name == "1w" else 0) - self.offset
        length = _LENGTHS[self.name] * _US
        return (times - base) // length * length + base

    def open_of(self, time_us: int) -> int:
        """Return the open time of the interval that `time_us` is in."""
        if self.name == _MONTH:
            return int(self.opens(np.array([time_us], dtype=np.int64))[0])
        base = (_MONDAY if self.name == "1w" else 0) - self.offset
        length = _LENGTHS[self.name] * _US
        return (time_us - base) // length * length + base

    def after(self, open_us: int) -> int:
        """Return the open time of the next interval."""
        if self.name == _MONTH:
            local = _EPOCH + timedelta(microseconds=open_us + self.offset)
            following = (local.replace(day=1) + timedelta(days=32)).replace(day=1)
            return (following - _EPOCH) // timedelta(microseconds=1) - self.offset
        return open_us + _LENGTHS[self.name] * _US

    def before(self, open_us: int) -> int:
        """Return the open time of the interval before."""
        return self.open_of(open_us - 1)

    def series(self, first: int, last: int) -> Iterator[int]:
        """Yield open times from `first` to `last`."""
        while first <= last:
            yield first
            first = self.after(first)


def interval(name: str, time_zone: str = "0") -> Interval | None:
    """Return the interval called `name`, or None where there is no such interval or zone.

    `time_zone` is hours and minutes from `-12:00` to `+14:00`, such as `8`, `-1:00` or `05:45`.
    """
    match = _OFFSET.fullmatch(time_zone)
    if match is None or (name not in _LENGTHS and name != _MONTH):
        return None
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    minutes = -minutes if match[1] == "-" else minutes
    return Interval(name, minutes * 60 * _US) if -12 * 60 <= minutes <= 14 * 60 else None


def in_us(time: int) -> int:
    """Return a time in ms or µs as µs."""
    return time if time >= _MICROSECONDS_FROM else time * 1_000
