"""Pure: what `SYSTEM$PIPE_STATUS` says of the pipe, and what to do where it does not load.

Source: Snowflake, "SYSTEM$PIPE_STATUS" and "Manage Snowpipe", read in November 2026.
"""

from datetime import datetime
from typing import NamedTuple

import msgspec

from candlewick.config import SnowflakeSettings
from candlewick.moments import to_micros
from candlewick.warehouse.arrival import Arrival

_RESUME = "resume it: ALTER PIPE {name} SET PIPE_EXECUTION_PAUSED = FALSE"
_AGAIN = "run `candlewick setup snowflake` again"
_ANEW = "`candlewick setup snowflake --renew-pipe` makes it anew"
_NEXT_STEPS = {
    "PAUSED": f"{_RESUME} (after 14 days: "
    "SELECT SYSTEM$PIPE_FORCE_RESUME('{name}', 'staleness_check_override'), and `candlewick load` for what was missed)",
    "STOPPED_STAGE_DROPPED": _ANEW,
    "STOPPED_FILE_FORMAT_DROPPED": _ANEW,
    "STOPPED_MISSING_TABLE": _AGAIN,
    "STOPPED_MISSING_PIPE": _AGAIN,
    "STOPPED_STAGE_ALTERED": _ANEW,
    "STALLED_STAGE_PERMISSION_ERROR": "AWS's role does not let Snowflake in: `candlewick setup snowflake --apply-aws`",
    "STALLED_COMPILATION_ERROR": f"its COPY does not fit its table any more: {_ANEW}",
    "STALLED_EXECUTION_ERROR": "its COPY fails: see COPY_HISTORY of RAW.BINANCE_RAW",
    "READ_ONLY": "its database is a read-only secondary one; point `database` in [snowflake] to the primary",
}


class PipeStatus(msgspec.Struct, frozen=True, rename="camel"):
    """The pipe's state, and the objects that wait. Times are UTC; a time is None where there was no such event."""

    execution_state: str
    pending_file_count: int = 0
    oldest_file_timestamp: datetime | None = None
    last_ingested_timestamp: datetime | None = None
    last_ingested_file_path: str | None = None
    last_received_message_timestamp: datetime | None = None
    error: str | None = None
    fault: str | None = None

    @property
    def is_loading(self) -> bool:
        """Whether the pipe loads what comes."""
        return self.execution_state == "RUNNING"


class Pipe(NamedTuple):
    """A pipe by its whole name, and its status."""

    name: str
    status: PipeStatus

    @property
    def problem(self) -> str | None:
        """Why the pipe does not load, in one line that ends with the next step; None where it does."""
        status = self.status
        if status.is_loading and not (status.error or status.fault):
            return None
        reason = status.error or status.fault
        why = f" ({' '.join(reason.split())})" if reason else ""
        step = _NEXT_STEPS.get(status.execution_state, "see SYSTEM$PIPE_STATUS and COPY_HISTORY in Snowflake")
        return f"the pipe {self.name} is {status.execution_state}{why}; {step.format(name=self.name)}"


def name_of(settings: SnowflakeSettings) -> str:
    """Return the pipe's whole name."""
    return f"{settings.database}.RAW.{settings.pipe}"


def parse(settings: SnowflakeSettings, text: str) -> Pipe:
    """Read the function's JSON. Raises `msgspec.DecodeError` where it is none."""
    return Pipe(name_of(settings), msgspec.json.decode(text, type=PipeStatus))


def arrival_of(pipe: Pipe) -> Arrival:
    """Tell how objects arrive by Snowpipe."""
    status = pipe.status
    return Arrival(
        way=f"pipe {pipe.name}",
        state=status.execution_state,
        waiting=status.pending_file_count,
        oldest_at=_micros(status.oldest_file_timestamp),
        loaded_at=_micros(status.last_ingested_timestamp),
        problem=pipe.problem,
    )


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)
