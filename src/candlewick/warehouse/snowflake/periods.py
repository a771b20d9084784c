"""Pure: what a compiled model asks of a run: the moment since when it looks for news, and the periods that they touch.

Both are put in as constants: Snowflake then skips what lies outside of them without reading it.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

MOST_PERIODS = 24
"""Where news are scattered over more, one period reaches from the first to the last."""

Ask = Callable[[str], Iterable[tuple[Any, ...]]]
"""Runs a query for periods and returns its rows."""

_TOUCHED, _NEAR, _CONSTANT = "$touched(", "$near(", "$constant("
_SINCE = re.compile(r"\$since\(\w+\)")


class Touched(NamedTuple):
    """`opens` <= time < `closes`."""

    opens: datetime
    closes: datetime


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


def joined(periods: Iterable[Touched]) -> list[Touched]:
    """Join periods that overlap or touch; ascending."""
    result: list[Touched] = []
    for period in sorted(periods):
        if result and period.opens <= result[-1].closes:
            result[-1] = Touched(result[-1].opens, max(result[-1].closes, period.closes))
        else:
            result.append(period)
    return result


def hull(periods: Iterable[Touched]) -> Touched | None:
    """Return the period from the first to the last; None where there is none."""
    periods = list(periods)
    if not periods:
        return None
    return Touched(min(each.opens for each in periods), max(each.closes for each in periods))


def condition(column: str, periods: list[Touched]) -> str:
    """Return SQL that is true where a column's time lies in one of the periods, and sometimes between them."""
    if len(periods) > MOST_PERIODS:
        periods = [Touched(periods[0].opens, periods[-1].closes)]
    within = [f"({column} >= timestamp '{opens}' and {column} < timestamp '{closes}')" for opens, closes in periods]
    return f"({' or '.join(within)})" if within else "false"


def closing(sql: str, start: int) -> int:
    """Return where the parenthesis closes that opened before `start`."""
    depth = 1
    for match in re.finditer(r"[()]", sql[start:]):
        depth += 1 if match[0] == "(" else -1
        if not depth:
            return start + match.start()
    raise ValueError(f"a parenthesis is not closed: {sql[start:]}")
