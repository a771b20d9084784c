"""How far a cold start is, from the heartbeats: what a chart tells until there are candles. Pure."""

from collections.abc import Mapping
from typing import Any


def history_of(symbol: Mapping[str, Any]) -> float | None:
    """How much of the first start's history is recorded, 0..1; None where the recorder does not say."""
    history = symbol.get("history", {})
    fraction = history.get("fraction")
    return 1.0 if history.get("done") else float(fraction) if fraction is not None else None


def start_of(symbol: Mapping[str, Any], recorder: Mapping[str, Any], warehouse: Mapping[str, Any]) -> dict[str, int]:
    """What was fetched of what: trades recorded of a symbol, seconds of history asked for, objects put and loaded.

    `symbol` is what the recorder's heartbeat says of it.
    """
    newest, oldest = symbol.get("last_event_at") or 0, symbol.get("history", {}).get("from") or 0
    return {
        "trades": int(symbol.get("trades") or 0) + int(symbol.get("backfilled") or 0),
        "asked": (newest - oldest) // 1_000_000 if newest and oldest else 0,
        "objects": int(recorder.get("lake", {}).get("objects") or 0),
        "loaded": int(warehouse.get("objects") or 0),
    }
