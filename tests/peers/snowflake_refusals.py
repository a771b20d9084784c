"""The error table of a table that has error logging, as Snowflake's "Error tables" describes it.

It is a table of fakesnow's with the documented columns, so a statement about it is executed. It is there once `SET
ERROR_LOGGING = TRUE` was said of its base table, and may be read once SELECT ERROR TABLE was granted on that.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from fakesnow.instance import FakeSnow

TABLE = "CRYPTO_DB.RAW.PEER_ERRORS"
_ASKED = re.compile(r"\berror_table\(([\w.]+)\)", re.IGNORECASE)


def answered(statement: str, said: Sequence[str]) -> str:
    """Return the statement with the error table's rows in it, where it asks for one; `said` is what was run before."""
    match = _ASKED.search(statement)
    if match is None:
        return statement
    logs = any(re.match(rf"ALTER TABLE {match[1]} SET ERROR_LOGGING = TRUE", each) for each in said)
    may = any(re.match(rf"GRANT SELECT ERROR TABLE ON TABLE {match[1]} TO ROLE", each) for each in said)
    name = TABLE if logs and may else '"Error table of ' + match[1] + ' does not exist or not authorized"'
    return _ASKED.sub(name, statement)


def make(holds: FakeSnow, rows: Sequence[dict[str, Any]], message: str, *, hours_ago: float = 0.0) -> None:
    """Let streamed rows be refused: they are kept as they were sent, with the reason."""
    cursor = holds.connect("CRYPTO_DB", "RAW").cursor()
    cursor.execute(
        f"create table if not exists {TABLE} (timestamp timestamp_ltz, query_id varchar, error_code number,"
        " error_metadata variant, error_data variant)"
    )
    metadata = {"service": "snowpipe_streaming", "error_message": message, "details": {"channel_name": "binance-r1"}}
    for row in rows:
        texts = [json.dumps(each).replace("'", "''") for each in (metadata, row)]
        cursor.execute(
            f"insert into {TABLE} select dateadd('second', {round(-3_600 * hours_ago)}, current_timestamp()), null,"
            f" 100_038, parse_json('{texts[0]}'), parse_json('{texts[1]}')"
        )
