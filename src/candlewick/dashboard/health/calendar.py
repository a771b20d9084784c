"""The days of a tape as a calendar, coloured by state: a day says what it is when it is chosen. Pure.

A day is a radio button: one stop for the keyboard, arrows go from day to day, and no script is needed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from html import escape
from typing import Any, Literal

from candlewick.dashboard.markup import Html, words

DayState = Literal["sealed", "whole", "declared", "healing", "partial", "mismatch"]
MONTHS = 12
DAY = timedelta(days=1)

WORDS: Mapping[str, str] = {
    "sealed": "sealed: one file and a certificate",
    "whole": "whole, not sealed yet",
    "declared": "whole but for ids that do not exist",
    "healing": "missing trades are asked for",
    "partial": "the tape begins or ends within it",
    "mismatch": "not the exchange's own",
}

Row = Mapping[str, Any]


def since(today: date) -> date:
    """The first day that a calendar of the newest twelve months shows."""
    month = today.year * 12 + today.month - MONTHS
    return date(month // 12, month % 12 + 1, 1)


def calendar_html(symbol: str, rows: Iterable[Row], today: date) -> Html:
    """Draw the newest twelve months of a symbol up to `today` (UTC); `rows` are those of GOLD.TAPE_DAYS."""
    known = {row["day"]: row for row in rows}
    if not known:
        return words("No day of this tape is over yet.")
    chosen = max(known)
    months = "".join(_month(symbol, first, known, today, chosen) for first in _firsts(today))
    keys = "".join(f'<span data-day="{state}">{escape(text)}</span>' for state, text in WORDS.items())
    label = f"Days of {symbol}, UTC"
    return Html(
        f'<div class="calendar" role="radiogroup" aria-label="{escape(label)}">{months}</div>'
        f'<div class="day-keys">{keys}</div>'
    )


def summary(rows: Sequence[Row]) -> str:
    """How many of the days are sealed, in words."""
    sealed = sum(row["state"] == "sealed" for row in rows)
    return f"{sealed:,} of {len(rows):,} days sealed" if rows else ""


def _firsts(today: date) -> Iterator[date]:
    first = since(today)
    for _ in range(MONTHS):
        yield first
        first = (first + 31 * DAY).replace(day=1)


def _month(symbol: str, first: date, known: Mapping[date, Row], today: date, chosen: date) -> str:
    following = (first + 31 * DAY).replace(day=1)
    days = (first + number * DAY for number in range((following - first).days))
    cells = "".join(_cell(symbol, day, known.get(day), today, is_chosen=day == chosen) for day in days)
    kind = "month" if any(first <= day < following for day in known) else "month bare"
    return f'<div class="{kind}"><i>{first:%b %Y}</i><div class="days">{cells}</div></div>'


def _cell(symbol: str, day: date, row: Row | None, today: date, *, is_chosen: bool) -> str:
    place = f' style="grid-column:{day.weekday() + 1}"' if day.day == 1 else ""
    if row is None:
        what = "ahead" if day > today else "today" if day == today else "none"
        return f'<span class="day" data-day="{what}"{place}></span>'
    state, (title, *lines) = str(row["state"]), told(row)
    spoken = escape(". ".join((title, *lines)))
    shown = "".join(f"<span>{escape(line)}</span>" for line in lines)
    return (
        f'<input class="day" type="radio" name="candlewick-day-{escape(symbol)}" data-day="{state}"{place}'
        f' aria-label="{spoken}" title="{escape(title)}"{" checked" if is_chosen else ""}>'
        f'<span class="told" aria-hidden="true"><b>{escape(title)}</b>{shown}</span>'
    )


def told(row: Row) -> list[str]:
    """What there is to say of a day, a line each; the first is its date and state."""
    day, state = row["day"], str(row["state"])
    lines = [f"{day:%-d %B %Y}: {state}"]
    if row["why"]:
        lines.append(str(row["why"]))
    if row["first_trade_id"] is not None:
        lines.append(f"{row['trade_count']:,} trades, ids {row['first_trade_id']} to {row['last_trade_id']}")
    if row["missing_count"] > row["declared_count"]:
        lines.append(f"{row['missing_count'] - row['declared_count']:,} ids are missing")
    if row["declared_count"]:
        lines.append(f"{row['declared_count']:,} ids do not exist, says the exchange")
    if row["digest"]:
        lines.append(f"certificate {row['digest']}")
        lines.append(str(row["sealed_file"]))
    return lines
