"""Heartbeats: what one process tells the others."""

import os

from candlewick import heartbeat
from candlewick.heartbeat import Heartbeat


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
