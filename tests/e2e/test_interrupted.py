"""A test run that is killed leaves nothing running."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.stack import wait_until

TESTS = Path(__file__).parents[1]
RUN = """
import os
import threading
from pathlib import Path

from e2e.stack import Stack


def test_that_hangs():
    home = Path({home!r})
    stack = Stack(home, symbols=("BTCDEMO",)).write_config()
    stack.start_exchange()
    stack.start_recorder()
    pids = [str(process.pid) for process in stack.processes.values()]
    (home / "draft").write_text(" ".join([str(os.getpid()), *pids]))
    (home / "draft").rename(home / "pids")
    threading.Event().wait()
"""


def is_running(pid: int) -> bool:
    """Whether there is such a process; one that ended and was not waited for counts as gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks Linux which processes there are")
@pytest.mark.parametrize("killed", ["the run", "a worker of the run"])
def test_what_a_killed_test_run_had_started_ends_with_it(tmp_path, killed):
    test = tmp_path / "test_hanging.py"
    test.write_text(RUN.format(home=str(tmp_path / "home")))
    command = [sys.executable, "-m", "pytest", "-n", "1", "-p", "no:cacheprovider", "--max-worker-restart", "0"]
    command += ["-c", os.devnull, "--rootdir", str(tmp_path), str(test)]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": str(TESTS)})
    try:
        wait_until((tmp_path / "home/pids").exists, "the run to start an exchange and a recorder", 120)
        worker, *started = map(int, (tmp_path / "home/pids").read_text().split())
        assert all(map(is_running, started))
        os.kill(run.pid if killed == "the run" else worker, signal.SIGKILL)
        wait_until(lambda: not any(map(is_running, [worker, *started])), "the worker and its processes to end")
    finally:
        run.kill()
        run.wait()
