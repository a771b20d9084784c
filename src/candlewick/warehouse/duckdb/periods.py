"""What a compiled model asks of a run: the moment since when it looks for news, and the periods that they touch.

Both are put in as constants: DuckDB then skips what lies outside of them without reading it.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache

import duckdb

from candlewick.warehouse.periods import Touched, condition, filled, joined

_TOUCHED = "$touched("
_APART = "$apart("
_COPIED = "$copied("
_SINCE = re.compile(r"\$since\((\w+)\)")


def with_news(
    connection: duckdb.DuckDBPyConnection, sql: str, since: Callable[[str], datetime], *, touches: bool = True
) -> str:
    """Put what a run knows into a model's statement, asking the database for the periods that its news touch.

    `since` gives the moment up to which the model's table knows all, by the column that tells. Without `touches` it is
    known that news touch no period, and nobody is asked.
    """

    @cache  # a statement asks for the same periods wherever it reads a table
    def periods(query: str) -> list[Touched]:
        return joined(Touched(*row) for row in connection.execute(query).fetchall()) if touches else []

    def within(asked: str) -> str:
        column, _, query = asked.partition(":")
        return condition(column, periods(query))

    return filled(_SINCE.sub(lambda match: f"timestamp '{since(match[1])}'", sql), _TOUCHED, within)


def with_parts(sql: str, *, is_apart: bool, is_copied: bool) -> str:
    """Leave out what a statement does only in some cases.

    Those are: minutes with news can have one without trades beside them; trades that come can be copies of others.
    """
    sql = filled(sql, _APART, lambda part: part if is_apart else "")
    return filled(sql, _COPIED, lambda part: part if is_copied else "")
