"""RAW on Snowflake's peer with a few lines, as Snowpipe would have put them: for tests of what runs on it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from candlewick.config import Settings
from candlewick.lake import names
from candlewick.lake.manifest import Extent, Manifest
from candlewick.lake.objects import pack
from candlewick.setup.sql import copy_statement, render, sections
from candlewick.warehouse.snowflake import pipe
from candlewick.warehouse.snowflake.connection import Connection
from peers.snowflake_peer import Peer

_TABLE = "payload variant, object_name varchar, row_number number(38,0), loaded_at timestamp_ntz(6)"


@dataclass
class SmallRaw:
    """The table, the pipe into it, and the objects in the bucket."""

    peer: Peer
    settings: Settings
    seq: int = 0

    @classmethod
    def make(cls, peer: Peer, settings: Settings) -> "SmallRaw":
        objects: dict[str, bytes] = {}
        peer.objects = lambda: objects
        name = pipe.name_of(settings.snowflake)
        with Connection.open(settings.snowflake, settings.snowflake.loader_role) as connection:
            connection.run(f"create database if not exists {settings.snowflake.database}")
            for schema in ("RAW", "SILVER", "GOLD"):
                connection.run(f"create schema if not exists {settings.snowflake.database}.{schema}")
            connection.run(f"create table {settings.snowflake.database}.RAW.BINANCE_RAW ({_TABLE})")
            for section in sections(render("setup", settings, "")):
                is_taken = section.title == "What the models take"
                for statement in section.statements:
                    if is_taken or re.search(r"ERROR_LOGGING|ERROR TABLE", statement):
                        connection.run(statement)
            connection.run(f"CREATE PIPE IF NOT EXISTS {name} AUTO_INGEST = TRUE AS {copy_statement(settings)}")
        return cls(peer, settings)

    def put(self, first: int, last: int, *, at: datetime = datetime(2024, 8, 8, tzinfo=UTC)) -> str:
        """Put an object of trades `first..last` into the bucket, one a second from `at` on; return its name."""
        self.seq += 1
        start = int(at.timestamp() * 1e6)
        lines = [_trade(trade_id, start + (trade_id - first) * 1_000_000) for trade_id in range(first, last + 1)]
        span = Extent(first, last, last - first + 1, [(first, last)])
        manifest = Manifest(
            recorder="r1",
            seq=self.seq,
            prev=None,
            created=start,
            lines=len(lines),
            spans={"BTCUSDT": span},
            covered={"BTCUSDT": [(1, last)]},
        )
        name = names.stream(self.settings.prefix, "r1", start + self.seq)
        self.peer.objects()[name] = pack(lines, manifest)
        return name

    def load(self) -> int:
        """Let the pipe load what waits."""
        return self.peer.load(pipe.name_of(self.settings.snowflake), self.peer.objects())


def _trade(trade_id: int, at: int) -> bytes:
    fields = {"e": "trade", "E": at, "s": "BTCUSDT", "t": trade_id, "p": f"{trade_id}.5", "q": "2", "T": at, "m": True}
    return msgspec.json.encode(fields | {"M": True, "src": "ws", "recv": at})
