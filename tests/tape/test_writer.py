"""The writer against a real lake that breaks."""

import asyncio
import json
from pathlib import Path

import pytest

from candlewick.lake import names
from candlewick.lake.batch import Batch, Batcher, Limits
from candlewick.spans import Spans
from candlewick.tape import checkpoint
from candlewick.tape.checkpoint import Checkpoint
from candlewick.tape.coverage import Coverage
from candlewick.tape.writer import Backfill, Writer

LIMITS = Limits(seconds=0.05)


class Writing:
    """A writer at work on a lake in a folder."""

    def __init__(self, lake, tmp_path):
        self.lake = lake
        self.root = Path(lake.url)
        self.path = tmp_path / "state.json"
        self.state = Checkpoint("r1")
        self.coverage = Coverage()
        self.batcher = Batcher(LIMITS)
        self.writer = Writer(lake, self.state, self.path, {"BTCDEMO": self.coverage}, self.batcher)
        self.task = asyncio.create_task(self.writer.run())

    def live(self, *ids):
        for trade_id in ids:
            self.coverage.secure(trade_id, trade_id)
            self.batcher.add_trade("BTCDEMO", trade_id, json.dumps({"t": trade_id}).encode(), self.writer._clock())

    def backfill(self, first, last):
        batch = Batch()
        for trade_id in range(first, last + 1):
            batch.add_trade("BTCDEMO", trade_id, json.dumps({"t": trade_id}).encode())
        return self.writer.backfill(Backfill(batch, first * 1_000, last * 1_000))

    def objects(self):
        return read_all(self.lake)

    def break_lake(self):
        """A file where the folders should be: every put fails, whoever runs the tests."""
        (self.root / "demo").mkdir(parents=True, exist_ok=True)
        (self.root / "demo").rename(self.root / "away")
        (self.root / "demo").write_text("")

    def mend_lake(self):
        (self.root / "demo").unlink()
        (self.root / "away").rename(self.root / "demo")


def read_all(lake):
    found = [lake.read_object(item.name) for item in lake.list_all()]
    return sorted(found, key=lambda each: each.manifest.seq)


@pytest.fixture
async def writing(lake, tmp_path):
    each = Writing(lake, tmp_path)
    yield each
    each.task.cancel()
    await asyncio.wait([each.task])


async def test_live_lines_become_objects_in_a_chain_and_the_checkpoint_follows(writing, until):
    for trade_id in (1, 2, 3):
        writing.live(trade_id)
        await until(lambda trade_id=trade_id: writing.coverage.covered.ranges() == [(1, trade_id)])
    objects = writing.objects()
    assert [each.manifest.seq for each in objects] == [1, 2, 3]
    assert [each.manifest.prev for each in objects] == [None, objects[0].name, objects[1].name]
    assert objects[-1].manifest.covered == {"BTCDEMO": [(1, 3)]}
    await until(lambda: writing.writer.objects == 3)
    assert checkpoint.load(writing.path, "r1").seq == 3
    assert checkpoint.load(writing.path, "r1").prev == objects[-1].name
    assert (writing.writer.objects, writing.writer.lines) == (3, 3)


async def test_live_and_backfilled_batches_take_turns(writing, until):
    for step in range(5):
        writing.live(100 + step)
        await writing.backfill(step * 10, step * 10 + 9)
    await until(lambda: writing.coverage.covered.count == 55)
    kinds = [names.parse(each.name).kind for each in writing.objects()]
    assert kinds.count("backfill") == 5
    assert "stream" in kinds


async def test_stopping_makes_everything_durable_first(writing, until):
    await writing.backfill(1, 5)
    writing.live(10)
    writing.writer.stop()
    await asyncio.wait_for(writing.task, 10)
    assert writing.coverage.covered.ranges() == [(1, 5), (10, 10)]


async def test_a_lake_that_is_down_is_asked_again_and_nothing_is_lost_or_doubled(writing, until):
    writing.break_lake()
    writing.live(1)
    await until(lambda: writing.writer.failures_in_a_row >= 2)
    writing.live(2, 3)
    assert not writing.coverage.covered
    assert writing.writer.buffered_bytes > 0
    writing.mend_lake()
    await until(lambda: writing.coverage.covered.ranges() == [(1, 3)])
    await until(lambda: writing.writer.buffered_bytes == 0)
    assert sorted(json.loads(line)["t"] for each in writing.objects() for line in each.lines) == [1, 2, 3]
    assert writing.writer.failures_in_a_row == 0


async def test_a_live_name_is_behind_the_one_before_even_if_the_clock_is_set_back(writing, until):
    ahead = names.stream("demo", "r1", 4_000_000_000_000_000)
    writing.state.last_stream = ahead
    writing.live(1)
    await until(lambda: writing.coverage.covered.count == 1)
    assert writing.objects()[0].name > ahead


async def test_a_live_name_is_of_the_exchanges_time_whatever_the_machines_clock_says(lake, tmp_path, until):
    state, coverage, batcher = Checkpoint("r1"), Coverage(), Batcher(LIMITS)
    exchange_time = 1_769_245_200_000_000
    writer = Writer(lake, state, tmp_path / "state.json", {"BTCDEMO": coverage}, batcher, wall=lambda: exchange_time)
    writer.take("BTCDEMO", 1, b"{}")
    writer.stop()
    await writer.run()
    assert state.prev == names.stream("demo", "r1", exchange_time)


async def test_a_hole_is_declared_with_its_evidence_and_not_before(lake, tmp_path):
    state, coverage, path = Checkpoint("r1"), Coverage([(1, 3), (6, 9)]), tmp_path / "state.json"
    writer = Writer(lake, state, path, {"BTCDEMO": coverage}, Batcher(LIMITS))
    coverage.declare(4, 5)
    writer.declare("BTCDEMO", (4, 5), b'{"e":"hole"}')
    await writer.save()
    assert checkpoint.load(path, "r1").declared == {}
    writer.stop()
    await writer.run()
    (each,) = read_all(lake)
    assert (each.lines, each.manifest.declared) == ([b'{"e":"hole"}'], {"BTCDEMO": [(4, 5)]})
    assert checkpoint.load(path, "r1").declared == {"BTCDEMO": [(4, 5)]}


async def test_a_name_that_is_taken_by_another_object_is_left_alone(writing, until):
    taken = names.backfill("demo", "r1", 1_000, 5_000, {"BTCDEMO": [(1, 5)]})
    writing.lake.put_absent(taken, b"another")
    await writing.backfill(1, 5)
    await until(lambda: writing.coverage.covered.count == 5)
    assert writing.lake.get(taken) == b"another"
    assert writing.state.prev != taken
    assert writing.lake.read_object(writing.state.prev).manifest.spans["BTCDEMO"].count == 5


async def test_an_answer_that_got_lost_is_no_other_object(writing, until):
    first = writing.writer._put("demo/raw/1970-01-01/00/x", b"content")
    assert first
    assert writing.writer._put("demo/raw/1970-01-01/00/x", b"content")
    assert not writing.writer._put("demo/raw/1970-01-01/00/x", b"other")


async def test_a_writer_without_live_trades_ends_with_an_object_that_leads_to_the_others(lake, tmp_path):
    state, coverage = Checkpoint("r1"), Coverage()
    for first in (1, 11):
        writer = Writer(lake, state, tmp_path / "state.json", {"BTCDEMO": coverage}, Batcher(LIMITS), announces=True)
        batch = Batch()
        batch.add_page("BTCDEMO", Spans([(first, first + 9)]), [b"{}"] * 10)
        await writer.backfill(Backfill(batch, 1_000, 2_000))
        writer.stop()
        await writer.run()
        await asyncio.wait_for(writer.drained(), 1)
    kinds = [(names.parse(each.name).kind, len(each.lines)) for each in read_all(lake)]
    assert kinds == [("backfill", 10), ("stream", 0), ("backfill", 10), ("stream", 0)]
    idle = Writer(lake, state, tmp_path / "state.json", {"BTCDEMO": coverage}, Batcher(LIMITS), announces=True)
    idle.stop()
    await idle.run()
    assert len(read_all(lake)) == 4


async def test_symbols_of_the_past_stay_in_the_manifests(lake, tmp_path, until):
    state = Checkpoint("r1", seq=1, prev="demo/old", covered={"OLDDEMO": [(1, 9)]})
    coverages = {"OLDDEMO": Coverage([(1, 9)]), "BTCDEMO": Coverage()}
    batcher = Batcher(LIMITS)
    writer = Writer(lake, state, tmp_path / "state.json", coverages, batcher)
    batcher.add_trade("BTCDEMO", 5, b"{}", 0.0)
    writer.stop()
    await writer.run()
    assert lake.read_object(state.prev).manifest.covered == {"OLDDEMO": [(1, 9)], "BTCDEMO": [(5, 5)]}


async def test_a_checkpoint_that_cannot_be_saved_does_not_stop_the_recording(writing, until, tmp_path):
    writing.path.mkdir()
    writing.live(1)
    await until(lambda: writing.coverage.covered.count == 1)
    assert len(writing.objects()) == 1


async def test_saves_at_the_same_time_do_not_get_in_each_others_way(writing):
    await asyncio.gather(*(writing.writer.save() for _ in range(20)))
    assert checkpoint.load(writing.path, "r1") == writing.state
    assert [path.name for path in writing.path.parent.iterdir() if "tmp" in path.name] == []


class Counted(Checkpoint):
    """A checkpoint that counts how often it was saved."""

    saves: int = 0

    def save(self, path):
        self.saves += 1
        super().save(path)


async def test_hundreds_who_save_at_once_share_two_saves_and_each_finds_its_own_word_saved(lake, tmp_path):
    path, state = tmp_path / "state.json", Counted("r1")
    writer = Writer(lake, state, path, {}, Batcher(LIMITS))

    async def promise(number):
        state.wanted[f"S{number}DEMO"] = [(number, number)]
        await writer.save()
        return f"S{number}DEMO" in checkpoint.load(path, "r1").wanted

    assert all(await asyncio.gather(*(promise(number) for number in range(500))))
    assert state.saves <= 2


async def test_a_save_that_comes_while_another_is_under_way_is_not_taken_for_it(lake, tmp_path, until):
    path, state = tmp_path / "state.json", Counted("r1")
    writer = Writer(lake, state, path, {}, Batcher(LIMITS))
    first = asyncio.create_task(writer.save())
    await until(lambda: state.saves == 1)
    state.wanted["BTCDEMO"] = [(1, 2)]
    await writer.save()
    await first
    assert checkpoint.load(path, "r1").wanted == {"BTCDEMO": [(1, 2)]}
