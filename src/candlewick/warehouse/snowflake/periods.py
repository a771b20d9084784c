"""Pure: what a compiled model asks of a run: the moment since when it looks for news, and the periods that they touch.

Both are put in as constants: Snowflake then skips what lies outside of them without reading it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, NamedTuple

from candlewick.warehouse.periods import Touched, closing, condition, filled, joined

Ask = Callable[[str], Iterable[tuple[Any, ...]]]
"""Runs a query for periods and returns its rows."""
Since = Callable[[str], datetime]
"""The moment up to which a model's table knows all, by the column that tells."""

_TOUCHED, _NEAR, _CONSTANT = "$touched(", "$near(", "$constant("
_SINCE = re.compile(r"\$since\((\w+)\)")


class Reach(Enum):
    """How far a run looks: at what is new and some days around it, for its neighbours everywhere, or at everything."""

    NEAR = ()
    FAR = (_NEAR,)
    ALL = (_TOUCHED, _NEAR)


class Asked(NamedTuple):
    """A statement with what the run knows in it; `period` has all that it asked about, None where it did not ask.

    Where it `is_far`, it may change rows outside of that period.
    """

    sql: str
    asks: bool
    period: Touched | None
    is_far: bool = False

    @property
    def has_news(self) -> bool:
        """Whether there can be anything for the statement to do."""
        return not self.asks or self.period is not None or self.is_far


def with_news(ask: Ask, sql: str, since: Since, *, near: timedelta = timedelta(0), reach: Reach = Reach.NEAR) -> Asked:
    """Put what a run knows into a model's statement, asking for the periods that its news touch.

    `near` is how far neighbours may be.
    """
    sql = _SINCE.sub(lambda match: f"timestamp '{since(match[1])}'", sql)
    found: list[Touched] = []
    asks = is_far = False
    for marker in reach.value:
        is_far = is_far or marker in sql
        sql = filled(sql, marker, lambda _: "true")
    for marker, slack in ((_TOUCHED, timedelta(0)), (_NEAR, near)):

        def within(asked: str, slack: timedelta = slack) -> str:
            column, _, query = asked.partition(":")
            periods = joined(Touched(opens - slack, closes + slack) for opens, closes in ask(query))
            found.extend(periods)
            return condition(column, periods)

        asks = asks or marker in sql
        sql = filled(sql, marker, within)
    return Asked(sql, asks, hull(found), is_far)


def watermarks(sql: str) -> set[str]:
    """Return the columns by which a compiled statement asks since when it looks for news."""
    return set(_SINCE.findall(sql))


def constants(sql: str) -> Iterator[str]:
    """Yield the expressions that a compiled view wants as literals, as they stand in it."""
    start = -1
    while (start := sql.find(_CONSTANT, start + 1)) >= 0:
        yield sql[start + len(_CONSTANT) : closing(sql, start + len(_CONSTANT))]


def with_constants(sql: str, values: Mapping[str, str]) -> str:
    """Put the literals in, each in the place of its expression."""
    for expression, value in values.items():
        sql = sql.replace(f"{_CONSTANT}{expression})", f"'{value}'::timestamp_ntz")
    return sql


def hull(periods: Iterable[Touched]) -> Touched | None:
    """Return the period from the first to the last; None where there is none."""
    periods = list(periods)
    if not periods:
        return None
    return Touched(min(each.opens for each in periods), max(each.closes for each in periods))
