"""A small slice of `benchmarks/crash_matrix.py`: every named step once, some random instants, and a rebuild."""

import os
import random
from pathlib import Path

import pytest

from crash import matrix
from crash.market import write
from crash.matrix import Run

KILLS = 6

pytestmark = pytest.mark.timeout(600)
SEED = "CANDLEWICK_SEED"


def test_killed_at_every_step_and_at_random_it_ends_equal_to_the_run_that_nobody_killed(tmp_path: Path):
    seed = int(os.environ.get(SEED) or random.randrange(1_000_000))
    print(f"{SEED}={seed} pytest {__file__}")
    tape = write(tmp_path / "tape", seed=seed, minutes=6, rate=8)
    with Run(tmp_path / "killed", tape, speed=6).replaying() as run:
        # The recorder's first put is a probe. The warehouse comes to each of its first passes without anything new.
        matrix.at_each_step(run, recorder=[2], warehouse=[1])
        named = len(matrix.RECORDER_STEPS) + len(matrix.WAREHOUSE_STEPS)
        assert sum(run.kills.values()) == named
        matrix.at_random(run, random.Random(seed), named + KILLS, once=1.5)
        run.settle()
    calm = matrix.uninterrupted(tmp_path / "calm", tape)
    assert matrix.compare(run.contents(), calm) == []
    assert len(calm["silver.trades_deduped"]) == tape.trades
    assert run.copies() == 0
