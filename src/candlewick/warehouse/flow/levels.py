"""Pure: the steps of price levels, and what a profile of them is told by: point of control and value area."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from candlewick.errors import RangeError

SMALLEST = Decimal("0.00000001")
LARGEST = Decimal(1_000_000_000)
VALUE_SHARE = Decimal("0.7")
"""The share of a profile's volume that its value area holds."""


def checked_step(step: Decimal) -> Decimal:
    """Return a step that levels can have: 1 or 5 with any power of ten. Raises `RangeError` for another.

    Each such step divides the next, so that the rows of one add up to those of a larger one.
    """
    is_near = step.is_finite() and SMALLEST <= step <= LARGEST
    if not is_near or step.normalize().as_tuple().digits not in {(1,), (5,)}:
        raise RangeError(f"expected a step such as 0.5, 1, 5 or 10, got {step}")
    return step


def step_at_least(step: Decimal) -> Decimal:
    """Return the smallest step that levels can have and that is not below `step`."""
    power = Decimal(1).scaleb(step.adjusted())
    return next(each for each in (power, 5 * power, 10 * power) if each >= step)


class Area(NamedTuple):
    """Indexes of levels: where most was traded, and the ends of the value area around it."""

    point: int
    low: int
    high: int


def value_area(volumes: Sequence[Decimal], share: Decimal = VALUE_SHARE) -> Area | None:
    """Return the value area of the levels with trades, ascending by price; None where there are none.

    It begins with the level of the largest volume, the lowest of several, and grows by the larger of its two
    neighbours, both where they are equal, until it holds the share.
    """
    total = sum(volumes, Decimal(0))
    if not total:
        return None
    point = low = high = volumes.index(max(volumes))
    held = volumes[point]
    while held < share * total:
        below = volumes[low - 1] if low > 0 else Decimal(-1)
        above = volumes[high + 1] if high + 1 < len(volumes) else Decimal(-1)
        if above >= below:
            high, held = high + 1, held + above
        if below >= above:
            low, held = low - 1, held + below
    return Area(point, low, high)
