"""Heartbeats: what one process tells the others."""

import os
import time

import pytest

from candlewick.moments import now_us
from candlewick.process import heartbeat
from candlewick.process.heartbeat import Heartbeat


def test_a_beat_can_be_read_with_its_numbers(tmp_path):
    Heartbeat(tmp_path, "recorder").beat(state="recording", objects=3)
    beat = heartbeat.read(tmp_path, "recorder")
    assert beat is not None
    assert (beat["pid"], beat["state"], beat["objects"]) == (os.getpid(), "recording", 3)


def test_a_process_that_ended_on_purpose_leaves_no_beat(tmp_path):
    beating = Heartbeat(tmp_path, "recorder")
    beating.beat()
    beating.stop()
    assert heartbeat.read(tmp_path, "recorder") is None


def test_a_beat_grows_stale(tmp_path):
    Heartbeat(tmp_path, "recorder").beat()
    beat = heartbeat.read(tmp_path, "recorder")
    assert beat is not None
    assert heartbeat.is_alive(beat)
    assert not heartbeat.is_alive(beat, at_us=beat["beat_at"] + 11_000_000)


def test_a_beat_without_room_on_the_disk_still_says_that_the_process_lives(tmp_path):
    beating = Heartbeat(tmp_path, "recorder")
    beating.beat(objects=3)
    long_ago = time.time() - 3_600
    os.utime(beating.path, (long_ago, long_ago))
    draft = tmp_path / f".recorder.json.{os.getpid()}.tmp"
    draft.mkdir()
    before = now_us()
    beating.beat(objects=4)
    beat = heartbeat.read(tmp_path, "recorder")
    assert beat is not None
    assert (beating.missed, beat["objects"]) == (1, 3)
    assert beat["beat_at"] >= before - 20_000, "a file's time is coarser than the clock"


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"pid": "x", "started_at": 1, "beat_at": 2}', "{nonsense"])
def test_a_file_that_is_no_beat_counts_as_none(tmp_path, content):
    (tmp_path / "recorder.json").write_text(content)
    assert heartbeat.read(tmp_path, "recorder") is None
