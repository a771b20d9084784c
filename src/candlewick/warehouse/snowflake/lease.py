"""The row in Snowflake by which one owner at a time runs the models, and by which every cycle has its moment.

Cycles take the row in their transaction, so two of them wait for each other, and the second finds whose it is. The
moment of a cycle is the first's next in any case: it is the order in which cycles committed, whatever the clocks say.
"""

import socket
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from candlewick.config import Settings
from candlewick.errors import WarehouseBusyError
from candlewick.warehouse.snowflake.connection import Connection

TABLE = "RAW.LEASE"
_SHORTEST_SECONDS = 600
_NOW = "cast(convert_timezone('UTC', current_timestamp()) as timestamp_ntz)"


@dataclass(frozen=True)
class Lease:
    """What `holder` claims for `seconds` from each claim on."""

    table: str
    holder: str
    seconds: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The lease of a data folder on this host: whoever starts there again holds it still."""
        holder = f"{socket.gethostname()}:{Path(settings.data).absolute()}"
        seconds = max(_SHORTEST_SECONDS, round(3 * settings.snowflake.cycle_seconds))
        return cls(f"{settings.snowflake.database}.{TABLE}", holder, seconds)

    def claim(self, connection: Connection) -> datetime:
        """Take or keep it, and return this claim's moment, later than any before.

        Raises `WarehouseBusyError` where another holds it.
        """
        ((count, *_),) = connection.run(
            f"update {self.table} set holder = ?, held_until = dateadd('second', {self.seconds}, {_NOW}),"
            f" claimed_at = greatest({_NOW}, dateadd('microsecond', 1, claimed_at))"
            f" where holder = ? or holder is null or held_until < {_NOW}",
            [self.holder, self.holder],
        )
        holder, until, moment = connection.run(f"select holder, held_until, claimed_at from {self.table}")[0]
        assert isinstance(moment, datetime)
        if not count:
            raise WarehouseBusyError(
                f"the models are run by {holder} already (until {until:%H:%M:%S} UTC at least); stop that one, or wait "
                "until its lease has run out: two of them would do everything twice"
            )
        return moment

    def release(self, connection: Connection) -> None:
        """Let the next owner begin at once."""
        connection.run(f"update {self.table} set holder = null where holder = ?", [self.holder])
