"""A slice of the simulation, and that what judges it sees what is wrong.

The whole of it: `python benchmarks/simulate.py --runs 1000`.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from candlewick.lake.manifest import Manifest
from candlewick.spans import Spans
from simulation.verdict import Found, check

pytestmark = pytest.mark.timeout(900)
SCRIPT = Path(__file__).parents[2] / "benchmarks" / "simulate.py"
SEED = int(os.environ.get("CANDLEWICK_SIMULATION_SEED", "1"))


def simulate(runs: int, hours: float, seed: int) -> str:
    """Play runs in a process of their own: its clocks are not those of the other tests."""
    command = [sys.executable, str(SCRIPT), "--runs", str(runs), "--hours", str(hours), "--seed", str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=800, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4_000:]}{done.stderr[-4_000:]}"
    return done.stdout


def test_the_lake_is_the_truth_whatever_happens_to_the_recorder():
    print(f"seed {SEED}")
    said = simulate(runs=20, hours=0.02, seed=SEED)
    assert "20, of which 0 failed" in said
    assert int(re.search(r"trades compared +(\d+)", said)[1]) > 1_000


def test_the_same_seed_is_the_same_run():
    one, other = (re.search(r"digest +(\w+)", simulate(runs=1, hours=0.02, seed=SEED))[1] for _ in range(2))
    assert one == other


def event(trade_id: int) -> dict:
    return {"e": "trade", "E": trade_id, "s": "BTCDEMO", "t": trade_id, "p": "1.0", "q": "2.0", "T": trade_id}


def tape(first: int, last: int, *, without: tuple[int, ...] = ()) -> tuple[Found, Manifest, list[dict]]:
    """Return a lake's holdings that are the truth, the newest manifest, and the truth."""
    ids = [trade_id for trade_id in range(first, last + 1) if trade_id not in without]
    found, spans = Found(), Spans((each, each) for each in ids)
    for trade_id in ids:
        found.trades[trade_id] = [event(trade_id) | {"src": "ws", "recv": 1}]
    found.absent = Spans((each, each) for each in without)
    declared = {"BTCDEMO": found.absent.ranges()}
    covered = {"BTCDEMO": spans.ranges()}
    manifest = Manifest(
        recorder="r1", seq=1, prev=None, created=1, lines=1, spans={}, covered=covered, declared=declared
    )
    return found, manifest, [event(each) for each in ids]


def verdict(found: Found, manifest: Manifest, truth: list[dict]) -> None:
    check("BTCDEMO", found, manifest, truth, Spans([(5, 5)]), set())


def test_a_tape_that_is_the_truth_passes():
    verdict(*tape(1, 9, without=(5,)))


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda found: found.trades.pop(4), "not in the lake"),
        (lambda found: found.trades[4].append(found.trades[4][0]), "more than once"),
        (lambda found: found.trades[4][0].update(q="1.0"), "no true copy"),
        (lambda found: found.trades[4][0].update(T=5), "no true copy"),
        (lambda found: found.trades.update({5: [event(5) | {"src": "ws"}]}), "never traded"),
        (lambda found: found.absent.remove(5, 5), "without evidence"),
    ],
)
def test_a_tape_that_is_not_the_truth_is_seen(spoil: Callable[[Found], object], complaint: str):
    found, manifest, truth = tape(1, 9, without=(5,))
    spoil(found)
    with pytest.raises(AssertionError, match=complaint):
        verdict(found, manifest, truth)
