"""What the exchange asked for before a restart is kept after it."""

import asyncio
import time

import pytest

from candlewick.binance.budget import WeightBudget
from candlewick.binance.rest import Rest
from candlewick.lake.batch import Batcher, Limits
from candlewick.moments import now_us
from candlewick.recorder import pauses
from candlewick.tape.checkpoint import Checkpoint, Pause, load
from candlewick.tape.writer import Writer


@pytest.mark.parametrize(
    ("until_in", "seconds", "left"),
    [(30, 60, 30), (-1, 60, 0), (7_000, 60, 60)],
    ids=["going on", "over", "our clock was put back"],
)
def test_what_is_left_of_a_pause_is_waited_for_and_never_more_than_it_was(until_in, seconds, left):
    budget = WeightBudget()
    pauses.resume(Checkpoint("r1", pause=Pause(now_us() + until_in * 1_000_000, seconds)), budget)
    assert budget.paused_for(time.monotonic()) == pytest.approx(left, abs=1.0)


async def test_a_refusal_is_saved_at_once(lake, tmp_path, until):
    checkpoint, path = Checkpoint("r1"), tmp_path / "state.json"
    writer = Writer(lake, checkpoint, path, {}, Batcher(Limits()))
    async with Rest(["http://127.0.0.1:9"], WeightBudget()) as rest:
        task = asyncio.create_task(pauses.remember(rest, checkpoint, writer))
        rest.budget.pause(90.0, time.monotonic())
        rest.limited.set()
        await until(lambda: (saved := load(path, "r1")) and saved.pause)
        task.cancel()
        await asyncio.wait([task])
    assert checkpoint.pause is not None
    assert checkpoint.pause.seconds == pytest.approx(90.0, abs=5.0)
