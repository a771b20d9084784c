"""Pure: what a compiled model asks of a run: the moment since when it looks for news, and the periods that they touch.

Both are put in as constants: Snowflake then skips what lies outside of them without reading it.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from candlewick.warehouse.periods import Touched, closing, condition, joined

Ask = Callable[[str], Iterable[tuple[Any, ...]]]
"""Runs a query for periods and returns its rows."""

_TOUCHED, _NEAR, _CONSTANT = "$touched(", "$near(", "$constant("
_SINCE = re.compile(r"\$since\(\w+\)")


class Asked(NamedTuple):
    """A statement with what the run knows in it; `period` has all that it asked about, None where it did not ask."""

    sql: str
    asks: bool
    period: Touched | None


def with_news(ask: Ask, sql: str, since: datetime, *, near: timedelta = timedelta(0)) -> Asked:
    """Put what a run knows into a model's statement, asking for the periods that its news touch.

    `near` is how far neighbours may be.
    """
    sql = _SINCE.sub(f"timestamp '{since}'", sql)
    found: list[Touched] = []
    asks = False
    for marker, slack in ((_TOUCHED, timedelta(0)), (_NEAR, near)):
        while (start := sql.find(marker)) >= 0:
            end = closing(sql, start + len(marker))
            column, _, query = sql[start + len(marker) : end].partition(":")
            periods = joined(Touched(opens - slack, closes + slack) for opens, closes in ask(query))
            sql = sql[:start] + condition(column, periods) + sql[end + 1 :]
            found, asks = found + periods, True
    return Asked(sql, asks, hull(found))


def constants(sql: str) -> Iterator[str]:
    """Yield the expressions that a compiled view wants as literals, as they stand in it."""
    start = -1
    while (start := sql.find(_CONSTANT, start + 1)) >= 0:
        yield sql[start + len(_CONSTANT) : closing(sql, start + len(_CONSTANT))]


def with_constants(sql: str, values: dict[str, str]) -> str:
    """Put the literals in, each in the place of its expression."""
    for expression, value in values.items():
        sql = sql.replace(f"{_CONSTANT}{expression})", f"timestamp '{value}'")
    return sql


def hull(periods: Iterable[Touched]) -> Touched | None:
    """Return the period from the first to the last; None where there is none."""
    periods = list(periods)
    if not periods:
        return None
    return Touched(min(each.opens for each in periods), max(each.closes for each in periods))
