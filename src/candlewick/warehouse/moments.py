"""Pure: moments as the warehouse keeps them, UTC without a zone, and as the lake does, µs since the epoch."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1)


def from_micros(micros: int) -> datetime:
    """Return µs since the epoch as a moment."""
    return EPOCH + timedelta(microseconds=micros)


def to_micros(moment: datetime) -> int:
    """Return a moment, with or without a zone, as µs since the epoch, exactly."""
    return (naive(moment) - EPOCH) // timedelta(microseconds=1)


def naive(moment: datetime) -> datetime:
    """Return a moment without its zone, in UTC; one without a zone is that already."""
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
