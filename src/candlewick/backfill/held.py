"""What of the days that are asked for is really there: claims of manifests are looked into before they are believed.

Looked at are the objects of these days and of those beside them; so an object that was deleted by hand, or lost with a
disk, is fetched again by the same command that fetched it.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from candlewick.backfill.plan import Day, Plan
from candlewick.backfill.planning import ids_of
from candlewick.config import Settings
from candlewick.lake import names
from candlewick.lake.inventory import Inventory
from candlewick.lake.objects import Lake
from candlewick.moments import MINUTES_PER_DAY, minute_of, starts_at
from candlewick.spans import Spans
from candlewick.tape.checkpoint import Checkpoint, all_in
from candlewick.tape.coverage import Coverage
from candlewick.tape.patrol import inventory_path, leave_note, note_path

_AT_ONCE = 500
_BESIDE = timedelta(days=1)


def reopen_lost(
    settings: Settings, lake: Lake, own: Inventory, coverages: Mapping[str, Coverage], plan: Plan
) -> dict[str, Spans]:
    """Take back what is claimed of a plan's days and is not there; return it by symbol. Raises `LakeError`.

    What another recorder of this data folder claims, it is told of in a note.
    """
    lost: dict[str, Spans] = {}
    wanted = {symbol: ids_of([day for day in plan.days if day.symbol == symbol]) for symbol in coverages}
    held: dict[str, Spans] = {symbol: Spans() for symbol in coverages}
    for checkpoint in [Checkpoint(settings.recorder), *all_in(settings.state_path.parent, lake.identity)]:
        is_own = checkpoint.recorder == settings.recorder
        if is_own and checkpoint.lake:
            continue  # the file may be behind: what this process knows counts
        claims = {
            symbol: (coverage.covered if is_own else Spans(checkpoint.covered.get(symbol, ()))).common(wanted[symbol])
            for symbol, coverage in coverages.items()
        }
        if not any(claims.values()):
            continue
        state_path = settings.model_copy(update={"recorder": checkpoint.recorder}).state_path
        inventory = own if is_own else Inventory(lake, checkpoint.recorder, inventory_path(state_path))
        absent = _not_there(inventory, lake, claims, plan.days)
        if absent and not is_own:
            leave_note(note_path(state_path), absent)
        for symbol, ids in claims.items():
            lost.setdefault(symbol, Spans()).update(absent.get(symbol, Spans()))
            held[symbol].update(ids.without(absent.get(symbol, Spans())))
    lost = {symbol: ids.without(held[symbol]) for symbol, ids in lost.items() if ids.without(held[symbol])}
    for symbol, ids in lost.items():
        _reopen(coverages[symbol], ids, [day for day in plan.days if day.symbol == symbol])
    return lost


def _not_there(inventory: Inventory, lake: Lake, claims: Mapping[str, Spans], days: Sequence[Day]) -> dict[str, Spans]:
    first, last = min(each.day for each in days), max(each.day for each in days)
    since = names.folder(lake.prefix, starts_at(first - _BESIDE))
    until = names.folder(lake.prefix, starts_at(last + 2 * _BESIDE))
    for folder in inventory.folders():
        while since <= folder < until and not inventory.look(folder, _AT_ONCE):
            continue
    return inventory.not_there(claims)


def _reopen(coverage: Coverage, ids: Spans, days: Sequence[Day]) -> None:
    """Take ids back, and the candles of the days they are of: these may have been in the same objects."""
    coverage.reopen(ids)
    for first, last in ids:
        coverage.secured.remove(first, last)
    for day in days:
        if day.ids is not None and ids.common(Spans([day.ids])):
            start = minute_of(starts_at(day.day))
            coverage.minutes.reopen(start, start + MINUTES_PER_DAY - 1)
