"""What of the lake comes next, for each recorder in the order in which it wrote: from the newest objects backwards.

Every manifest names its recorder's object before it, and a recorder's objects of the present sort by time. So listing
an hour's folder shows how far a recorder is, and its chain, followed back to what was taken last, gives all that lies
between: objects of the past, which lie in other folders, too.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from candlewick.errors import ObjectMissingError, TornObjectError
from candlewick.lake import names
from candlewick.lake.objects import Lake, LakeObject

_HELD_LINES = 200_000

log = structlog.get_logger()


@dataclass
class Track:
    """How far a recorder's chain is taken: the newest object, and the newest of the present (a name of its own)."""

    head: str | None
    stream: str = ""


@dataclass
class Chain:
    """Finds what to take. Lists the lake and reads it; not thread-safe. `skipped` names what is no object of ours."""

    lake: Lake
    skipped: dict[str, str] = field(default_factory=dict)
    _folders: deque[str] = field(default_factory=deque)
    _listed: dict[str, str] = field(default_factory=dict)
    _newest_at: datetime | None = None

    def start(self, since: str | None) -> None:
        """Begin with the hour's folder `since`, or with the oldest."""
        self._folders, self._listed = deque(self.lake.hours(since)), {}

    @property
    def is_catching_up(self) -> bool:
        """Whether folders are left that are not of this hour."""
        return bool(self._folders)

    def look(self, now: datetime) -> tuple[str, list[str]]:
        """List the next folder, or those of this hour; return the first one's name and the new objects of the present.

        What hour it is for a recorder, its newest name says: it goes by the exchange's clock. Raises `LakeError`.
        """
        if not self._folders and self._newest_at is None:
            self._folders.extend(self.lake.hours())  # nothing is known yet: the first object may lie anywhere
        if self._folders:
            folder = self._folders[0]
            found = self._list(folder)
            self._folders.popleft()  # only now: a folder that could not be listed is listed again
            return folder, found
        folders = names.hot_folders(self.lake.prefix, now, self._newest_at)
        self._listed = {folder: name for folder, name in self._listed.items() if folder in folders}
        return folders[0], [name for folder in folders for name in self._list(folder)]

    def track(self, head: str | None) -> Track:
        """Return the track of a recorder of which `head` was taken last. Raises `LakeError`."""
        stream = head
        while stream is not None and not names.is_stream(stream):
            stream = self.lake.read_object(stream).manifest.prev
        return Track(head, stream or "")

    def between(self, track: Track, newest: str) -> Iterator[LakeObject]:
        """Yield the objects behind a track's head up to `newest`, oldest first. Raises `LakeError`."""
        held: list[LakeObject | str] = []
        lines = 0
        name: str | None = newest
        while name is not None and name != track.head and not (names.is_stream(name) and name <= track.stream):
            found = self._read(name)
            if found is None:
                break
            lines += len(found.lines)
            held.append(found if lines < _HELD_LINES else name)
            name = found.manifest.prev
        for each in reversed(held):
            yield self.lake.read_object(each) if isinstance(each, str) else each

    def _list(self, folder: str) -> list[str]:
        listed = self.lake.list_folder(folder, self._listed.get(folder))
        if listed:
            self._listed[folder] = listed[-1]
        found = [name for name in listed if names.is_stream(name)]
        if found and (newest := names.parse(found[-1])) is not None:
            self._newest_at = max(newest.at, self._newest_at or newest.at)
        return found

    def _read(self, name: str) -> LakeObject | None:
        try:
            return self.lake.read_object(name)
        except (TornObjectError, ObjectMissingError) as error:
            self.skipped[name] = str(error)
            log.warning("object skipped; the chain ends there", object=name, problem=str(error))
            return None
