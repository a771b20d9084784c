"""What a compiled model asks of a run: the moment since when it looks for news, and the periods that they touch.

Both are put in as constants: DuckDB then skips what lies outside of them without reading it.
"""

import re
from collections.abc import Callable
from datetime import datetime

import duckdb

from candlewick.warehouse.periods import Touched, closing, condition, joined

_TOUCHED = "$touched("
_APART = "$apart("
_SINCE = re.compile(r"\$since\((\w+)\)")


def with_news(
    connection: duckdb.DuckDBPyConnection, sql: str, since: Callable[[str], datetime], *, touches: bool = True
) -> str:
    """Put what a run knows into a model's statement, asking the database for the periods that its news touch.

    `since` gives the moment up to which the model's table knows all, by the column that tells. Without `touches` it is
    known that news touch no period, and nobody is asked.
    """
    sql = _SINCE.sub(lambda match: f"timestamp '{since(match[1])}'", sql)
    while (start := sql.find(_TOUCHED)) >= 0:
        end = closing(sql, start + len(_TOUCHED))
        column, _, query = sql[start + len(_TOUCHED) : end].partition(":")
        rows = connection.execute(query).fetchall() if touches else []
        sql = sql[:start] + condition(column, joined(Touched(*row) for row in rows)) + sql[end + 1 :]
    return sql


def where_apart(sql: str, *, is_apart: bool) -> str:
    """Leave out what a statement does only where minutes with news can have one without trades beside them."""
    while (start := sql.find(_APART)) >= 0:
        end = closing(sql, start + len(_APART))
        sql = sql[:start] + (sql[start + len(_APART) : end] if is_apart else "") + sql[end + 1 :]
    return sql
