"""What did not get into RAW within a day: files that the pipe refused, rows that streaming did; each with its reason.

Files stand in COPY_HISTORY. Rows stand in the error table of RAW, which `ERROR_LOGGING` keeps (setup.sql), with the row
as it was sent; SELECT ERROR TABLE is the right to read it. Sources: Snowflake, "COPY_HISTORY", "Error tables", "Error
logging in Snowpipe Streaming with high-performance architecture" and "GRANT <privileges>", November 2026.
"""

from candlewick.errors import WarehouseError, WarehousePermissionError
from candlewick.warehouse.refused import Refused
from candlewick.warehouse.snowflake.connection import Connection

_MOST = 20
_FILES = (
    "select file_name, first_error_message, count(*) over ()"
    " from table(information_schema.copy_history(table_name => '{table}',"
    " start_time => dateadd('day', -1, current_timestamp())))"
    " where lower(status) in ('load failed', 'partially loaded') order by last_load_time desc limit {most}"
)
# What was sent has RAW's columns as its keys. A pipe with a select list of its own has them under "$1".
_ROWS = (
    'select coalesce(error_data:OBJECT_NAME::varchar, error_data:"$1":OBJECT_NAME::varchar),'
    ' coalesce(error_data:ROW_NUMBER::int, error_data:"$1":ROW_NUMBER::int),'
    " error_code, error_metadata:error_message::varchar, count(*) over ()"
    " from error_table({table}) where error_metadata:service::varchar = 'snowpipe_streaming'"
    " and timestamp >= dateadd('day', -1, current_timestamp()) order by timestamp desc limit {most}"
)


def files(connection: Connection, table: str) -> list[str]:
    """The newest files that nobody could load, and how many more there are. Raises `WarehouseError`."""
    rows = connection.run(_FILES.format(table=table, most=_MOST))
    told = [f"{name}: {reason}" for name, reason, _ in rows]
    return _with_more(told, int(rows[0][2]) if rows else 0, "information_schema.copy_history")


def rows(connection: Connection, table: str) -> Refused:
    """The newest rows that streaming could not put into the table, and how many there are in all.

    Where the error table is not there, or not this role's to read, that is told as its problem: candles are made all
    the same. Raises `WarehouseError` for what any statement would meet.
    """
    try:
        found = connection.run(_ROWS.format(table=table, most=_MOST))
    except WarehouseError as error:
        if type(error) not in (WarehouseError, WarehousePermissionError):
            raise
        step = "`candlewick setup snowflake` turns it on, and lets this role read it"
        return Refused(problem=f"the error table of {table} tells nothing ({error}); {step}")
    told = [_line(*row[:4]) for row in found]
    count = int(found[0][4]) if found else 0
    return Refused(count, _with_more(told, count, f"ERROR_TABLE({table})"))


def _line(name: str | None, number: int | None, code: object, reason: str | None) -> str:
    where = f"{name} row {number}" if name else "a row that tells no object"
    return f"{where}: {reason or f'error {code}'}"


def _with_more(told: list[str], count: int, where: str) -> list[str]:
    return [*told, f"{count - len(told):,} more within a day: {where} tells all"] if count > len(told) else told
