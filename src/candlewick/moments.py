"""Pure but for `now_us` and `zone_names`: moments, as µs since the epoch and as datetimes, and the lengths of candles.

The lake and the wire count µs since the epoch; the warehouse keeps UTC without a zone; a user may name any zone.
"""

import re
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MINUTE = 60_000_000
MINUTES_PER_DAY = 1_440
DAY = MINUTES_PER_DAY * MINUTE
"""`MINUTE` and `DAY` in µs."""

TIMEFRAMES: dict[str, int] = {"1s": 1, "1m": 60, "5m": 300, "15m": 900, "1h": 3_600, "4h": 14_400, "1d": 86_400}
"""The timeframes of candles, ascending, and the nominal length of each in seconds.

A day follows its zone and may have 23 or 25 hours.
"""

LONGEST_SECONDS = 31 * 86_400
"""No candle is longer."""

_MULTIPLE = re.compile(r"([1-9][0-9]{0,4})([mhdw])")
_UNITS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_FIRST_MONDAY = 345_600
"""In seconds since the epoch, which was a Thursday."""

_NAIVE_EPOCH = datetime(1970, 1, 1)
_FIRST_DAY = date(1970, 1, 1)
_SECOND = 1_000_000
_OLDEST_MICROSECOND = 100_000_000_000_000
"""Below this a time is in milliseconds: as µs it would lie in 1973, as ms beyond the year 5000."""


def now_us() -> int:
    """The wall clock, in µs since the epoch."""
    return time.time_ns() // 1_000


def micros(time: int) -> int:
    """Return an exchange's time in µs since the epoch, whether it was sent in ms or in µs."""
    return time if time >= _OLDEST_MICROSECOND else time * 1_000


def minute_of(time_us: int) -> int:
    """Return the minute that a moment (µs since the epoch) lies in, in minutes since the epoch."""
    return time_us // MINUTE


def day_number(time_us: int) -> int:
    """Return the UTC day that a moment (µs since the epoch) lies in, in days since the epoch."""
    return time_us // DAY


def day_of(time_us: int) -> date:
    """Return the UTC day that a moment (µs since the epoch) lies in."""
    return _FIRST_DAY + timedelta(days=day_number(time_us))


def starts_at(day: date) -> int:
    """Return a UTC day's first moment, in µs since the epoch."""
    return (day - _FIRST_DAY).days * DAY


def seconds_of(timeframe: str) -> int | None:
    """Return the nominal length of a candle in seconds; None for what is no timeframe.

    Besides `TIMEFRAMES` there are whole multiples of a minute, hour, day or week: `3m`, `12h`, `1w`.
    """
    if timeframe in TIMEFRAMES:
        return TIMEFRAMES[timeframe]
    multiple = _MULTIPLE.fullmatch(timeframe)
    seconds = int(multiple[1]) * _UNITS[multiple[2]] if multiple else None
    return seconds if seconds is not None and seconds <= LONGEST_SECONDS else None


def phase_of(timeframe: str) -> int:
    """Return when a candle of a timeframe opened for the first time, in seconds since the epoch.

    Candles follow each other from there, in UTC, as the exchange's do: its weeks begin on Monday. `1d` alone follows a
    zone.
    """
    return _FIRST_MONDAY if timeframe.endswith("w") else 0


def interval(timeframe: str, at: int, zone: ZoneInfo) -> tuple[int, int]:
    """Return the [open, close) of the candle that holds an instant, in µs; a day starts at the zone's midnight."""
    if timeframe != "1d":
        seconds = seconds_of(timeframe)
        assert seconds is not None, f"{timeframe} is no timeframe"
        length = seconds * _SECOND
        opened = at - (at - phase_of(timeframe) * _SECOND) % length
        return opened, opened + length
    day = datetime.fromtimestamp(at // _SECOND, UTC).astimezone(zone).date()
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, clock_time(), zone).timestamp()) * _SECOND


def at(time_us: int) -> datetime:
    """Return µs since the epoch as a UTC datetime, exactly."""
    return EPOCH + timedelta(microseconds=time_us)


@cache
def zone_names() -> frozenset[str]:
    """Return the IANA zones that this machine knows: found once, since it takes a walk over some 600 files."""
    return frozenset(available_timezones())


def in_zone(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return a moment on the clocks of a zone; a naive one is UTC, as the warehouse keeps it."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(zone)


def from_micros(time_us: int) -> datetime:
    """Return µs since the epoch as the warehouse keeps a moment: UTC, without a zone."""
    return _NAIVE_EPOCH + timedelta(microseconds=time_us)


def instant(seconds: int) -> datetime:
    """Return seconds since the epoch as the warehouse keeps a moment: UTC, without a zone."""
    return _NAIVE_EPOCH + timedelta(seconds=seconds)


def to_micros(moment: datetime) -> int:
    """Return a moment, with or without a zone (then UTC), as µs since the epoch, exactly."""
    return (naive(moment) - _NAIVE_EPOCH) // MICROSECOND


def naive(moment: datetime) -> datetime:
    """Return a moment without its zone, in UTC; one without a zone is that already."""
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
