"""The streaming way in: every line of the lake once, whatever instant it is stopped at. The client is a stand-in."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candlewick.errors import WarehouseError
from candlewick.lake import names
from candlewick.lake.manifest import Extent, Manifest
from candlewick.lake.objects import Lake, pack
from candlewick.warehouse.snowflake import streamer as room
from candlewick.warehouse.snowflake.channels import ChannelLostError, Token
from candlewick.warehouse.snowflake.streamer import Streamer
from peers.streaming_peer import Table

LONG_AGO = datetime(2017, 8, 17, 4, tzinfo=UTC)


class Recorder:
    """Writes objects as a recorder does: a chain, in which those of the past lie in folders of the past."""

    def __init__(self, lake: Lake, name: str = "r1", start: datetime | None = None) -> None:
        self.lake, self.name, self.seq, self.prev, self.ids = lake, name, 0, None, 0
        self.now = start or datetime.now(UTC) - timedelta(hours=3)

    def stream(self, lines: int = 3) -> str:
        self.now += timedelta(minutes=10)
        return self._put(names.stream("demo", self.name, _micros(self.now)), lines)

    def backfill(self, lines: int = 2) -> str:
        at = _micros(LONG_AGO + timedelta(minutes=self.seq))
        return self._put(names.backfill("demo", self.name, at, at, {"A": [(self.seq, self.seq)]}), lines)

    def _put(self, name: str, count: int) -> str:
        self.seq += 1
        first, self.ids = self.ids + 1, self.ids + count
        lines = [f'{{"e":"trade","r":"{self.name}","t":{number}}}'.encode() for number in range(first, first + count)]
        manifest = Manifest(
            recorder=self.name,
            seq=self.seq,
            prev=self.prev,
            created=_micros(self.now),
            lines=count,
            spans={"A": Extent(first, self.ids, count, [(first, self.ids)])},
            covered={"A": [(1, self.ids)]},
        )
        self.lake.put_absent(name, pack(lines, manifest))
        self.prev = name
        return name


def _micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.open(str(tmp_path / "lake"), "demo")


@pytest.fixture(autouse=True)
def always_ask(monkeypatch) -> None:
    monkeypatch.setattr(room, "STATE_SECONDS", 0.0)
    monkeypatch.setattr(room, "_SATURATED_SECONDS", 0.001)


def run(streamer: Streamer) -> Streamer:
    """Until nothing is new."""
    while streamer.step() or streamer.is_catching_up:
        continue
    return streamer


def ids(table: Table, recorder: str = "r1") -> list[object]:
    return [payload["t"] for payload in table.payloads() if payload.get("r") == recorder]


def test_every_line_and_manifest_arrives_in_the_order_it_was_written(lake):
    recorder, table = Recorder(lake), Table()
    written = [recorder.stream(), recorder.backfill(), recorder.backfill(), recorder.stream(), recorder.stream()]
    run(Streamer(lake, table.client()))
    table.commit()
    assert ids(table) == list(range(1, 14))
    assert [payload["seq"] for payload in table.payloads() if payload["e"] == "manifest"] == [1, 2, 3, 4, 5]
    assert list(dict.fromkeys(row["OBJECT_NAME"] for row in table.rows)) == written
    assert [row["ROW_NUMBER"] for row in table.rows[:4]] == [1, 2, 3, 4]


def test_what_comes_later_is_appended_once(lake):
    recorder, table = Recorder(lake, start=datetime.now(UTC) - timedelta(minutes=11)), Table()
    recorder.stream()
    streamer = run(Streamer(lake, table.client()))
    assert not streamer.step()
    recorder.backfill()
    assert not streamer.step(), "it is found through the next object of the present"
    recorder.now += timedelta(seconds=1) - timedelta(minutes=10)
    recorder.stream()
    run(streamer)
    table.commit()
    assert ids(table) == list(range(1, 9))
    assert not streamer.step() and not streamer.arrival().waiting


def test_recorders_have_channels_of_their_own(lake):
    table = Table()
    for name in ("r1", "r2", "r1-backfill"):
        recorder = Recorder(lake, name)
        recorder.backfill()
        recorder.stream()
    run(Streamer(lake, table.client()))
    table.commit()
    assert set(table.tokens) == {"demo-r1", "demo-r2", "demo-r1-backfill"}
    assert all(ids(table, name) == [1, 2, 3, 4, 5] for name in ("r1", "r2", "r1-backfill"))


@pytest.mark.parametrize("committed", range(8))
def test_a_restart_goes_on_behind_what_is_committed(lake, committed, monkeypatch):
    """Killed with any number of parts committed, in the middle of an object, too."""
    monkeypatch.setattr(room, "PART_BYTES", 1)
    recorder, table = Recorder(lake), Table()
    for write in (recorder.stream, recorder.backfill, recorder.stream):
        write()
    run(Streamer(lake, table.client()))
    table.commit(committed)
    recorder.stream()
    run(Streamer(lake, table.client()))
    table.commit()
    assert ids(table) == list(range(1, 12))
    assert len(table.rows) == 11 + 4


@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_whatever_happens_every_line_is_there_once_and_in_order(data, tmp_path_factory):
    lake = Lake.open(str(tmp_path_factory.mktemp("lake")), "demo")
    recorder, table = Recorder(lake), Table()
    streamer = Streamer(lake, table.client())
    for action in data.draw(
        st.lists(st.sampled_from(["stream", "backfill", "step", "commit", "kill", "lose"]), max_size=30)
    ):
        if action in ("stream", "backfill"):
            getattr(recorder, action)(data.draw(st.integers(1, 4)))
        elif action == "commit":
            table.commit(data.draw(st.integers(1, 3)))
        elif action == "kill":
            streamer = Streamer(lake, table.client(), streamer.since)
        elif action == "lose":
            table.fault = ChannelLostError("lost")
        else:
            try:
                streamer.step()
            except WarehouseError:
                streamer = Streamer(lake, table.client(), streamer.since)
    table.fault = None
    recorder.stream()
    run(Streamer(lake, table.client(), streamer.since))
    table.commit()
    assert ids(table) == list(range(1, recorder.ids + 1))


def test_a_channel_that_is_full_is_waited_for(lake):
    recorder, table = Recorder(lake), Table(most_parts=1)
    for _ in range(3):
        recorder.stream()
    streamer = Streamer(lake, table.client())
    working = threading.Thread(target=run, args=(streamer,))
    working.start()
    while working.is_alive():
        table.commit(1)
        working.join(0.01)
    table.commit()
    assert ids(table) == list(range(1, 10))


def test_a_stop_does_not_wait_for_a_full_channel(lake):
    recorder, table = Recorder(lake), Table(most_parts=1)
    recorder.stream()
    recorder.stream()
    streamer = Streamer(lake, table.client())
    streamer.stop.set()
    with pytest.raises(ChannelLostError, match="the next start goes on"):
        run(streamer)


def test_it_says_how_many_objects_wait_and_where_the_next_start_begins(lake):
    recorder, table = Recorder(lake, start=datetime.now(UTC) - timedelta(days=3)), Table()
    first = recorder.stream()
    recorder.backfill()
    newest = recorder.stream()
    streamer = run(Streamer(lake, table.client()))
    assert streamer.arrival().waiting == 3
    assert streamer.since == first.rpartition("/")[0], "not the folder of a backfill, which may be years back"
    table.commit()
    streamer.step()
    assert streamer.arrival().waiting == 0
    assert streamer.since == newest.rpartition("/")[0], "where the recorder is, by the clock it goes by"
    assert "0 objects waiting, last loaded" in streamer.arrival().text(_micros(datetime.now(UTC)))


def test_rows_that_snowflake_refuses_are_a_problem_for_a_day(lake, monkeypatch):
    recorder, table = Recorder(lake), Table(refused=7)
    recorder.stream()
    Recorder(lake, name="r2").stream()
    streamer = run(Streamer(lake, table.client()))
    assert streamer.arrival().problem is None, "of those before it was opened nobody knows how long ago it was"
    table.refused = 9
    streamer.step()
    told = "refused 4 rows within a day (a row is no JSON)"
    assert told in (streamer.arrival().problem or ""), "two channels that refuse alike are two"
    now = _micros(datetime.now(UTC))
    monkeypatch.setattr(room, "now_us", lambda: now + 23 * 3_600_000_000)
    streamer.step()
    assert told in (streamer.arrival().problem or "")
    monkeypatch.setattr(room, "now_us", lambda: now + 25 * 3_600_000_000)
    streamer.step()
    assert streamer.arrival().problem is None


def test_a_torn_object_is_named_and_the_others_arrive(lake):
    recorder, table = Recorder(lake), Table()
    recorder.stream()
    torn = names.stream("demo", "r1", _micros(recorder.now + timedelta(seconds=1)))
    lake.put_absent(torn, b"torn")
    recorder.stream()
    streamer = run(Streamer(lake, table.client()))
    table.commit()
    assert list(streamer.skipped) == [torn]
    assert ids(table) == [1, 2, 3, 4, 5, 6]


def test_a_channel_of_somebody_else_is_left_alone(lake):
    recorder, table = Recorder(lake), Table(tokens={"demo-r1": "kafka-42"})
    recorder.stream()
    with pytest.raises(WarehouseError, match=r"'kafka-42'.*drop the channel"):
        run(Streamer(lake, table.client()))
    assert Token.parse(str(Token("a#b/c", 3, 9))) == Token("a#b/c", 3, 9)
