"""The `…_LIVE` views, made anew with literal bounds as the tape goes on.

A view keeps showing the same whether its bounds are new or old; older ones only let it read more. So they are made anew
every quarter of an hour, by statements that need no warehouse but for the one that asks where the tail begins.
"""

from collections.abc import Sequence

from candlewick.warehouse.compiled import Compiled
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.periods import constants, with_constants

SECONDS = 900.0
_TEXT = "YYYY-MM-DD HH24:MI:SS.FF6"


def make(connection: Connection, models: Sequence[Compiled]) -> None:
    """Make the views among the models, in their order. Raises `WarehouseError`."""
    views = [each for each in models if each.is_view]
    wanted = list(dict.fromkeys(text for each in views for text in constants(each.sql)))
    if not wanted:
        return
    asked = ", ".join(f"to_varchar({expression}, '{_TEXT}')" for expression in wanted)
    values = dict(zip(wanted, map(str, connection.run(f"select {asked}")[0]), strict=True))
    for each in views:
        connection.run(f"create or replace view {each.relation} as {with_constants(each.sql, values)}")
