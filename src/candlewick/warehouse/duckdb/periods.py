"""What a compiled model asks of a run: the moment since when it looks for news, and the periods that they touch.

Both are put in as constants: DuckDB then skips what lies outside of them without reading it.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

import duckdb

MOST_PERIODS = 24
"""Where news are scattered over more, one period reaches from the first to the last."""

_TOUCHED = "$touched("
_SINCE = re.compile(r"\$since\((\w+)\)")


class Touched(NamedTuple):
    """`opens` <= time < `closes`."""

    opens: datetime
    closes: datetime


def with_news(connection: duckdb.DuckDBPyConnection, sql: str, since: Callable[[str], datetime]) -> str:
    """Put what a run knows into a model's statement, asking the database for the periods that its news touch.

    `since` gives the moment up to which the model's table knows all, by the column that tells.
    """
    sql = _SINCE.sub(lambda match: f"timestamp '{since(match[1])}'", sql)
    while (start := sql.find(_TOUCHED)) >= 0:
        end = _closing(sql, start + len(_TOUCHED))
        column, _, query = sql[start + len(_TOUCHED) : end].partition(":")
        periods = joined(Touched(*row) for row in connection.execute(query).fetchall())
        sql = sql[:start] + condition(column, periods) + sql[end + 1 :]
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


def condition(column: str, periods: list[Touched]) -> str:
    """Return SQL that is true where a column's time lies in one of the periods, and sometimes between them."""
    if len(periods) > MOST_PERIODS:
        periods = [Touched(periods[0].opens, periods[-1].closes)]
    within = [f"({column} >= timestamp '{opens}' and {column} < timestamp '{closes}')" for opens, closes in periods]
    return f"({' or '.join(within)})" if within else "false"


def _closing(sql: str, start: int) -> int:
    """Where the parenthesis closes that opened before `start`."""
    depth = 1
    for match in re.finditer(r"[()]", sql[start:]):
        depth += 1 if match[0] == "(" else -1
        if not depth:
            return start + match.start()
    raise ValueError(f"a parenthesis is not closed: {sql[start:]}")
