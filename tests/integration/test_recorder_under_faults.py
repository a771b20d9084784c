"""The recorder against every fault that the local exchange knows: what is in the lake is what was traded.

The stories are told on virtual time, in a process of their own: minutes of them take seconds. That recorder and
exchange are the real ones, and only time and sockets are not, is what `simulation` is about.
"""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from candlewick.fake_binance.faults import KINDS
from integration.stories import STORIES, TOLD
from integration.taped import Taping

pytestmark = pytest.mark.timeout(900)
PLAY = Path(__file__).with_name("play.py")


@pytest.fixture(scope="module")
def endings(request):
    """How the stories that were asked for ended: None, or how each one failed."""
    items = [item for item in request.session.items if item.module is request.module and hasattr(item, "callspec")]
    names = [item.callspec.params["name"] for item in items]
    command = [sys.executable, str(PLAY), *names]
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"PYTHONHASHSEED": "0"}, check=False
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    return {said["story"]: said["failure"] for said in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", STORIES)
def test_the_tape_is_the_truth(name, endings):
    assert endings[name] is None, f"SHOWN=1 python {PLAY} {name}\n{endings[name]}"


def test_there_is_a_story_about_every_fault_a_recorder_can_meet():
    assert set(TOLD) == {name for name, kind in KINDS.items() if kind.room != "archive"}


async def test_a_tape_that_is_not_the_truth_is_seen(tmp_path):
    async with Taping(tmp_path) as taping:
        await taping.trades(30)
        tape = await taping.complete()
    taping.check(tape)
    middle = tape.ids.first + 5

    def spoilt(change):
        other = copy.deepcopy(tape)
        change(other)
        return other

    for change in (
        lambda other: other.lines.pop(middle),
        lambda other: other.lines[middle].append(other.lines[middle][0]),
        lambda other: other.lines[middle][0].update(q="1.00000000"),
        lambda other: other.lines[middle][0].update(T=other.lines[middle][0]["T"] + 1),
        lambda other: other.declared.add(middle, middle),
        lambda other: other.covered.remove(middle, middle),
    ):
        with pytest.raises(AssertionError):
            taping.check(spoilt(change))
