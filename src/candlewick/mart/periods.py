"""Pure: the periods that the mart's tables are cut into, in UTC."""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

Unit = Literal["10 minutes", "hour", "day", "month", "year"]

_LABELS: dict[Unit, str] = {
    "10 minutes": "%Y-%m-%dT%H-%M",
    "hour": "%Y-%m-%dT%H",
    "day": "%Y-%m-%d",
    "month": "%Y-%m",
    "year": "%Y",
}

_LEAST: dict[Unit, timedelta] = {
    "10 minutes": timedelta(minutes=10),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "month": timedelta(days=28),
    "year": timedelta(days=365),
}


class Period(NamedTuple):
    """`start` <= time < `end`, and its name."""

    start: datetime
    end: datetime
    label: str


ALWAYS = Period(datetime.min, datetime.max, "all")


def period_of(moment: datetime, unit: Unit) -> Period:
    """Return the period of a length that a moment lies in."""
    start = _start(moment, unit)
    return Period(start, _end(start, unit), start.strftime(_LABELS[unit]))


def is_as_long(start: datetime, end: datetime, unit: Unit) -> bool:
    """Whether a period is as long as one of a length, or longer."""
    return end - start >= _LEAST[unit]


def _start(moment: datetime, unit: Unit) -> datetime:
    hour = moment.replace(minute=0, second=0, microsecond=0)
    match unit:
        case "10 minutes":
            return hour.replace(minute=moment.minute // 10 * 10)
        case "hour":
            return hour
        case "day":
            return hour.replace(hour=0)
        case "month":
            return hour.replace(day=1, hour=0)
        case "year":
            return hour.replace(month=1, day=1, hour=0)


def _end(start: datetime, unit: Unit) -> datetime:
    match unit:
        case "10 minutes":
            return start + timedelta(minutes=10)
        case "hour":
            return start + timedelta(hours=1)
        case "day":
            return start + timedelta(days=1)
        case "month":
            return (start + timedelta(days=31)).replace(day=1)
        case "year":
            return start.replace(year=start.year + 1)
