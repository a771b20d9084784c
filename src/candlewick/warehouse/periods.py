"""Pure: periods that news touch, as SQL; what both homes put into the statements of compiled models."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

MOST_PERIODS = 24
"""Where news are scattered over more, one period reaches from the first to the last."""


class Touched(NamedTuple):
    """`opens` <= time < `closes`."""

    opens: datetime
    closes: datetime


def joined(periods: Iterable[Touched]) -> list[Touched]:
    """Join periods that overlap or touch; ascending."""
    result: list[Touched] = []
    for period in sorted(periods):
        if result and period.opens <= result[-1].closes:
            result[-1] = Touched(result[-1].opens, max(result[-1].closes, period.closes))
        else:
            result.append(period)
    return result


def condition(column: str, periods: list[Touched]) -> str:
    """Return SQL that is true where a column's time lies in one of the periods, and sometimes between them."""
    if len(periods) > MOST_PERIODS:
        periods = [Touched(periods[0].opens, periods[-1].closes)]
    within = [f"({column} >= timestamp '{opens}' and {column} < timestamp '{closes}')" for opens, closes in periods]
    return f"({' or '.join(within)})" if within else "false"


def filled(sql: str, marker: str, fill: Callable[[str], str]) -> str:
    """Put what `fill` gives for the content of each `marker…)` in its place; `marker` ends with the parenthesis."""
    while (start := sql.find(marker)) >= 0:
        end = closing(sql, start + len(marker))
        sql = sql[:start] + fill(sql[start + len(marker) : end]) + sql[end + 1 :]
    return sql


def closing(sql: str, start: int) -> int:
    """Return where the parenthesis closes that opened before `start`."""
    depth = 1
    for match in re.finditer(r"[()]", sql[start:]):
        depth += 1 if match[0] == "(" else -1
        if not depth:
            return start + match.start()
    raise ValueError(f"a parenthesis is not closed: {sql[start:]}")
