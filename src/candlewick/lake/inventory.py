"""Which trade ids are really there: what a recorder's objects in the lake hold, hour by hour.

A manifest says what was written, and a claim is only as good as the objects below it: one may be deleted by hand, or
be lost with a disk. So the names in each hour's folder are looked at again and again. Objects never change: as long as
the names and sizes of an hour are those of before, its ids are, too, and nothing is read. What a recorder writes is
entered by itself; other objects are read once. The entries are kept in a file a day, which is a cache.

Ids whose raw objects were let go on purpose are in a sealed file: `sealed` is the one place that knows of these.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b
from heapq import nlargest
from pathlib import Path

import msgspec
import structlog

from candlewick.errors import UNREADABLE, ObjectMissingError, TornObjectError
from candlewick.lake import names
from candlewick.lake.folder import Listed
from candlewick.lake.manifest import Manifest
from candlewick.lake.objects import Lake
from candlewick.process.files import replace_atomically
from candlewick.spans import Range, Spans

REST_SECONDS = 60.0
"""An hour's folder to which nothing was written for so long is looked at; its names and the entry must agree then."""

log = structlog.get_logger()

Ids = Mapping[str, Spans]


class Hour(msgspec.Struct):
    """The objects in an hour's folder: how many, of how many bytes, a digest of their names, and the ids they hold."""

    objects: int = 0
    size: int = 0
    names: str = "0"
    ids: dict[str, list[Range]] = {}

    def add(self, name: str, size: int, ids: Iterable[tuple[str, Iterable[Range]]]) -> None:
        """Enter an object."""
        self.objects += 1
        self.size += size
        self.names = _digest(self.names, name, size)
        for symbol, ranges in ids:
            self.ids[symbol] = Spans([*self.ids.get(symbol, ()), *ranges]).ranges()

    def is_as(self, listed: Iterable[Listed]) -> bool:
        """Whether these objects, and no others, are in the folder."""
        digest = "0"
        for item in listed:
            digest = _digest(digest, item.name, item.size)
        return digest == self.names


class Inventory:
    """The objects of one recorder; `folder` keeps the entries. Safe to use from several threads."""

    def __init__(self, lake: Lake, recorder: str, folder: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.size = 0
        """Bytes of all objects that were entered."""
        self.objects = 0
        self.is_news = True
        """Whether an hour is not what it was since `missing` was asked last."""
        self._lake = lake
        self._recorder = recorder
        self._folder = folder
        self._clock = clock
        self._hours: dict[str, Hour] = {}
        self._reading: dict[str, tuple[set[str], Hour]] = {}
        self._written_at: dict[str, float] = {}
        self._unsaved: set[str] = set()
        self._listed: set[str] | None = None
        self._verified: set[str] = set()
        self._lock = threading.Lock()
        self._load()

    def wrote(self, name: str, size: int, manifest: Manifest) -> None:
        """Enter an object that this recorder has just made durable."""
        folder = name.rpartition("/")[0]
        ids = [(symbol, extent.ranges) for symbol, extent in manifest.spans.items()]
        with self._lock:
            if folder not in self._hours and self._listed is not None and folder not in self._listed:
                self._hours[folder] = Hour()  # its first object
                self._listed.add(folder)
                self._verified.add(folder)
            if folder in self._hours:
                self._hours[folder].add(name, size, ids)
                self._unsaved.add(folder.rpartition("/")[0])
                self._count(Hour(1, size))
            if folder in self._reading:
                seen, hour = self._reading[folder]
                seen.add(name)
                hour.add(name, size, ids)
            self._written_at[folder] = self._clock()

    def folders(self) -> list[str]:
        """Return the hours' folders, the newest first, and forget those that are not there any more.

        Raises `LakeError`.
        """
        with self._lock:
            before = set(self._hours)
        there = self._lake.hours()
        with self._lock:
            for folder in before - {*there}:
                self._count(self._hours.pop(folder), -1)
                self._unsaved.add(folder.rpartition("/")[0])
                self.is_news = True
            self._listed = {*there} | (self._hours.keys() - before)
        return there[::-1]

    def look(self, folder: str, most: int) -> bool:
        """See that the objects of an hour are what they were, or read `most` of them; whether the hour is done with.

        Raises `LakeError`.
        """
        if self._clock() - self._written_at.get(folder, -REST_SECONDS) < REST_SECONDS:
            return True  # it is not at rest: a name may be there that is not entered yet
        listed = [item for item in self._lake.files(folder) if self._is_own(item.name)]
        with self._lock:
            if self._clock() - self._written_at.get(folder, -REST_SECONDS) < REST_SECONDS:
                return True
            entry = self._hours.get(folder)
            if entry is not None and entry.is_as(listed):
                self._reading.pop(folder, None)
                self._verified.add(folder)
                return True
            seen, hour = self._reading.setdefault(folder, (set(), Hour()))
            if not seen <= {item.name for item in listed}:  # more went away while it was read
                seen, hour = self._reading[folder] = set(), Hour()
        unread = [item for item in listed if item.name not in seen]
        for item in unread[:most]:
            ids = self._read(item.name)
            with self._lock:
                if item.name not in seen:
                    seen.add(item.name)
                    hour.add(item.name, item.size, ids)
        return len(unread) <= most and self._enter(folder, hour)

    def missing(self, claims: Ids) -> dict[str, Spans]:
        """Return the claimed ids that no object and no seal holds; none until every hour was looked at once.

        Raises `LakeError`.
        """
        with self._lock:
            if not self.is_news or self._listed is None or self._listed - self._verified:
                return {}
            self.is_news = False
        try:
            return self.not_there(claims)
        except BaseException:
            self.is_news = True
            raise

    def not_there(self, claims: Ids) -> dict[str, Spans]:
        """Return the claimed ids that no object in the hours that were looked at, and no seal, holds.

        Raises `LakeError`.
        """
        absent: dict[str, Spans] = {}
        for symbol, claimed in claims.items():
            if lacking := claimed.without(self._ids_of(symbol)):
                lacking = lacking.without(sealed(self._lake, symbol))
            if lacking:
                absent[symbol] = lacking
        return absent

    def save(self) -> None:
        """Save what was entered since the last time, a day's file at a time."""
        with self._lock:
            days, self._unsaved = self._unsaved, set()
            entries = {
                day: {folder: hour for folder, hour in self._hours.items() if folder.rpartition("/")[0] == day}
                for day in days
            }
            texts = {day: msgspec.json.encode(hours) for day, hours in entries.items()}
        for day, text in texts.items():
            replace_atomically(self._path(day), text, durable=False)

    def a_day(self) -> int:
        """Return the bytes that a day adds, by the newest 24 hours that there is anything of."""
        with self._lock:
            newest = [self._hours[folder].size for folder in nlargest(24, self._hours)]
        return sum(newest) * 24 // len(newest) if newest else 0

    def _count(self, hour: Hour, sign: int = 1) -> None:
        self.size += sign * hour.size
        self.objects += sign * hour.objects

    def _ids_of(self, symbol: str) -> Spans:
        with self._lock:
            return Spans(each for hour in self._hours.values() for each in hour.ids.get(symbol, ()))

    def _enter(self, folder: str, hour: Hour) -> bool:
        with self._lock:
            if before := self._hours.get(folder):
                self._count(before, -1)
            self._count(hour)
            self._hours[folder] = hour
            self._verified.add(folder)
            self._reading.pop(folder, None)
            self._unsaved.add(folder.rpartition("/")[0])
            self.is_news = True
        return True

    def _read(self, name: str) -> list[tuple[str, list[Range]]]:
        """Return the ids that an object holds; one that is torn, or gone meanwhile, holds none."""
        try:
            spans = self._lake.read_object(name).manifest.spans
        except (TornObjectError, ObjectMissingError) as error:
            log.warning("object passed over", name=name, problem=str(error))
            return []
        return [(symbol, extent.ranges) for symbol, extent in spans.items()]

    def _is_own(self, name: str) -> bool:
        parsed = names.parse(name)
        return parsed is not None and parsed.recorder == self._recorder

    def _path(self, day: str) -> Path:
        return self._folder / f"{day.rpartition('/')[2]}.json"

    def _load(self) -> None:
        for path in sorted(self._folder.glob("*.json")):
            with suppress(OSError, *UNREADABLE):
                self._hours |= msgspec.json.decode(path.read_bytes(), type=dict[str, Hour])
        for hour in self._hours.values():
            self._count(hour)


class _File(msgspec.Struct):
    name: str


class _Certificate(msgspec.Struct):
    first_id: int
    last_id: int
    file: _File


def sealed(lake: Lake, symbol: str) -> Spans:
    """Return the ids that sealed days hold: of each certificate beside which its file lies. Raises `LakeError`."""
    held = Spans()
    there = {item.name for item in lake.files(f"{lake.prefix}/sealed/{symbol}")}
    for name in there:
        if (
            name.endswith(".certificate.json")
            and (certificate := _certified(lake, name))
            and certificate.file.name in there
        ):
            held.add(certificate.first_id, certificate.last_id)
    return held


@lru_cache(maxsize=200_000)
def _certified(lake: Lake, name: str) -> _Certificate | None:
    """Return what a certificate says of its ids, each read once in a process: they never change."""
    try:
        return msgspec.json.decode(lake.get(name), type=_Certificate)
    except UNREADABLE:
        return None


def _digest(digest: str, name: str, size: int) -> str:
    """Add an object to the digest of others; in whatever order, the sum is the same."""
    own = int.from_bytes(blake2b(f"{name} {size}".encode(), digest_size=16).digest(), "big")
    return f"{(int(digest, 16) + own) % (1 << 128):x}"
