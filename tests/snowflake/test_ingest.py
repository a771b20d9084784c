"""The thread that streams: it lives through a lake and a Snowflake that are away, and goes on where it was."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from candlewick.config import Settings, SnowflakeSettings
from candlewick.errors import WarehouseAccountError, WarehouseLoginError
from candlewick.lake import names
from candlewick.lake.manifest import Manifest
from candlewick.lake.objects import Lake, pack
from candlewick.warehouse.snowflake import ingest as room
from candlewick.warehouse.snowflake import streamer
from candlewick.warehouse.snowflake.channels import Channels
from candlewick.warehouse.snowflake.ingest import Ingest
from peers.streaming_peer import Table


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setattr(room, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(room, "_LONGEST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(streamer, "STATE_SECONDS", 0.0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    more = {"warehouse": "snowflake", "ingest": "streaming", "snowflake": SnowflakeSettings()}
    return Settings(data=tmp_path, prefix="demo", **more)


def put(settings: Settings, seq: int, prev: str | None = None) -> str:
    """Put an object of one line; it is named by now, as a recorder does."""
    now = time.time_ns() // 1_000
    name = names.stream("demo", "r1", now)
    manifest = Manifest(recorder="r1", seq=seq, prev=prev, created=now, lines=1, spans={}, covered={})
    Lake.open(settings.lake_url, "demo").put_absent(name, pack([b'{"t":%d}' % seq], manifest))
    return name


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def test_it_goes_on_when_snowflake_comes_back_and_every_line_is_there_once(settings):
    table = Table()
    logins: list[Exception | None] = [WarehouseAccountError("the account cannot be reached"), None, None]

    def connect() -> Channels:
        if (error := logins.pop(0) if logins else None) is not None:
            raise error
        return table.client()

    first = put(settings, 1)
    with Ingest(settings, connect).running() as ingest:
        wait_until(lambda: "demo-r1" in table.opened and table.opened["demo-r1"].appended)
        table.fault = WarehouseLoginError("the token has expired")
        second = put(settings, 2, first)
        wait_until(lambda: table.fault is None and not logins)
        put(settings, 3, second)
        wait_until(lambda: table.commit() or len(table.rows) == 6)
        wait_until(lambda: ingest.arrival.waiting == 0 and ingest.arrival.problem is None)
    assert [row["ROW_NUMBER"] for row in table.rows] == [1, 2] * 3
    assert (settings.data / "state" / "streaming.json").exists()


def test_rows_that_were_refused_are_told_after_another_login_too(settings):
    table, logins = Table(refused=4), []

    def connect() -> Channels:
        logins.append(1)
        return table.client()

    put(settings, 1)
    with Ingest(settings, connect).running() as ingest:
        wait_until(lambda: "demo-r1" in table.opened and table.opened["demo-r1"].appended)
        table.refused = 6
        wait_until(lambda: "refused 2 rows within a day" in (ingest.arrival.problem or ""))
        table.fault = WarehouseLoginError("the token has expired")
        table.refused = 7
        wait_until(lambda: len(logins) == 2 and "refused 3 rows within a day" in (ingest.arrival.problem or ""))


def test_what_is_wrong_is_told_in_one_line(settings):
    def connect() -> Channels:
        raise WarehouseLoginError("Snowpipe Streaming does not accept the key; set its public half")

    with Ingest(settings, connect).running() as ingest:
        wait_until(lambda: ingest.arrival.problem)
    assert ingest.arrival.state == "WAITING" and "set its public half" in (ingest.arrival.problem or "")


def test_a_lake_that_is_away_keeps_the_channels(settings, tmp_path):
    table = Table()
    put(settings, 1)
    with Ingest(settings, table.client).running() as ingest:
        wait_until(lambda: table.commit() or len(table.rows) == 2)
        lake = tmp_path / "lake"
        lake.rename(tmp_path / "away")
        lake.write_text("no folder")
        wait_until(lambda: ingest.arrival.problem)
        lake.unlink()
        (tmp_path / "away").rename(lake)
        wait_until(lambda: ingest.arrival.problem is None)
        assert list(table.opened) == ["demo-r1"]
    assert len(table.rows) == 2


class Waits(threading.Event):
    """Waits no time, and says how long it was asked to; it is set by the last of so many waits."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.asked: list[float | None] = []
        self._most = most

    def wait(self, timeout: float | None = None) -> bool:
        self.asked.append(timeout)
        if len(self.asked) >= self._most:
            self.set()
        return self.is_set()


def run(ingest: Ingest, most: int) -> list[float | None]:
    """How long the thread waits, so many times."""
    ingest._stop = waits = Waits(most)
    with ingest.running():
        wait_until(waits.is_set)
    return waits.asked


def test_an_idle_lake_is_looked_at_for_ever(settings, monkeypatch):
    monkeypatch.undo()
    put(settings, 1)
    ingest = Ingest(settings, Table().client)
    waits = run(ingest, 1_200)
    behind = [wait for wait in waits if wait == 0.0]
    assert waits[len(behind) :][:5] == [1.0, 1.0, 2.0, 4.0, 8.0] and set(waits[-100:]) == {8.0}
    assert ingest.arrival.problem is None


def test_logging_in_is_tried_for_ever(settings):
    def connect() -> Channels:
        raise WarehouseAccountError("the account cannot be reached")

    assert set(run(Ingest(settings, connect), 1_200)[-100:]) == {room._LONGEST_PAUSE_SECONDS}


def test_what_nobody_expected_is_told_and_tried_again(settings):
    table, faults = Table(), [ZeroDivisionError("a fault of ours")]

    def connect() -> Channels:
        if faults:
            raise faults.pop()
        return table.client()

    put(settings, 1)
    ingest = Ingest(settings, connect)
    told = []
    tell = ingest._tell
    ingest._tell = lambda error: (told.append(str(error)), tell(error))[1]  # type: ignore[method-assign]
    with ingest.running():
        wait_until(lambda: table.commit() or len(table.rows) == 2)
    assert "a fault of ours" in told[0]


def test_a_lake_that_fails_while_the_past_is_caught_up_with_is_not_hammered(settings, tmp_path):
    table = Table()
    put(settings, 1)
    ingest = Ingest(settings, table.client)
    (tmp_path / "lake").rename(tmp_path / "away")
    (tmp_path / "lake").write_text("no folder")
    assert 0.0 not in run(ingest, 50)
