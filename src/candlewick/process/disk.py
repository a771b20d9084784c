"""How much lies where, how fast it grows, and when the disk below is full."""

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """A place that grows: bytes and files that are there, and bytes that a day adds; None where that is not known.

    `days_to_full` is how long its disk lasts, with everything else that is known to grow on it; None where it never is
    full (an object store), or where nothing grows.
    """

    name: str
    where: str
    size: int | None
    a_day: int | None = None
    files: int | None = None
    rows: int | None = None
    days_to_full: float | None = None


@dataclass(frozen=True)
class Disk:
    """A file system: `identity` tells it from others."""

    identity: int
    free: int


def disk_of(where: str) -> Disk | None:
    """Return the disk that a path is on; None for an address, and for a path that is not there."""
    path = Path(where)
    try:
        return Disk(os.stat(path).st_dev, shutil.disk_usage(path).free)  # noqa: PTH116 - together with disk_usage
    except OSError:
        return None


def with_days_to_full(places: Iterable[Place], disks: Mapping[str, Disk | None]) -> list[Place]:
    """Say of each place how many days its disk lasts; `disks` are by `where`."""
    places = list(places)
    growth: dict[int, int] = {}
    for place in places:
        if disk := disks.get(place.where):
            growth[disk.identity] = growth.get(disk.identity, 0) + (place.a_day or 0)
    return [replace(place, days_to_full=_days(disks.get(place.where), growth)) for place in places]


def _days(disk: Disk | None, growth: Mapping[int, int]) -> float | None:
    return disk.free / growth[disk.identity] if disk and growth[disk.identity] else None


def in_words(number: float) -> str:
    """Return a number of bytes as people read it: 512 B, 3.4 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1_000:
            return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f} {unit}"
        number /= 1_000
    return f"{number:.1f} TB"
