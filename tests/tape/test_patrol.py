"""What an audit or the patrol finds missing is taken back in the lake itself, so that no restart believes it again."""

import asyncio

import pytest

from candlewick.lake import inventory as inventories
from candlewick.lake.inventory import Inventory
from candlewick.spans import Spans
from candlewick.tape import checkpoint, patrol
from candlewick.tape.patrol import Patrol, leave_note
from tape.test_writer import Writing


@pytest.fixture
async def walked(lake, tmp_path, monkeypatch):
    """A writer of thirty trades in three objects, and its patrol."""
    monkeypatch.setattr(patrol, "STEP_SECONDS", 0.02)
    monkeypatch.setattr(patrol, "FOLDER_SECONDS", 0.0)
    monkeypatch.setattr(inventories, "REST_SECONDS", 0.2)
    writing = Writing(lake, tmp_path)
    writing.inventory = writing.writer._inventory = Inventory(lake, "r1", tmp_path / "inventory")
    writing.note = tmp_path / "missing.json"
    writing.patrol = Patrol(writing.inventory, {"BTCDEMO": writing.coverage}, writing.writer, writing.note)
    task = asyncio.create_task(writing.patrol.run())
    yield writing
    task.cancel()
    writing.writer.stop()
    await writing.task


async def write(walked, until):
    for first in (1, 11, 21):
        walked.live(*range(first, first + 10))
        await until(lambda first=first: first in walked.coverage.covered)


async def test_what_is_gone_is_missing_and_a_rebuild_knows_it(walked, until):
    await write(walked, until)
    walked.lake.delete(walked.objects()[1].name)
    await until(lambda: walked.coverage.missing().ranges() == [(11, 20)])
    await until(lambda: walked.writer.objects == 4)
    assert walked.objects()[-1].manifest.covered == {"BTCDEMO": [(1, 10), (21, 30)]}
    assert checkpoint.rebuild(walked.lake, "r1").covered == {"BTCDEMO": [(1, 10), (21, 30)]}
    assert walked.patrol.found == 10


async def test_a_note_of_an_audit_is_taken_up_once(walked, until):
    await write(walked, until)
    leave_note(walked.note, {"BTCDEMO": Spans([(5, 7)]), "OTHER": Spans([(1, 9)])})
    await until(lambda: walked.coverage.missing().ranges() == [(5, 7)])
    assert not walked.note.exists()


async def test_a_lake_that_is_away_has_lost_nothing(walked, until, tmp_path):
    await write(walked, until)
    walked.root.rename(tmp_path / "elsewhere")
    with pytest.raises(AssertionError):
        await until(walked.coverage.missing, 0.5)
    (tmp_path / "elsewhere").rename(walked.root)
    walked.lake.delete(walked.objects()[1].name)
    await until(lambda: walked.coverage.missing().ranges() == [(11, 20)])


async def test_the_candles_of_lost_trades_are_asked_for_again(walked, until):
    await write(walked, until)
    walked.coverage.minutes.secure(0, 100)
    walked.coverage.reopen(Spans([(11, 20)]))
    walked.coverage.refill(Spans([(11, 15)]), 40, 41)
    assert list(walked.coverage.minutes.pages(0, 100, 1_000)) == [(39, 42)]
    walked.coverage.refill(Spans([(1, 5)]), 60, 61)
    assert list(walked.coverage.minutes.pages(0, 100, 1_000)) == [(39, 42)]
