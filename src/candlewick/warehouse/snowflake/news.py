"""What is new on Snowflake, asked without a warehouse: its functions and SHOW run in the cloud services.

So the warehouse may sleep as long as nothing comes. Sources: Snowflake, "SYSTEM$STREAM_HAS_DATA" (which may say so of a
stream that has none, never the other way round), "SYSTEM$LAST_CHANGE_COMMIT_TIME" ("applications that display
dashboards and need to figure out whether the dashboard needs to be refreshed") and "SYSTEM$PIPE_STATUS".
"""

from collections.abc import Sequence
from typing import NamedTuple

from candlewick.config import Settings
from candlewick.errors import CandlewickError
from candlewick.warehouse.arrival import Arrival
from candlewick.warehouse.snowflake import pipe
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.cycle import STREAM
from candlewick.warehouse.snowflake.pipe import Pipe


class News(NamedTuple):
    """Whether lines have come that no cycle has taken, and the pipe's status (None where nothing goes by it)."""

    has_lines: bool
    pipe: Pipe | None


def look(connection: Connection, settings: Settings) -> News:
    """Ask what the stream and the pipe are at. Raises `WarehouseError`."""
    snowflake = settings.snowflake
    asked = f"SELECT SYSTEM$STREAM_HAS_DATA('{snowflake.database}.{STREAM}')"
    if settings.ingest == "streaming":
        ((has_lines,),) = connection.run(asked)
        return News(_is_true(has_lines), None)
    ((has_lines, status),) = connection.run(f"{asked}, SYSTEM$PIPE_STATUS('{pipe.name_of(snowflake)}')")
    return News(_is_true(has_lines), pipe.parse(snowflake, status))


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


def _is_true(answer: object) -> bool:
    return str(answer).lower() == "true"


def _change(database: str, relation: str) -> str:
    return f"SYSTEM$LAST_CHANGE_COMMIT_TIME('{database}.{relation.upper()}')"
