"""The row in Snowflake by which one owner at a time runs the models, and by which every cycle has its moment.

Cycles take the row in their transaction, so two of them wait for each other, and the second finds whose it is. The
moment of a cycle is the first's next in any case: it is the order in which cycles committed, whatever the clocks say.
"""

import secrets
import socket
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from candlewick.config import Settings
from candlewick.errors import WarehouseBusyError
from candlewick.process.files import replace_atomically
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
        """The lease of a data folder: whoever starts there again holds it still, whatever its host is called."""
        data = Path(settings.data).absolute()
        holder = f"{socket.gethostname()}:{data} {_id_of(data)}"
        seconds = max(_SHORTEST_SECONDS, round(3 * settings.snowflake.cycle_seconds))
        return cls(f"{settings.snowflake.database}.{TABLE}", holder, seconds)

    def claim(self, connection: Connection) -> datetime:
        """Take or keep it, and return this claim's moment, later than any before.

        Raises `WarehouseBusyError` where another holds it.
        """
        ((count, *_),) = connection.run(
            f"update {self.table} set holder = ?, held_until = dateadd('second', {self.seconds}, {_NOW}),"
            f" claimed_at = greatest({_NOW}, dateadd('microsecond', 1, claimed_at))"
            f" where holder like ? or holder is null or held_until < {_NOW}",
            [self.holder, self._mine],
        )
        holder, until, moment = connection.run(f"select holder, held_until, claimed_at from {self.table}")[0]
        assert isinstance(moment, datetime)
        if not count:
            who = holder.rpartition(" ")[0] or holder
            raise WarehouseBusyError(
                f"the models are run by {who} already (until {until:%H:%M:%S} UTC at least); stop that one, or wait "
                "until its lease has run out: two of them would do everything twice"
            )
        return moment

    def release(self, connection: Connection) -> None:
        """Let the next owner begin at once."""
        connection.run(f"update {self.table} set holder = null where holder like ?", [self._mine])

    @property
    def _mine(self) -> str:
        """What holders of this data folder are like: the end of their names is its id."""
        return f"%{self.holder.rpartition(' ')[2]}"


def _id_of(data: Path) -> str:
    """The id that a data folder's owners have in common, made by the first of them."""
    path = data / "state" / "holder"
    if not path.exists():
        replace_atomically(path, secrets.token_hex(6).encode())
    return path.read_text(encoding="ascii").strip()
