"""Snowpipe Streaming as its documents say it behaves: a stand-in, since no emulator has it.

Rows are taken at once and committed later, in order, with the offset token of the last one. A channel that is opened
again tells the committed token; what was not committed is gone, and the channel opened before is fenced off.
"""

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from candlewick.errors import WarehouseError
from candlewick.warehouse.snowflake.channels import ChannelLostError, Row, SaturatedError, State


@dataclass
class Table:
    """What is in the account: rows, and the token of each channel. `fault`, where set, is what the next call raises."""

    rows: list[Row] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    opened: dict[str, "PeerChannel"] = field(default_factory=dict)
    most_parts: int = 1_000
    refused: int = 0
    fault: WarehouseError | None = None

    def client(self) -> "PeerChannels":
        """Another client of this table."""
        return PeerChannels(self)

    def commit(self, parts: int = 1_000_000) -> None:
        """Let so many appended parts become durable, of every channel."""
        for channel in self.opened.values():
            channel.commit(parts)

    def payloads(self) -> list[dict[str, object]]:
        """What a query would see."""
        return [json.loads(msgspec.json.encode(row["PAYLOAD"])) for row in self.rows]

    def fail(self) -> None:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault


class PeerChannels:
    def __init__(self, table: Table) -> None:
        self._table = table

    def open(self, name: str) -> tuple["PeerChannel", State]:
        self._table.fail()
        channel = self._table.opened[name] = PeerChannel(self._table, name)
        return channel, channel.state()

    def close(self) -> None:
        self._table.opened.clear()


class PeerChannel:
    def __init__(self, table: Table, name: str) -> None:
        self._table, self._name = table, name
        self._waiting: deque[tuple[list[Row], str]] = deque()
        self.appended: list[tuple[str, str]] = []

    def append(self, rows: Sequence[Row], first: str, last: str) -> None:
        self._check()
        if len(self._waiting) >= self._table.most_parts:
            raise SaturatedError("Inflight data limit reached")
        self.appended.append((first, last))
        self._waiting.append((list(rows), last))

    def state(self) -> State:
        self._check()
        reason = "a row is no JSON" if self._table.refused else None
        return State(self._table.tokens.get(self._name), self._table.refused, reason)

    def commit(self, parts: int) -> None:
        for _ in range(min(parts, len(self._waiting))):
            rows, token = self._waiting.popleft()
            self._table.rows += rows
            self._table.tokens[self._name] = token

    def _check(self) -> None:
        self._table.fail()
        if self._table.opened.get(self._name) is not self:
            raise ChannelLostError("channel is in an invalid state")
