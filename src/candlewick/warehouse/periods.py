"""Pure: the periods that the mart's tables are cut into, in UTC."""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

Unit = Literal["hour", "day", "month", "year"]

_LABELS: dict[Unit, str] = {"hour": "%Y-%m-%dT%H", "day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}


class Period(NamedTuple):
    """`start` <= time < `end`, and its name."""

    start: datetime
    end: datetime
    label: str


ALWAYS = Period(datetime.min, datetime.max, "all")


def period_of(moment: datetime, unit: Unit) -> Period:
    """Return the hour, day, month or year that a moment lies in."""
    start = moment.replace(minute=0, second=0, microsecond=0)
    if unit != "hour":
        start = start.replace(hour=0)
    if unit in ("month", "year"):
        start = start.replace(day=1)
    if unit == "year":
        start = start.replace(month=1)
    return Period(start, _end(start, unit), start.strftime(_LABELS[unit]))


def _end(start: datetime, unit: Unit) -> datetime:
    match unit:
        case "hour":
            return start + timedelta(hours=1)
        case "day":
            return start + timedelta(days=1)
        case "month":
            return (start + timedelta(days=31)).replace(day=1)
        case "year":
            return start.replace(year=start.year + 1)
