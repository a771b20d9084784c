"""What is new on Snowflake, asked without a warehouse: its functions and SHOW run in the cloud services.

So the warehouse may sleep as long as nothing comes. Sources: Snowflake, "SYSTEM$LAST_CHANGE_COMMIT_TIME" ("applications
that display dashboards and need to figure out whether the dashboard needs to be refreshed") and "SYSTEM$PIPE_STATUS".
"""

from collections.abc import Sequence
from typing import NamedTuple

from candlewick.config import Settings
from candlewick.errors import CandlewickError
from candlewick.warehouse.arrival import Arrival
from candlewick.warehouse.snowflake import pipe
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.pipe import Pipe

RAW = "RAW.BINANCE_RAW"


class News(NamedTuple):
    """RAW's state as a number that grows with every change, and the pipe's status (None where nothing goes by it)."""

    raw: int
    pipe: Pipe | None


def look(connection: Connection, settings: Settings) -> News:
    """Ask what RAW and the pipe are at. Raises `WarehouseError`."""
    snowflake = settings.snowflake
    if settings.ingest == "streaming":
        return News(changes(connection, snowflake.database, [RAW])[0], None)
    asked = f"SYSTEM$PIPE_STATUS('{pipe.name_of(snowflake)}'), {_change(snowflake.database, RAW)}"
    ((status, raw),) = connection.run(f"SELECT {asked}")
    return News(int(raw), pipe.parse(snowflake, status))


def ask_for_arrival(settings: Settings) -> Arrival | None:
    """Log in as the reader and ask the pipe; None where nothing goes by it. An error is told as the problem it is."""
    snowflake = settings.snowflake
    if settings.ingest == "streaming":
        return None
    try:
        with Connection.open(snowflake, snowflake.reader_role) as connection:
            ((status,),) = connection.run(f"SELECT SYSTEM$PIPE_STATUS('{pipe.name_of(snowflake)}')")
        return pipe.arrival_of(pipe.parse(snowflake, status))
    except CandlewickError as error:
        return Arrival(f"pipe {pipe.name_of(snowflake)}", "unknown", problem=str(error))


def changes(connection: Connection, database: str, relations: Sequence[str]) -> tuple[int, ...]:
    """Return a number for each table or view, which differs after every change of it. Raises `WarehouseError`."""
    ((*numbers,),) = connection.run(f"SELECT {', '.join(_change(database, relation) for relation in relations)}")
    return tuple(map(int, numbers))


def _change(database: str, relation: str) -> str:
    return f"SYSTEM$LAST_CHANGE_COMMIT_TIME('{database}.{relation.upper()}')"
