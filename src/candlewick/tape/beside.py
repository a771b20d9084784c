"""The tape beside a recorder: what writes under a name of its own, and what others on this data folder hold already."""

from typing import Literal

from candlewick.config import Settings
from candlewick.spans import Spans
from candlewick.tape.checkpoint import Checkpoint, all_in
from candlewick.tape.coverage import Coverage


def settings_of(settings: Settings, kind: Literal["backfill", "candles"] = "backfill") -> Settings:
    """Return the settings of the backfill beside a recorder: the same but for the name.

    By the name `…-candles` the models know the objects that have candles for charts.
    """
    return settings.model_copy(update={"recorder": f"{settings.recorder}-{kind}"})


def coverages_of(settings: Settings, checkpoint: Checkpoint) -> dict[str, Coverage]:
    """Return what is held of every symbol: by this backfill, and (only `secured`) by others on this data folder."""
    coverages = {
        symbol: Coverage(
            checkpoint.covered.get(symbol, ()),
            checkpoint.declared.get(symbol, ()),
            minutes=checkpoint.minutes.get(symbol, ()),
        )
        for symbol in dict.fromkeys([*settings.symbols, *checkpoint.covered])
    }
    for other in all_in(settings.state_path.parent, checkpoint.lake):
        for symbol in settings.symbols:
            coverages[symbol].secured.update(Spans(other.covered.get(symbol, ())))
            coverages[symbol].minutes.secured.update(Spans(other.minutes.get(symbol, ())))
    return coverages
