"""Pure: whether order flow is proved, and if not, why.

Klines prove the sums: count, base, quote, both taker volumes, high and low of each minute. Ids prove membership and
order. Rows of a footprint follow from both.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

Standing = Literal["proved", "mismatch", "incomplete", "pending", "no_oracle", "forming"]
WORST: tuple[Standing, ...] = ("mismatch", "incomplete", "no_oracle", "pending", "forming", "proved")
"""Of several minutes the first of these that any of them has is that of all."""

COMPARED = ("trade_count", "volume", "quote_volume", "taker_buy_volume", "taker_buy_quote_volume", "high", "low")
NAMES = dict(zip(COMPARED, ("count", "base", "quote", "taker base", "taker quote", "high", "low"), strict=True))
"""What is compared, as people say it."""

REASONS = 20
"""So many reasons are told; the rest is counted."""

MINUTE = timedelta(minutes=1)


class Judged(NamedTuple):
    """A closed minute of GOLD.FOOTPRINT_AUDIT."""

    open_time: datetime
    status: Literal["match", "mismatch", "pending", "no_oracle"]
    mismatched_fields: str | None
    is_complete: bool

    @property
    def standing(self) -> Standing:
        """What the audit says of it."""
        if self.status == "match":
            return "proved" if self.is_complete else "incomplete"
        return self.status if self.status == "mismatch" or self.is_complete else "incomplete"


def differing(ours: Sequence[Any], theirs: Sequence[Any]) -> tuple[str, ...]:
    """Name the sums, in the order of `COMPARED`, that are not the exchange's."""
    return tuple(name for name, own, other in zip(COMPARED, ours, theirs, strict=True) if own != other)


def standing(minutes: Iterable[Judged], expected: int, *, is_over: bool) -> Standing:
    """Return the standing of a time of so many minutes; `is_over` where a later trade is known."""
    known = [minute.standing for minute in minutes]
    if len(known) < expected:
        known += ["incomplete" if is_over else "forming"]
    return min(known, key=WORST.index, default="forming")


def reasons(minutes: Iterable[Judged], holes: Iterable[Mapping[str, Any]]) -> list[str]:
    """Say in lines which sums differ, and which ids lack."""
    lines = [_of_hole(hole) for hole in holes]
    lines += [line for minute in minutes if (line := _of_minute(minute))]
    more = len(lines) - REASONS
    return lines[:REASONS] + ([f"and {more} more"] if more > 0 else [])


def _of_hole(hole: Mapping[str, Any]) -> str:
    first, last = hole["first_missing_id"], hole["last_missing_id"]
    ids = f"id {first} is" if first == last else f"ids {first} to {last} are"
    return f"{ids} {'declared missing by the exchange' if hole['state'] == 'declared' else 'missing'}"


def _of_minute(minute: Judged) -> str | None:
    at = f"{minute.open_time:%Y-%m-%d %H:%M} UTC"
    match minute.standing:
        case "mismatch":
            fields = ", ".join(NAMES[name] for name in (minute.mismatched_fields or "").split(",") if name)
            return f"{at}: {fields} differ from the exchange's"
        case "no_oracle":
            return f"{at}: the exchange's candle never came"
        case "pending":
            return f"{at}: the exchange's candle is not here yet"
        case "incomplete":
            return f"{at}: not all of its trade ids are here"
        case _:
            return None
