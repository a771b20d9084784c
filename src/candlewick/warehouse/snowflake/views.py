"""The `…_LIVE` views, made anew with literal bounds as the tape goes on.

A view keeps showing the same whether its bounds are new or old; older ones only let it read more. So they are made anew
every quarter of an hour, by statements that need no warehouse but for the one that asks where the tail begins.
"""

import re
from collections.abc import Mapping, Sequence

from candlewick.warehouse.compiled import Compiled
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.periods import constants, with_constants
from candlewick.warehouse.snowflake.tables import text

SECONDS = 900.0
_LITERAL = re.compile(r"\btimestamp ('[^']*')", re.IGNORECASE)
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
        connection.run(statement(each, values))


def statement(view: Compiled, values: Mapping[str, str]) -> str:
    """Return what makes a view anew, for whoever was granted it.

    A literal says which kind of time it is: what `timestamp '…'` means is a parameter of the session that reads.
    """
    sql = _LITERAL.sub(r"\1::timestamp_ntz", with_constants(view.sql, values))
    return f"create or replace view {view.relation} copy grants comment = {text(view.about)} as {sql}"
