"""What came to days that are over since the last look, found without listing history.

Each manifest names its recorder's object before it, so the objects that came are a chain that ends at the one seen
last, and counts them. Where as many live objects are listed as were made, there is no backfill among them: a tape that
merely goes on costs one object a recorder, however many came. Else the chain is followed.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import msgspec
import structlog

from candlewick.errors import ObjectMissingError, TornObjectError
from candlewick.lake import names
from candlewick.lake.manifest import Manifest
from candlewick.lake.objects import Lake
from candlewick.lake.sealed.reference import RECORDER
from candlewick.moments import to_micros

_HOUR = timedelta(hours=1)

Key = tuple[str, date]

log = structlog.get_logger()


class Mark(msgspec.Struct, frozen=True):
    """A recorder's newest live object as it was seen: its number, and when it was made (the recorder's clock, µs)."""

    name: str
    seq: int
    created: int


def follow(lake: Lake, marks: Mapping[str, Mark]) -> tuple[dict[str, Mark], set[Key]]:
    """Return each recorder's mark as it is now, and of which days of which symbols trades came by backfill.

    At the first look nothing came. Raises `LakeError`.
    """
    new, came = dict(marks), set[Key]()
    since = max((mark.created for mark in marks.values()), default=None)
    for recorder, live in _live(lake, marks).items():
        mark, name = marks.get(recorder), live[-1]
        if (mark and mark.name == name) or (manifest := _read(lake, name)) is None:
            continue
        new[recorder] = Mark(name, manifest.seq, manifest.created)
        if mark is not None and manifest.seq - mark.seq != sum(each > mark.name for each in live):
            came.update(_backfilled(lake, manifest, mark.created))
        elif mark is None and since is not None:
            came.update(_backfilled(lake, manifest, since))
    return new, came


def _live(lake: Lake, marks: Mapping[str, Mark]) -> dict[str, list[str]]:
    """Return each recorder's live objects, oldest first: of late, at first of two days."""
    seen = [each.at for mark in marks.values() if (each := names.parse(mark.name))]
    if seen:
        hours = lake.hours(names.folder(lake.prefix, to_micros(max(seen) - _HOUR)))
    else:
        days = sorted(lake.subfolders(f"{lake.prefix}/raw"))
        hours = lake.hours(f"{days[-2:][0]}/00") if days else []
    found: dict[str, list[str]] = {}
    for name in (name for hour in hours for name in lake.list_folder(hour)):
        parsed = names.parse(name)
        if parsed is not None and parsed.kind == "stream" and parsed.recorder != RECORDER:
            found.setdefault(parsed.recorder, []).append(name)
    return found


def _backfilled(lake: Lake, manifest: Manifest, since: int) -> Iterator[Key]:
    """Follow a chain back to a moment; of each backfill on it, give the days and symbols that it has trades of."""
    while manifest.created > since and manifest.prev is not None:
        name = manifest.prev
        if (found := _read(lake, name)) is None:
            return
        manifest, parsed = found, names.parse(name)
        if parsed is not None and parsed.until is not None:
            day = parsed.at.date()
            while day <= parsed.until.date():
                yield from ((symbol, day) for symbol in manifest.spans)
                day += timedelta(days=1)


def _read(lake: Lake, name: str) -> Manifest | None:
    """Return an object's manifest; None where the object is torn or gone: the chain ends there."""
    try:
        return lake.read_text(name).manifest
    except (TornObjectError, ObjectMissingError) as error:
        log.warning("chain of objects ends", name=name, problem=str(error))
        return None
