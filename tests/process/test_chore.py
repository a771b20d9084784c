"""A chore runs beside a process, and never longer than it."""

import os
import subprocess
import sys
import threading
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


def test_what_is_to_be_done_once_is_tried_until_it_is_done(tmp_path):
    log, config = tmp_path / "chore.log", tmp_path / "candlewick.toml"
    with chore(("config", "show", "--config", str(config)), log, first_after=0.0, every=0.1, once=True):
        wait_for(lambda: log.exists() and log.read_text().count("error") >= 2)
        config.write_text('symbols = ["ONCEUSDT"]')
        wait_for(lambda: not [each for each in threading.enumerate() if each.name == "chore"])
    assert log.read_text().count("ONCEUSDT") == 1


def test_a_chore_lets_others_go_first(tmp_path):
    log = tmp_path / "chore.log"
    with chore(("exchange", "--port", "0"), log, first_after=0.0):
        wait_for(lambda: log.exists() and log.read_text())
        (running,) = {*_running(log)} - {os.getpid()}
        assert os.getpriority(os.PRIO_PROCESS, running) > os.getpriority(os.PRIO_PROCESS, 0)


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


def _running(log: Path) -> list[int]:
    """The processes that have the log open."""
    found = []
    for links in Path("/proc").glob("[0-9]*/fd"):
        try:
            if any(link.resolve() == log.resolve() for link in links.iterdir()):
                found.append(int(links.parent.name))
        except OSError:
            continue
    return found
