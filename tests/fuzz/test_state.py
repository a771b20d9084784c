"""`state.json`, of whatever bytes: what the lake bears out, whatever the file says."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candlewick.errors import CheckpointError
from candlewick.lake import names
from candlewick.lake.batch import Batch
from candlewick.lake.objects import Lake, pack
from candlewick.tape import checkpoint
from candlewick.tape.checkpoint import Checkpoint
from fuzz.mutants import changed_fields, dumped, json_values, mutated, nested

HOUR = 3_600_000_000
COVERED = {"BTCDEMO": [(1, 9)]}


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Lake:
    """A lake with one object of the ids 1 to 9."""
    lake = Lake.open(str(tmp_path_factory.mktemp("lake")), "demo")
    batch = Batch()
    for trade_id in range(1, 10):
        batch.add_trade("BTCDEMO", trade_id, b"{}")
    manifest = batch.manifest(recorder="r1", seq=1, prev=None, created=0, covered={}, declared={})
    lake.put_absent(names.stream("demo", "r1", HOUR), pack(batch.lines, manifest))
    return lake


NAME = names.stream("demo", "r1", HOUR)
STATE = {
    "recorder": "r1", "v": 1, "lake": "", "pause": None, "seq": 1, "prev": NAME, "last_stream": NAME, "writing": None,
    "covered": {"BTCDEMO": [[1, 9]]}, "declared": {}, "minutes": {"BTCDEMO": [[1, 2]]}, "wanted": {}, "days": {},
    "history": {"BTCDEMO": {"since": 9, "target": 3, "floor": 1, "origin": None}},
}  # fmt: skip
files = (
    dumped(changed_fields(STATE))
    | mutated(st.just(json.dumps(STATE).encode()))
    | dumped(json_values)
    | st.binary(max_size=200)
    | nested
)


@given(content=files)
def test_whatever_the_file_says_what_is_covered_is_what_is_in_the_lake(content, lake, tmp_path):
    path = tmp_path / "r1.state.json"
    path.write_bytes(content)
    opened = checkpoint.open_checkpoint(path, lake, "r1")
    assert (opened.seq, opened.covered) == (1, COVERED)
    opened.save(path)
    assert checkpoint.load(path, "r1") == opened


@given(content=files)
def test_a_file_is_read_or_refused_in_one_line(content, tmp_path):
    path = tmp_path / "r1.state.json"
    path.write_bytes(content)
    try:
        found = checkpoint.load(path, "r1")
    except CheckpointError as error:
        assert "\n" not in str(error)
        return
    assert isinstance(found, Checkpoint)
    list(checkpoint.all_in(tmp_path))
