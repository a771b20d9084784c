"""`candlewick audit --lake`: are the objects really there that checkpoints and the newest manifests claim?

Nothing is believed: every hour's names are looked at, and each object that no inventory knows is read. Where a recorder
has no checkpoint in this data folder (a lake that came back from a copy, another machine's), its newest manifest says
what it claimed. Ids that are claimed and are in no object and no sealed day are left in a note for a recorder of this
folder. A running one takes it up within seconds, any other at its next start, and asks for these trades again.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import structlog
from rich.markup import escape

from candlewick.config import Settings
from candlewick.errors import ObjectMissingError, TornObjectError
from candlewick.lake import names
from candlewick.lake.inventory import Inventory
from candlewick.lake.objects import Lake
from candlewick.lake.sealed.reference import RECORDER
from candlewick.spans import Range, Spans
from candlewick.tape.checkpoint import all_in
from candlewick.tape.patrol import inventory_path, leave_note, note_path

_AT_ONCE = 500

Covered = Mapping[str, list[Range]]

log = structlog.get_logger()


@dataclass
class LakeVerdict:
    """What is there: the bytes of the objects, and how many ids are claimed; `missing` by recorder and symbol."""

    size: int = 0
    claimed: int = 0
    missing: dict[str, dict[str, Spans]] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether all that is claimed is there."""
        return not self.missing


def run(settings: Settings, advance: Callable[[int, int], None]) -> LakeVerdict:
    """Look at the whole lake; `advance` takes how many hours are done with, and how many there are.

    Raises `LakeError`.
    """
    lake = Lake.open(settings.lake_url, settings.prefix, settings.s3)
    verdict = LakeVerdict()
    own = {each.recorder: each.covered for each in all_in(settings.state_path.parent, lake.identity)}
    claimed = _others(lake, own) | own  # claims first, objects later
    for recorder, covered in claimed.items():
        claims = {symbol: Spans(ranges) for symbol, ranges in covered.items()}
        missing = _check(settings, lake, recorder, claims, verdict, advance)
        if missing and recorder in own:
            leave_note(note_path(_state_path(settings, recorder)), missing)
    return verdict


def _others(lake: Lake, own: Collection[str]) -> dict[str, Covered]:
    """Return what recorders without a checkpoint here claimed in their newest readable manifests."""
    found: dict[str, list[str]] = {}
    for item in lake.list_all():
        parsed = names.parse(item.name)
        if parsed is not None and parsed.recorder not in own and parsed.recorder != RECORDER:
            found.setdefault(parsed.recorder, []).append(item.name)
    return {recorder: claim for recorder, objects in found.items() if (claim := _claim(lake, objects)) is not None}


def _claim(lake: Lake, objects: list[str]) -> Covered | None:
    """Return what a recorder's newest readable live object claims; where it made none, its newest backfill."""
    streams = sorted(name for name in objects if names.is_stream(name))
    for name in reversed(streams or sorted(objects)):
        try:
            return lake.read_text(name).manifest.covered
        except (TornObjectError, ObjectMissingError) as error:
            log.warning("object passed over", name=name, problem=str(error))
    return None


def _state_path(settings: Settings, recorder: str) -> Path:
    return settings.model_copy(update={"recorder": recorder}).state_path


def _check(
    settings: Settings,
    lake: Lake,
    recorder: str,
    claims: dict[str, Spans],
    verdict: LakeVerdict,
    advance: Callable[[int, int], None],
) -> dict[str, Spans]:
    """See what of a recorder's claims is there; return what is not."""
    inventory = Inventory(lake, recorder, inventory_path(_state_path(settings, recorder)))
    folders = inventory.folders()
    for done, folder in enumerate(folders):
        while not inventory.look(folder, _AT_ONCE):
            continue
        advance(done + 1, len(folders))
    verdict.size += inventory.size
    verdict.claimed += sum(ids.count for ids in claims.values())
    if missing := inventory.not_there(claims):
        verdict.missing[recorder] = missing
    return missing


def to_json(verdict: LakeVerdict, sealed: Mapping[str, object]) -> str:
    """The verdict for programs, with what was found of `sealed` days."""
    missing = {
        recorder: {symbol: ids.ranges() for symbol, ids in by_symbol.items()}
        for recorder, by_symbol in verdict.missing.items()
    }
    return msgspec.json.encode(
        {
            "is_good": verdict.is_good and not sealed["problems"],
            "bytes": verdict.size,
            "claimed": verdict.claimed,
            "missing": missing,
            "sealed": sealed,
        }
    ).decode()


def render(verdict: LakeVerdict) -> str:
    """The verdict for people."""
    lines = [
        f"[red]missing[/] {escape(recorder)} {symbol} {first}..{last}, {last - first + 1:,} trades"
        for recorder, by_symbol in verdict.missing.items()
        for symbol, ids in by_symbol.items()
        for first, last in ids
    ]
    if not verdict.claimed:
        return (
            "[yellow]Nothing is claimed[/]: no checkpoint and no manifest of a recorder; a lake that had some lost all."
        )
    if verdict.is_good:
        return f"[bold green]All there[/]: objects in the lake hold each of {verdict.claimed:,} trade ids."
    lost = sum(ids.count for by_symbol in verdict.missing.values() for ids in by_symbol.values())
    lines.append(
        f"[bold red]Not there[/]: {lost:,} of {verdict.claimed:,} trade ids that were written are in no object. The"
        " recorder asks for them again by itself; for days of a `candlewick backfill`, run that again."
    )
    return "\n".join(lines)
