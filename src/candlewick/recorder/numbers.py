"""What the recorder says about itself: the numbers of its heartbeat, of `/health` and of `/metrics`."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from candlewick.binance.budget import WeightBudget
from candlewick.binance.stream import Leg
from candlewick.recorder.live import LiveTape
from candlewick.tape.backfiller import Backfiller
from candlewick.tape.klines import KlineFiller

NEWEST_SPANS = 8


def of_symbol(tape: LiveTape, backfiller: Backfiller | None, klines: KlineFiller, offset_us: int) -> dict[str, Any]:
    """How far one symbol is. Ids, counts, and times in µs; `lag_ms` has the clocks' offset taken out."""
    coverage = tape.coverage
    return {
        "head": coverage.covered.last if coverage.covered else None,
        "emitted": tape.sequencer.emitted,
        "covered": coverage.covered.ranges()[-NEWEST_SPANS:],
        "holes": coverage.holes,
        "declared": coverage.declared.count,
        "last_event_at": tape.last_event_at or None,
        "lag_ms": None if tape.delay_us is None else round((tape.delay_us + offset_us) / 1_000, 1),
        "trades": tape.trades,
        "copies": tape.sequencer.copies,
        "conflicts": tape.conflicts,
        "holes_seen": tape.holes_seen,
        "backfilled": backfiller.trades if backfiller else 0,
        "candles": coverage.minutes.durable.count,
        "candles_missing": klines.missing(tape.symbol),
        "history": _history(tape, backfiller),
        "stopped": tape.stopped,
    }


def _history(tape: LiveTape, backfiller: Backfiller | None) -> dict[str, Any]:
    mark = tape.coverage.history
    if mark is None:
        return {"from": None, "reached": None, "done": False, "fraction": 0.0}
    fraction = tape.coverage.history_durable
    is_done = fraction >= 1.0
    reached = mark.target if is_done else backfiller.reached_at if backfiller else None
    return {"from": mark.target, "reached": reached, "done": is_done, "fraction": round(fraction, 4)}


def of_legs(legs: Sequence[Leg], offset_us: int) -> list[dict[str, Any]]:
    """The connections, by host; `lag_ms` as that of a symbol."""
    return [
        {
            "host": leg.host,
            "state": leg.state,
            "age_seconds": round(leg.age, 1),
            "frames": leg.frames,
            "malformed": leg.malformed,
            "connections": leg.connections,
            "symbols": len(leg.symbols),
            "lag_ms": None if leg.delay_us is None else round((leg.delay_us + offset_us) / 1_000, 1),
        }
        for leg in legs
    ]


def of_weight(budget: WeightBudget) -> Mapping[str, int]:
    """The request weight: what we spent in a minute, what we allow ourselves, what is allowed."""
    return {"used": budget.used(time.monotonic()), "limit": budget.limit, "budget": budget.budget}
