"""Which objects of the lake are not loaded yet: found by three ways that complete each other.

Hot folders: the hour that recorders write to now, by the clock here and by the newest name that was found (theirs is
the exchange's clock), is listed in every cycle, from the newest name on. The chain: every
manifest names its recorder's object before it, so one that lies elsewhere (a backfill, by the hour of its trades) is
found through the next one, without listing history. The sweep: all folders, newest first, one at a time; at the start
for what came while nobody looked, for as long as the lake is empty, and later over the recent ones for an object that
nothing follows.
"""

from collections import OrderedDict, deque
from datetime import date, datetime, timedelta
from typing import Protocol

from candlewick.lake import names
from candlewick.lake.manifest import Manifest
from candlewick.lake.objects import Lake
from candlewick.moments import starts_at, to_micros

_REMEMBERED = 50_000
SEALER = "sealed"
"""Whose objects say what is known of days: by our own clock, and no trade is in them."""


class Ledger(Protocol):
    """What is loaded already."""

    def loaded_in(self, hour: datetime) -> set[str]:
        """Return the loaded objects of an hour's folder."""

    def is_loaded(self, name: str) -> bool:
        """Whether an object is loaded."""


class Discovery:
    """Names to load, each given out once. Lists the lake, reads nothing. Not thread-safe."""

    def __init__(self, lake: Lake, ledger: Ledger) -> None:
        self._lake = lake
        self._ledger = ledger
        self._found: OrderedDict[str, None] = OrderedDict()
        self._unswept: deque[str] = deque()
        self._given: OrderedDict[str, None] = OrderedDict()
        self._newest: dict[str, str] = {}
        self._newest_at: datetime | None = None

    def start_sweep(self, since: datetime | None = None) -> None:
        """Start again to sweep: every folder of the lake, or those from `since` (UTC) on."""
        first = None if since is None else names.folder(self._lake.prefix, to_micros(since))
        self._unswept = deque(reversed(self._lake.hours(first)))

    def sweep_around(self, name: str) -> None:
        """Sweep the days of an object once more, and the one before: references to sealed days lie there."""
        if (parsed := names.parse(name)) is not None:
            day = parsed.at.date() - timedelta(days=1)
            while day <= (parsed.until or parsed.at).date():
                self._unswept.extend(folder for folder in self._folders_of(day) if folder not in self._unswept)
                day += timedelta(days=1)

    def has_references_beside(self, name: str) -> bool:
        """Whether an object's day has references to sealed days, for which raw objects may be let go."""
        parsed = names.parse(name)
        listed = (
            (other for hour in self._folders_of(parsed.at.date()) for other in self._lake.list_folder(hour))
            if parsed
            else ()
        )
        return any((each := names.parse(other)) is not None and each.recorder == SEALER for other in listed)

    def _folders_of(self, day: date) -> list[str]:
        first = names.folder(self._lake.prefix, starts_at(day))
        return sorted(self._lake.subfolders(first.rpartition("/")[0]))

    @property
    def has_found(self) -> bool:
        """Whether there is an object to load."""
        return bool(self._found)

    @property
    def is_sweeping(self) -> bool:
        """Whether folders are left to sweep."""
        return bool(self._unswept)

    def look_at_hot_folders(self, now: datetime) -> None:
        """List what was added to the folders that recorders write to; a clock may be a little off, or far.

        Where nothing was found yet, by any clock, all folders are swept again.
        """
        if not self._newest and not self.is_sweeping:
            self.start_sweep()
        for folder in names.hot_folders(self._lake.prefix, now, self._newest_at):
            self._list(folder, after=self._newest.get(folder))

    def sweep_one_folder(self) -> None:
        """List the next folder of the sweep."""
        if self._unswept:
            self._list(self._unswept[0], after=None)
            self._unswept.popleft()  # only now: a folder that could not be listed is listed again

    def follow(self, manifest: Manifest) -> None:
        """Look at the objects that a loaded manifest leads to: the one before it, and those of the days it tells of.

        Where the sweep still has to come by, it will find them.
        """
        named = [name for note in manifest.days for name in note.objects]
        for name in named if manifest.prev is None else [manifest.prev, *named]:
            if name.rpartition("/")[0] not in self._unswept:
                self._offer(name)

    def take(self) -> str | None:
        """Give out the next name to load; None where there is none now."""
        if not self._found:
            return None
        name, _ = self._found.popitem(last=False)
        self._remember(name)
        return name

    def put_back(self, name: str) -> None:
        """Take back a name that could not be read for now; it is given out next."""
        self._found[name] = None
        self._found.move_to_end(name, last=False)

    def put_last(self, name: str) -> None:
        """Take back a name that could not be read for now; all others are given out before it."""
        self._found[name] = None

    def _list(self, folder: str, after: str | None) -> None:
        """Offer what is new in a folder. `after` leaves out backfills, which sort before: the chain finds them."""
        listed = self._lake.list_folder(folder, after)
        if listed:
            self._newest[folder] = max(listed[-1], self._newest.get(folder, ""))
            self._note_moment(listed[-1])
        unknown = [name for name in listed if not self._knows(name)]
        hour = _hour(folder)
        loaded = self._ledger.loaded_in(hour) if unknown and after is None and hour else set()
        for name in unknown:
            self._learn(name, is_loaded=name in loaded)

    def _note_moment(self, name: str) -> None:
        parsed = names.parse(name)
        if parsed is not None and parsed.kind == "stream" and parsed.recorder != SEALER:
            self._newest_at = max(parsed.at, self._newest_at or parsed.at)

    def _offer(self, name: str) -> None:
        if not self._knows(name):
            self._learn(name, is_loaded=names.parse(name) is not None and self._ledger.is_loaded(name))

    def _knows(self, name: str) -> bool:
        return name in self._found or name in self._given

    def _learn(self, name: str, *, is_loaded: bool) -> None:
        if is_loaded:
            self._remember(name)
        else:
            self._found[name] = None

    def _remember(self, name: str) -> None:
        """Note what need not be looked up again; what is forgotten is asked for in the ledger."""
        self._given[name] = None
        if len(self._given) > _REMEMBERED:
            self._given.popitem(last=False)


def _hour(folder: str) -> datetime | None:
    """The hour of a folder `…/2026-01-24/13` (UTC, naive as in DuckDB); None where it is not one of ours."""
    try:
        return datetime.strptime("/".join(folder.rsplit("/", 2)[-2:]), "%Y-%m-%d/%H")
    except ValueError:
        return None
