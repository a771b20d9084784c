"""Alerts on indicators at work: each candle that closed is looked at once, in order, whatever happened meanwhile."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec

from candlewick.dashboard.alerts.alert import Alert, Ring
from candlewick.dashboard.alerts.indicator import Indicator, turns
from candlewick.moments import from_micros, seconds_of, to_micros
from candlewick.warehouse.contract import Viewed

CAUGHT_UP = 5_000
"""So many candles are looked at after a long absence; older ones are past."""
_PATIENCE = 120_000_000
"""How long, in µs, a closed candle may lack trades before it is judged as it is."""
_SIDES = {"above": "rose", "below": "fell"}


def judged(alert: Alert, reader: Viewed, now: int) -> tuple[Alert, list[Ring]]:
    """Return an alert after the candles that closed since it was last looked at, and what rang. Reads the warehouse.

    Raises `WarehouseError`.
    """
    indicator = Indicator.named(alert.indicator)
    seconds = seconds_of(alert.timeframe)
    assert indicator is not None and seconds is not None, f"{alert.id}: checked when it was made"
    newest = _settled(reader.candles(alert.symbol, alert.timeframe, None, None, 3).to_pylist(), seconds, now)
    if not newest or to_micros(newest[-1]["open_time"]) <= alert.seen_at:
        return alert, []
    last = to_micros(newest[-1]["open_time"])
    if not alert.seen_at:  # an alert that was made just now looks at what closes from now on
        return msgspec.structs.replace(alert, seen_at=last), []
    since = max(alert.seen_at, last - CAUGHT_UP * seconds * 1_000_000)
    before = from_micros(since) - indicator.history * timedelta(seconds=seconds)
    read = reader.candles(alert.symbol, alert.timeframe, before, None, None).to_pylist()
    rows = [row for row in read if to_micros(row["open_time"]) <= last]
    return _over(alert, indicator, rows, seconds)


def _over(alert: Alert, indicator: Indicator, rows: Sequence[dict[str, Any]], seconds: int) -> tuple[Alert, list[Ring]]:
    rings: list[Ring] = []
    found = {
        at: (moved, value) for at, moved, value in turns(indicator, alert.level, [float(row["close"]) for row in rows])
    }
    for at, row in enumerate(rows):
        opened = to_micros(row["open_time"])
        if opened <= alert.seen_at:
            continue
        closed = opened + seconds * 1_000_000
        if at in found and alert.is_due(closed) and _SIDES.get(alert.side, found[at][0]) == found[at][0]:
            rings.append(
                Ring(f"{alert.id}-{opened}", alert.id, closed, _told(alert, indicator, *found[at]), alert.symbol)
            )
            alert = msgspec.structs.replace(alert, rang_at=closed, is_armed=alert.repeats)
        alert = msgspec.structs.replace(alert, seen_at=opened)
    return alert, rings


def _settled(rows: Sequence[dict[str, Any]], seconds: int, now: int) -> list[dict[str, Any]]:
    """The candles that are closed and whole, or closed for so long that what they lack is not waited for."""
    patient = now - seconds * 1_000_000 - _PATIENCE
    return [row for row in rows if row["is_closed"] and (row["is_complete"] or to_micros(row["open_time"]) < patient)]


def _told(alert: Alert, indicator: Indicator, moved: str, value: float) -> str:
    what = (
        f"{indicator.title} {moved} to {alert.level} ({value:.2f})"
        if indicator.has_level
        else f"close {moved} to {indicator.title}"
    )
    return f"{alert.symbol} {alert.timeframe}: {what}" + (f": {alert.note}" if alert.note else "")
