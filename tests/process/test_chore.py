"""A chore runs beside a process, and never longer than it."""

import subprocess
import sys
import time
from pathlib import Path

from candlewick.process.chore import chore

DEADLINE = 60.0


def wait_for(condition):
    end = time.monotonic() + DEADLINE
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)
    return found


def test_a_chore_runs_again_and_again_and_its_output_is_kept(tmp_path):
    log = tmp_path / "logs" / "chore.log"
    with chore(("--version",), log, first_after=0.0, every=0.1):
        wait_for(lambda: log.exists() and log.read_text().count("candlewick ") >= 2)


def test_nothing_runs_before_its_time(tmp_path):
    with chore(("--version",), tmp_path / "chore.log", first_after=3_600.0):
        pass
    assert not (tmp_path / "chore.log").exists()


def test_a_chore_ends_with_the_block(tmp_path):
    log = tmp_path / "chore.log"
    with chore(("exchange", "--port", "0"), log, first_after=0.0):
        wait_for(lambda: log.exists() and log.read_text())
    assert not _running(log)


def test_a_chore_ends_when_its_parent_is_killed(tmp_path):
    log = tmp_path / "chore.log"
    program = f"""
import time
from pathlib import Path
from candlewick.process.chore import chore
with chore(("exchange", "--port", "0"), Path({str(log)!r}), first_after=0.0):
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", program]) as parent:
        wait_for(lambda: log.exists() and log.read_text())
        parent.kill()
    wait_for(lambda: not _running(log))


def _running(log: Path) -> bool:
    """Whether a process still has the log open."""
    for links in Path("/proc").glob("[0-9]*/fd"):
        try:
            if any(link.resolve() == log.resolve() for link in links.iterdir()):
                return True
        except OSError:
            continue
    return False
