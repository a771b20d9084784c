"""`candlewick audit --lake`: are the objects really there that the checkpoints of this data folder claim?

Nothing is believed: every hour's names are looked at, and each object that no inventory knows is read. Ids that are
claimed and are in no object and no sealed day are left in a note for whoever claims them. A running recorder takes it
up within seconds, any other at its next start, and asks for these trades again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
from rich.markup import escape

from candlewick.config import Settings
from candlewick.lake.inventory import Inventory
from candlewick.lake.objects import Lake
from candlewick.spans import Spans
from candlewick.tape.checkpoint import Checkpoint, all_in
from candlewick.tape.patrol import inventory_path, leave_note, note_path

_AT_ONCE = 500


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
    for checkpoint in list(all_in(settings.state_path.parent, lake.identity)):  # claims first, objects later
        _check(settings, lake, checkpoint, verdict, advance)
    return verdict


def _check(
    settings: Settings, lake: Lake, checkpoint: Checkpoint, verdict: LakeVerdict, advance: Callable[[int, int], None]
) -> None:
    state_path = settings.model_copy(update={"recorder": checkpoint.recorder}).state_path
    claims = {symbol: Spans(ranges) for symbol, ranges in checkpoint.covered.items()}
    inventory = Inventory(lake, checkpoint.recorder, inventory_path(state_path))
    folders = inventory.folders()
    for done, folder in enumerate(folders):
        while not inventory.look(folder, _AT_ONCE):
            continue
        advance(done + 1, len(folders))
    verdict.size += inventory.size
    verdict.claimed += sum(ids.count for ids in claims.values())
    if missing := inventory.not_there(claims):
        verdict.missing[checkpoint.recorder] = missing
        leave_note(note_path(state_path), missing)


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
    if verdict.is_good:
        return f"[bold green]All there[/]: objects in the lake hold each of {verdict.claimed:,} trade ids."
    lost = sum(ids.count for by_symbol in verdict.missing.values() for ids in by_symbol.values())
    lines.append(
        f"[bold red]Not there[/]: {lost:,} of {verdict.claimed:,} trade ids that were written are in no object. The"
        " recorder asks for them again by itself; for days of a `candlewick backfill`, run that again."
    )
    return "\n".join(lines)
