"""What is known of whole days, told to whoever reads the lake: an object without lines, whose manifest has it.

So a warehouse learns of seals by the way it learns of trades, on DuckDB and on Snowflake. Only what changed is told.
"""

from collections.abc import Sequence
from itertools import count

import structlog

from candlewick.errors import ObjectExistsError
from candlewick.lake import names
from candlewick.lake.manifest import DayNote, Manifest
from candlewick.lake.objects import Lake, pack
from candlewick.lake.sealed.reference import RECORDER
from candlewick.seal.sealing import Finding

log = structlog.get_logger()


def note_of(finding: Finding, objects: Sequence[str] = ()) -> DayNote:
    """Return what is told of a day; `objects` are to be read for its trades."""
    return DayNote(
        symbol=finding.symbol,
        day=finding.day.isoformat(),
        state=finding.state,
        why=finding.reason,
        first_id=finding.first_id,
        last_id=finding.last_id,
        count=finding.count,
        declared=finding.declared,
        digest=finding.digest,
        file=finding.file,
        objects=tuple(objects),
    )


def tell(lake: Lake, notes: Sequence[DayNote], now: int) -> str:
    """Make notes durable in an object named by the moment (µs); return its name. Raises `LakeError`."""
    manifest = Manifest(
        recorder=RECORDER, seq=1, prev=None, created=now, lines=0, spans={}, covered={}, days=tuple(notes)
    )
    for moment in count(now):
        name = names.stream(lake.prefix, RECORDER, moment)
        try:
            lake.put_absent(name, pack([], manifest))
        except ObjectExistsError:
            continue
        log.info("days told", name=name, days=len(notes))
        return name
    raise AssertionError("moments do not end")
