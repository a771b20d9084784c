"""Checkpoints that are behind, lost, corrupt or wrong, against a real lake in a folder."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from candlewick.errors import CheckpointError, LakeError
from candlewick.lake import names
from candlewick.lake.batch import NO_HISTORY, Batch
from candlewick.lake.objects import Lake, pack
from candlewick.spans import Spans
from candlewick.tape import checkpoint
from candlewick.tape.checkpoint import Checkpoint, HistoryMark

HOUR = 3_600_000_000


class Recorder:
    """Writes objects as the recorder does: durable first, then the checkpoint."""

    def __init__(self, root: Path, name: str = "r1") -> None:
        self.lake = Lake.open(str(root / "lake"), "demo")
        self.path = root / "state" / f"{name}.state.json"
        self.state = Checkpoint(name, lake=self.lake.identity)

    def write(self, first: int, last: int, *, at: int | None = None, is_saved: bool = True, history=NO_HISTORY) -> str:
        """Write an object of live trades cut at `at`, or of backfilled ones where that is None."""
        batch = Batch()
        for trade_id in range(first, last + 1):
            batch.add_trade("BTCDEMO", trade_id, b"{}")
        manifest = batch.manifest(
            recorder=self.state.recorder,
            seq=self.state.seq + 1,
            prev=self.state.prev,
            created=0,
            covered=self.covered(),
            declared={},
            history=history,
        )
        name = (
            names.backfill("demo", self.state.recorder, 0, 0, {"BTCDEMO": [(first, last)]})
            if at is None
            else names.stream("demo", self.state.recorder, at)
        )
        if at is None:
            self.state.writing = name
            self.state.save(self.path)
        self.lake.put_absent(name, pack(batch.lines, manifest))
        self.state.follow(name, manifest)
        if is_saved:
            self.state.save(self.path)
        return name

    def covered(self):
        return {symbol: Spans(ranges) for symbol, ranges in self.state.covered.items()}

    def reopen(self) -> Checkpoint:
        return checkpoint.open_checkpoint(self.path, self.lake, self.state.recorder)


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path)


def test_a_first_start_has_nothing(recorder):
    assert recorder.reopen() == Checkpoint("r1", lake=recorder.lake.identity)


def test_what_was_saved_is_read_back(recorder):
    recorder.state.history["BTCDEMO"] = HistoryMark(9, 3, 1, 5)
    recorder.write(1, 5, at=HOUR)
    assert recorder.reopen() == recorder.state


@pytest.mark.parametrize("at", [3 * HOUR, None], ids=["live", "backfill"])
def test_a_kill_between_object_and_checkpoint_loses_nothing(recorder, at):
    recorder.write(10, 20, at=2 * HOUR)
    newest = recorder.write(1, 9, at=at, is_saved=False)
    found = recorder.reopen()
    assert (found.seq, found.prev, found.covered) == (2, newest, {"BTCDEMO": [(1, 20)]})
    assert found.writing is None


def test_a_backfill_that_was_announced_but_not_written_is_forgotten(recorder):
    recorder.write(10, 20, at=HOUR)
    recorder.state.writing = names.backfill("demo", "r1", 0, 0, {"BTCDEMO": [(1, 9)]})
    recorder.state.save(recorder.path)
    found = recorder.reopen()
    assert (found.seq, found.covered, found.writing) == (1, {"BTCDEMO": [(10, 20)]}, None)


def test_an_old_copy_of_the_checkpoint_catches_up(recorder):
    recorder.write(1, 5, at=HOUR)
    old = recorder.path.read_bytes()
    for step in range(2, 6):
        recorder.write(5 * step - 4, 5 * step, at=step * HOUR)
    recorder.path.write_bytes(old)
    assert (recorder.reopen().seq, recorder.reopen().covered) == (5, {"BTCDEMO": [(1, 25)]})


@pytest.mark.parametrize("newest_at", [9 * HOUR, None], ids=["live", "backfill"])
def test_a_lost_checkpoint_is_rebuilt_from_the_newest_manifest(recorder, newest_at):
    recorder.write(50, 60, at=HOUR)
    recorder.write(20, 29)
    recorder.write(61, 70, at=2 * HOUR)
    newest = recorder.write(30, 49, at=newest_at)
    recorder.path.unlink()
    found = recorder.reopen()
    assert (found.seq, found.prev, found.covered) == (4, newest, {"BTCDEMO": [(20, 70)]})
    assert found.last_stream == recorder.state.last_stream


def test_objects_of_old_are_not_read_to_rebuild(recorder):
    old = recorder.write(1, 9)
    os.utime(Path(recorder.lake.url) / old, (0, 0))
    (Path(recorder.lake.url) / old).write_bytes(b"would be passed over with a warning, were it read")
    os.utime(Path(recorder.lake.url) / old, (0, 0))
    recorder.write(10, 20, at=HOUR)
    recorder.path.unlink()
    assert recorder.reopen().covered == {"BTCDEMO": [(1, 20)]}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\x00" * 100,
        b"[]",
        b'{"recorder":"r1","v":0}',
        b'{"recorder":"r2"}',
        b'{"recorder":"r1","seq":"1"}',
        b'{"recorder":"r\xff"}',
    ],
)
def test_a_checkpoint_that_cannot_be_used_is_kept_aside_and_rebuilt(recorder, content, capsys):
    recorder.write(1, 5, at=HOUR)
    recorder.path.write_bytes(content)
    found = recorder.reopen()
    assert (found.seq, found.covered) == (1, {"BTCDEMO": [(1, 5)]})
    assert recorder.path.with_name("r1.state.json.corrupt").read_bytes() == content
    assert capsys.readouterr().out.count("checkpoint rebuilt from the lake") == 1


def test_a_checkpoint_that_the_lake_does_not_bear_out_is_not_believed(recorder):
    recorder.state.history["BTCDEMO"] = HistoryMark(9, 3, 1, 5)
    kept = recorder.write(1, 5, at=HOUR)
    gone = recorder.write(6, 9, at=2 * HOUR)
    (Path(recorder.lake.url) / gone).unlink()
    found = recorder.reopen()
    assert (found.seq, found.prev, found.covered) == (1, kept, {"BTCDEMO": [(1, 5)]})
    assert found.history == recorder.state.history


def test_an_object_that_cannot_be_read_now_is_no_object_that_is_gone(recorder):
    recorder.write(1, 5, at=HOUR)
    newest = Path(recorder.lake.url) / recorder.write(6, 9, at=2 * HOUR)
    newest.rename(newest.with_suffix(".away"))
    newest.symlink_to(newest)  # a loop: an I/O error even for root
    with pytest.raises(LakeError):
        recorder.reopen()
    newest.unlink()
    newest.with_suffix(".away").rename(newest)
    assert recorder.reopen().covered == {"BTCDEMO": [(1, 9)]}


def test_a_torn_newest_object_is_passed_over(recorder):
    recorder.write(1, 5, at=HOUR)
    torn = names.stream("demo", "r1", 2 * HOUR)
    recorder.lake.put_absent(torn, b"half")
    assert recorder.reopen().covered == {"BTCDEMO": [(1, 5)]}
    recorder.path.unlink()
    assert recorder.reopen().covered == {"BTCDEMO": [(1, 5)]}


def test_other_recorders_and_foreign_files_do_not_matter(recorder, tmp_path):
    recorder.write(1, 5, at=HOUR)
    other = Recorder(tmp_path, "r2")
    other.write(100, 200, at=5 * HOUR)
    (Path(recorder.lake.url) / "demo/raw/1970-01-01/01/notes.txt").write_text("hello")
    recorder.path.unlink()
    assert recorder.reopen().covered == {"BTCDEMO": [(1, 5)]}
    assert other.reopen().covered == {"BTCDEMO": [(100, 200)]}


def test_the_file_is_plain_json(recorder):
    recorder.write(1, 5, at=HOUR)
    assert json.loads(recorder.path.read_text())["covered"] == {"BTCDEMO": [[1, 5]]}


HOLDER = """
import pathlib, sys
from candlewick.tape import checkpoint
with checkpoint.lock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_two_processes_cannot_hold_one_checkpoint_and_a_killed_one_holds_none(tmp_path):
    path = tmp_path / "r1.state.json"
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(CheckpointError, match="another recorder of this name"), checkpoint.lock(path):
            pass
        other.kill()
        other.wait()
    with checkpoint.lock(path):
        pass


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(CheckpointError, match="cannot be written"),
        checkpoint.lock(tmp_path / "file" / "r1.state.json"),
    ):
        pass


def test_how_far_back_a_tape_is_to_reach_is_rebuilt_from_the_lake(recorder):
    mark = HistoryMark(9, 3, 1, 5)
    recorder.write(1, 5, at=HOUR, history={"BTCDEMO": mark})
    recorder.path.unlink()
    assert recorder.reopen().history == {"BTCDEMO": mark}


def test_a_rebuild_finds_what_was_written_after_the_clock_was_put_back(recorder):
    recorder.write(10, 20, at=2 * HOUR)
    name = recorder.write(1, 9)
    an_hour_before = time.time() - 3_600
    os.utime(Path(recorder.lake.url) / name, (an_hour_before, an_hour_before))
    recorder.path.unlink()
    assert (recorder.reopen().seq, recorder.reopen().prev) == (2, name)


def test_checkpoints_of_another_lake_are_told_apart(tmp_path):
    one, other = Recorder(tmp_path), Recorder(tmp_path, "r2")
    other.state.lake = "s3://another/demo"
    for each in (one, other):
        each.write(1, 5, at=HOUR)
    folder = one.path.parent
    assert [each.recorder for each in checkpoint.all_in(folder)] == ["r1", "r2"]
    assert [each.recorder for each in checkpoint.all_in(folder, one.lake.identity)] == ["r1"]
