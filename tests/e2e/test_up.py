"""`candlewick up`: one command starts everything, keeps it running, and stops it cleanly."""

import os
import signal

import pytest

from e2e.stack import Stack, run_cli, wait_until


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def running(tmp_path):
    """A demo under `candlewick up`, all three processes beating."""
    stack = Stack(tmp_path / "home", symbols=("BTCDEMO",), history="10m").write_config()
    stack.start_exchange()
    stack.start("up", "up", "--config", str(stack.config_path), "--no-browser")
    wait_until(lambda: all(stack.beat(name) for name in NAMES) and stack.trades() > 0, "all to run and candles to come")
    yield stack
    stack.stop()


NAMES = ("recorder", "warehouse", "dashboard")


def test_one_ctrl_c_stops_all_of_it_cleanly(running):
    pids = [int(running.beat(name)["pid"]) for name in NAMES]
    status = run_cli("status", "--config", str(running.config_path), cwd=running.home)
    assert status.returncode == 0, status.stdout
    assert "BTCDEMO" in status.stdout
    assert running.kill("up", signal.SIGINT) == 0
    assert not any(is_running(pid) for pid in pids)
    assert "Stopped" in running.log("up")
    assert run_cli("status", "--config", str(running.config_path), cwd=running.home).returncode == 1


def test_a_killed_process_is_started_again(running):
    for name in NAMES:
        killed = int(running.beat(name)["pid"])
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: running.beat(name).get("pid", killed) != killed, f"{name} to be started again")  # noqa: B023
    assert running.log("up").count("starting it again") == len(NAMES)


def test_no_process_outlives_a_supervisor_that_was_killed(running):
    pids = [int(running.beat(name)["pid"]) for name in NAMES]
    running.kill("up", signal.SIGKILL)
    wait_until(lambda: not any(is_running(pid) for pid in pids), "the children to end", 30)


def test_a_process_that_cannot_start_ends_everything_with_its_own_line(tmp_path):
    stack = Stack(tmp_path / "home", symbols=("NOSUCHDEMO",)).write_config()
    try:
        stack.start_exchange()
        ended = run_cli("up", "--config", str(stack.config_path), "--no-browser", cwd=stack.home)
    finally:
        stack.stop()
    assert ended.returncode == 2
    assert [line for line in ended.stderr.splitlines() if "NOSUCHDEMO" in line], ended.stderr
