"""Pure: the candles of a day's minutes from its trades, exact, beside the exchange's own.

A minute's candle has nine fields. Open is the price of the lowest trade id, close of the highest; quote amounts are the
exact product of price and quantity, cut to 8 places for each trade, as Binance cuts them.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from candlewick.lake.sealed.day import Day, column
from candlewick.lake.sealed.lines import Numbers, decimal_text
from candlewick.moments import MINUTE, MINUTES_PER_DAY, minute_of, starts_at
from candlewick.spans import Spans
from candlewick.trade import COMPARED

QUOTE_PLACES = 8
_WIDE = 2**62


class Minute(NamedTuple):
    """The candle of a minute that has trades: its number in the day, its trades' ids, and its nine fields."""

    number: int
    first_id: int
    last_id: int
    nine: tuple[Decimal, ...]


class Verdict(NamedTuple):
    """A day's minutes beside the exchange's: how many match, how many are empty on both sides, and what is wrong.

    `without_candle` are those of which the exchange said that there is none, `untold` those of which it said nothing.
    """

    matching: int
    empty: int
    without_candle: tuple[int, ...]
    untold: tuple[int, ...]
    problems: tuple[str, ...]


def minutes_of(day: Day) -> list[Minute]:
    """Return the candles of the minutes that have trades, in order of time."""
    added: dict[int, list[Any]] = {}
    for trades in day.parts():
        for number, *values in _sums(trades, starts_at(day.day), sum(day.places)):
            added[number] = _together(added[number], values) if number in added else values
    price, quantity = day.places
    places = (*[price] * 4, quantity, QUOTE_PLACES, 0, quantity, QUOTE_PLACES)
    return [
        Minute(number, first_id, last_id, tuple(map(_decimal, nine, places)))
        for number, (first_id, last_id, *nine) in sorted(added.items())
    ]


def _sums(trades: pa.Table, opens: int, places: int) -> Iterator[tuple[int, ...]]:
    """Give of each minute in a part of a day its number, first and last id, and its nine fields as whole numbers."""
    ids, number = column(trades, "trade_id"), (column(trades, "traded_at") - opens) // MINUTE
    is_ordered = bool((number[1:] >= number[:-1]).all())  # nearly always; then nothing is copied
    order = slice(None) if is_ordered else np.argsort(number, kind="stable")
    number, ids = number[order], ids[order]
    starts = np.flatnonzero(np.r_[True, np.diff(number) > 0])
    ends = np.r_[starts[1:], len(ids)] - 1
    price, quantity = _wide_enough(column(trades, "price")[order], column(trades, "quantity")[order], places)
    is_taker_buy = ~column(trades, "is_buyer_maker")[order]
    quote = _cut(price * quantity, places)
    nothing = quantity * 0
    values: list[Numbers] = [
        *(number[starts], ids[starts], ids[ends]),
        price[starts],
        np.maximum.reduceat(price, starts),
        np.minimum.reduceat(price, starts),
        price[ends],
        np.add.reduceat(quantity, starts),
        np.add.reduceat(quote, starts),
        ends - starts + 1,
        np.add.reduceat(np.where(is_taker_buy, quantity, nothing), starts),
        np.add.reduceat(np.where(is_taker_buy, quote, nothing), starts),
    ]
    return zip(*(each.tolist() for each in values), strict=True)


def _together(one: list[Any], later: list[Any]) -> list[Any]:
    """Add up a minute that goes on in a later part of the day."""
    first_id, _, opened, high, low, _, *sums = one
    _, last_id, _, other_high, other_low, closed, *others = later
    added = [each + other for each, other in zip(sums, others, strict=True)]
    return [first_id, last_id, opened, max(high, other_high), min(low, other_low), closed, *added]


def _decimal(digits: int, places: int) -> Decimal:
    return Decimal(decimal_text(digits, places))


def _wide_enough(price: Numbers, quantity: Numbers, places: int) -> tuple[Numbers, Numbers]:
    """Return both as integers of a word where the sum of their products fits into one, else of any length."""
    total = float(np.dot(price.astype(float), quantity.astype(float))) * 10.0 ** max(0, QUOTE_PLACES - places)
    return (price, quantity) if total < _WIDE else (price.astype(object), quantity.astype(object))


def _cut(products: Numbers, places: int) -> Numbers:
    """Cut products of so many places to those of an amount."""
    shift = QUOTE_PLACES - places
    cut: Numbers = products * 10**shift if shift >= 0 else products // 10**-shift
    return cut


def compare(day: Day) -> Verdict:
    """Compare each minute with the exchange's candle, in nine fields, exactly."""
    ours, opens = {minute.number: minute for minute in minutes_of(day)}, starts_at(day.day)
    matching = empty = 0
    without: list[int] = []
    untold: list[int] = []
    problems: list[str] = []
    said = Spans(each.minutes for each in day.absent.values())
    for number in range(MINUTES_PER_DAY):
        candle, minute = day.candles.get(opens + number * MINUTE), ours.get(number)
        if candle is None:
            (without if minute_of(opens) + number in said else untold).append(number)
            if minute:
                problems.append(f"{clock(number)} has {minute.nine[6]} trades and no candle of the exchange")
        elif minute is None:
            is_empty = candle.kline.n == 0
            empty += is_empty
            if not is_empty:
                problems.append(f"{clock(number)} has no trades, the exchange counts {candle.kline.n}")
        elif wrong := differing(minute.nine, candle.nine):
            problems.append(f"{clock(number)} differs from the exchange's candle in {', '.join(wrong)}")
        else:
            matching += 1
    return Verdict(matching, empty, tuple(without), tuple(untold), tuple(problems))


def differing(ours: Sequence[Decimal], theirs: Sequence[str | int]) -> list[str]:
    """Return the fields in which a candle of the exchange is not ours."""
    return [name for name, one, other in zip(COMPARED, ours, theirs, strict=True) if not _is_equal(one, other)]


def _is_equal(one: Decimal, other: str | int) -> bool:
    try:
        return one == Decimal(other)
    except InvalidOperation:
        return False


def clock(number: int) -> str:
    """Return a minute of the day as people write it."""
    return f"{number // 60:02}:{number % 60:02}"
