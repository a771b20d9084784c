"""Four days of the year on virtual time: days are sealed, raw objects let go, and what is left proves itself.

The whole of it: `python benchmarks/year.py`.
"""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from simulation.clock import CLOCK
from simulation.loop import VirtualLoop

pytestmark = pytest.mark.timeout(600)
SCRIPT = Path(__file__).parents[2] / "benchmarks" / "year.py"


def test_days_are_sealed_and_their_raw_objects_go():
    command = [sys.executable, str(SCRIPT), "--days", "4", "--month", "1", "--raw", "1", "--rate", "0.005"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, f"{done.stdout[-4_000:]}{done.stderr[-4_000:]}"
    assert re.search(r"days sealed 2, lease renewed [1-9]\d* times", done.stdout), done.stdout
    assert "Sealed: 2 days" in done.stdout and "'match'" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines() if re.match(r" +\d+ +\d+", line)]
    objects, sealed = [int(row[2]) for row in rows], [int(row[4]) for row in rows]
    assert objects[3] < objects[2] + 4 < objects[0] + 40, "raw objects of sealed days go"
    assert sealed[1] < sealed[2] < sealed[3]


@pytest.mark.parametrize("days", [1, 200, 4_000])
def test_time_goes_on_however_long_it_has_gone_on(monkeypatch, days):
    monkeypatch.setattr(CLOCK, "now", days * 86_400 + 0.1)
    began, loop = CLOCK.now, VirtualLoop(lambda: 0.0)
    try:
        for _ in range(100):
            loop.run_until_complete(asyncio.sleep(0.0123))
    finally:
        loop.finish()
    assert CLOCK.now - began == pytest.approx(1.23, abs=1e-3)
