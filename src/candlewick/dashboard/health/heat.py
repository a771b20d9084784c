"""The completeness of the newest 24 hours, minute by minute: a row per hour, a span per run of equal minutes. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from itertools import groupby
from typing import Any, Literal
from zoneinfo import ZoneInfo

from candlewick.dashboard.markup import Html
from candlewick.moments import in_zone

HOURS = 24
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

State = Literal["match", "mismatch", "complete", "incomplete", "forming", "none", "ahead"]

WORDS: Mapping[State, str] = {
    "match": "audited: equal to the exchange's",
    "mismatch": "differs from the exchange's",
    "complete": "no trade missing, not audited yet",
    "incomplete": "not proven whole",
    "forming": "forming",
    "none": "no candle",
    "ahead": "not yet",
}

_JUDGED: Mapping[str | None, State] = {"match": "match", "mismatch": "mismatch"}
_KEYS: tuple[State, ...] = ("match", "complete", "incomplete", "mismatch", "none")


def states(candles: Iterable[Mapping[str, Any]], verdicts: Mapping[datetime, str]) -> dict[datetime, State]:
    """The state of each minute that has a candle; `verdicts` are the audit's by open time."""
    return {candle["open_time"]: _state(candle, verdicts.get(candle["open_time"])) for candle in candles}


def _state(candle: Mapping[str, Any], verdict: str | None) -> State:
    if verdict in _JUDGED:
        return _JUDGED[verdict]
    if not candle["is_closed"]:
        return "forming"
    return "complete" if candle["is_complete"] else "incomplete"


def share(known: Mapping[datetime, State], now: datetime) -> float | None:
    """How much of the minutes from the first one known to the last one over is proven whole, 0..1."""
    over = [state for opened, state in known.items() if opened + MINUTE <= now and state != "forming"]
    if not over:
        return None
    first = min(known)
    return sum(state in {"match", "complete"} for state in over) / max(len(over), (now - first) // MINUTE - 1)


def heat_html(known: Mapping[datetime, State], now: datetime, zone: ZoneInfo) -> Html:
    """Draw the newest 24 hours up to `now`, naive UTC as the minutes are, a row for each hour of a zone's clocks."""
    newest = now.replace(second=0, microsecond=0) - in_zone(now, zone).minute * MINUTE
    hours = [newest - number * HOUR for number in reversed(range(HOURS))]
    rows = "".join(_row(hour, known, now, zone) for hour in hours)
    keys = "".join(f'<span data-heat="{state}">{escape(WORDS[state])}</span>' for state in _KEYS)
    return Html(f'<div class="heat">{rows}</div><div class="heat-keys">{keys}</div>')


def _row(hour: datetime, known: Mapping[datetime, State], now: datetime, zone: ZoneInfo) -> str:
    minutes = [hour + number * MINUTE for number in range(60)]
    cells = [known.get(minute, "ahead" if minute > now else "none") for minute in minutes]
    label = f"{in_zone(hour, zone):%H:%M}"
    return f'<i>{label}</i><div class="hour">{"".join(_spans(in_zone(hour, zone), cells))}</div>'


def _spans(hour: datetime, cells: Sequence[State]) -> Iterable[str]:
    """The runs of equal minutes from a moment on, which names them as its zone's clocks do."""
    position = 0
    for state, run in groupby(cells):
        length = len(list(run))
        first, last = hour + position * MINUTE, hour + (position + length - 1) * MINUTE
        title = f"{first:%H:%M}" + (f"–{last:%H:%M}" if length > 1 else "") + f" {WORDS[state]}"
        yield f'<span data-heat="{state}" style="flex-grow:{length}" title="{escape(title)}"></span>'
        position += length
