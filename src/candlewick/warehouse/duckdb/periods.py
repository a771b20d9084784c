"""What a compiled model asks of a run: the moment since when it looks for news, and the periods that they touch.

Both are put in as constants: DuckDB then skips what lies outside of them without reading it.
"""

import re
from collections.abc import Callable
from datetime import datetime

import duckdb

from candlewick.warehouse.periods import Touched, closing, condition, joined

_TOUCHED = "$touched("
_SINCE = re.compile(r"\$since\((\w+)\)")


def with_news(connection: duckdb.DuckDBPyConnection, sql: str, since: Callable[[str], datetime]) -> str:
    """Put what a run knows into a model's statement, asking the database for the periods that its news touch.

    `since` gives the moment up to which the model's table knows all, by the column that tells.
    """
    sql = _SINCE.sub(lambda match: f"timestamp '{since(match[1])}'", sql)
    while (start := sql.find(_TOUCHED)) >= 0:
        end = closing(sql, start + len(_TOUCHED))
        column, _, query = sql[start + len(_TOUCHED) : end].partition(":")
        periods = joined(Touched(*row) for row in connection.execute(query).fetchall())
        sql = sql[:start] + condition(column, periods) + sql[end + 1 :]
    return sql
