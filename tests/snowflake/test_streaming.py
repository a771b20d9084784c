"""Streaming to its end: lines by the real SDK, the models on them, GOLD as by files; with a kill between two commits.

Snowpipe Streaming's endpoints are `snowpipe_peer`. What those took and committed is put as rows into fakesnow's RAW,
which is what Snowflake does with it.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from candlewick.config import Settings, SnowflakeSettings
from candlewick.lake.objects import Lake
from candlewick.moments import now_us
from candlewick.warehouse.snowflake import streamer
from candlewick.warehouse.snowflake.channels import Token
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.ingest import Ingest
from candlewick.warehouse.snowflake.snowpipe import Snowpipe
from dashboard import proven
from made.snowflake_sides import Account
from peers.snowflake_peer import Host, write_connection
from peers.snowpipe_peer import Account as Endpoints
from peers.snowpipe_peer import Channel, trusted_account
from warehouse.bench import Bench

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

RAW = "CRYPTO_DB.RAW.BINANCE_RAW"


@dataclass
class Stream:
    """The objects of a lake in the order they were written, those that are there by now, and both ends of the way."""

    source: Lake
    lake: Lake
    settings: Settings
    endpoints: Endpoints
    account: Account
    names: list[str] = field(default_factory=list)
    inserted: int = 0

    def __post_init__(self) -> None:
        written = [self.source.read_object(item.name) for item in self.source.list_all()]
        self.names = [each.name for each in sorted(written, key=lambda each: each.manifest.seq)]

    @property
    def channel(self) -> Channel:
        (channel,) = self.endpoints.channels.values()
        return channel

    def write(self, names: list[str]) -> int:
        """Put objects into the lake; return how many rows they are, their manifests among them."""
        for name in names:
            self.lake.put_absent(name, self.source.get(name))
        return sum(len(self.source.read_object(name).lines) + 1 for name in names)

    def ingest(self) -> Ingest:
        """The thread that streams, by the real SDK."""
        return Ingest(self.settings, partial(Snowpipe.connect, self.settings.snowflake))

    def insert(self) -> None:
        """Put what was committed since the last time into RAW."""
        rows = self.channel.rows[self.inserted :]
        with Connection.open(self.account.settings.snowflake, "CANDLEWICK_LOADER") as connection:
            for row in rows:
                values = [json.dumps(row["PAYLOAD"]), row["OBJECT_NAME"], row["ROW_NUMBER"], row["LOADED_AT"]]
                connection.run(f"insert into {RAW} select parse_json(?), ?, ?, cast(? as timestamp_ntz)", values)
        self.inserted += len(rows)


@pytest.fixture
def stream(snowflake_server: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stream]:
    monkeypatch.setattr(streamer, "STATE_SECONDS", 0.05)
    more = {"warehouse": "snowflake", "ingest": "streaming", "snowflake": SnowflakeSettings(connection="peer")}
    settings = Settings(data=tmp_path / "data", timezone=Bench.zone, **more)
    lake, source = (Lake.open(url, settings.prefix) for url in (settings.lake_url, str(tmp_path / "source")))
    proven.write_lake(source, clock=now_us() - 60_000_000)
    account = Account(settings.model_copy(update={"lake": "s3://tape"}), snowflake_server.new_peer())
    write_connection(tmp_path / "warehouse", snowflake_server.port)
    with trusted_account(tmp_path) as endpoints:
        yield Stream(source, lake, settings, endpoints, account)
        account.close()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def commit_half(channel: Channel) -> None:
    """Commit a part of what was taken, to the middle of its object: the rest was not durable when all stopped."""
    rows, token = channel.waiting[0]
    kept = rows[: len(rows) // 2]
    whole = Token.parse(token)
    channel.rows, channel.waiting = channel.rows + kept, []
    channel.committed = str(Token(whole.name, kept[-1]["ROW_NUMBER"], whole.rows))


def test_gold_by_streaming_equals_gold_by_files_through_a_restart_in_the_middle(stream, tmp_path, monkeypatch):
    endpoints, warehouse = tmp_path / "snowflake", tmp_path / "warehouse"
    monkeypatch.setenv("SNOWFLAKE_HOME", str(warehouse))
    stream.account.set_up()

    monkeypatch.setenv("SNOWFLAKE_HOME", str(endpoints))
    expected = stream.write(stream.names[:2])
    with stream.ingest().running():
        wait_until(lambda: stream.endpoints.channels)
        wait_until(lambda: stream.channel.commit() or len(stream.channel.rows) == expected)
        stream.write(stream.names[2:4])
        wait_until(lambda: stream.channel.waiting)
    commit_half(stream.channel)
    assert expected < len(stream.channel.rows)

    monkeypatch.setenv("SNOWFLAKE_HOME", str(warehouse))
    stream.insert()
    stream.account.run()

    monkeypatch.setenv("SNOWFLAKE_HOME", str(endpoints))
    stream.write(stream.names[4:])
    every = [(name, row) for name in stream.names for row in range(1, len(stream.source.read_object(name).lines) + 2)]
    with stream.ingest().running() as ingest:
        wait_until(lambda: stream.channel.commit() or len(stream.channel.rows) >= len(every))
        wait_until(lambda: ingest.arrival.waiting == 0 and ingest.arrival.problem is None)
    assert [(row["OBJECT_NAME"], row["ROW_NUMBER"]) for row in stream.channel.rows] == every, "each line once, in order"

    monkeypatch.setenv("SNOWFLAKE_HOME", str(warehouse))
    stream.insert()
    stream.account.run()
    with Bench.open_as_owner(tmp_path) as duckdb:
        duckdb.cycle([stream.source.read_object(name) for name in stream.names])
        assert stream.account.differing(duckdb.rows) == []
