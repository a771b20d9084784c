"""`candlewick up`: one command starts everything, keeps it running, and stops it cleanly."""

import os
import signal
import socket
from dataclasses import dataclass
from functools import partial

import duckdb
import pytest

import candlewick
from e2e.stack import Stack, run_cli, wait_until


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


CANDLE_DAYS = 3
NAMES = ("recorder", "warehouse", "dashboard")
PATIENCE_SECONDS = 180.0
"""On a busy machine a warehouse takes half a minute to start, and one that could not is tried again every 30 s."""
pytestmark = pytest.mark.timeout(500)


@dataclass
class Begun(Stack):
    """A stack that began where nothing was as it should be, and what was seen of that."""

    log_without_exchange: str = ""
    status_without_exchange: str = ""
    recorder_pids: tuple[int, ...] = ()
    log_without_warehouse: str = ""

    def begin(self) -> None:
        """Start while there is no exchange, another program has the DuckDB file open, and one the dashboard's port."""
        self.settings.duckdb_path.parent.mkdir(parents=True)
        other = duckdb.connect(str(self.settings.duckdb_path))
        with socket.create_server(("127.0.0.1", self.dashboard_port)):
            self.start("up", "up", "--config", str(self.config_path), "--no-browser")
            for line in ("cannot be reached", "warehouse cannot start", "dashboard cannot start"):
                wait_until(lambda line=line: line in self.log("up"), f"the terminal to say {line!r}", PATIENCE_SECONDS)
            self.log_without_exchange, self.status_without_exchange = self.log("up"), status(self).stdout
            waiting = self.beat("recorder")["pid"]
            self.start_exchange()
            wait_until(lambda: self.beat("recorder").get("objects", 0) > 1, "trades to reach the lake")
            self.recorder_pids = waiting, self.beat("recorder")["pid"]
            wait_until(lambda: "Recording live" in self.log("up"), "the terminal to say that it records")
        self.log_without_warehouse = self.log("up")
        other.close()
        wait_until_all_runs(self)
        for line in ("warehouse runs.", "dashboard runs.", "First candles are in the warehouse."):
            wait_until(lambda line=line: line in self.log("up"), f"the terminal to say {line!r}")


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """Everything under `candlewick up`, beating, with candles in the mart. The tests of this file end it, in order."""
    stack = Begun(tmp_path_factory.mktemp("up"), symbols=("BTCDEMO",), history="10m")
    stack.write_config()
    stack.config_path.write_text(f"candles = {CANDLE_DAYS}\n{stack.config_path.read_text()}")
    try:
        stack.begin()
        yield stack
    finally:
        stack.stop()


def start(stack: Stack) -> None:
    stack.start("up", "up", "--config", str(stack.config_path), "--no-browser")
    wait_until_all_runs(stack)


def wait_until_all_runs(stack: Stack) -> None:
    runs = lambda: all(stack.beat(name) for name in NAMES) and stack.trades() > 0  # noqa: E731
    wait_until(runs, "all to run and candles to come", PATIENCE_SECONDS)


def pids(stack: Stack) -> list[int]:
    return [int(stack.beat(name)["pid"]) for name in NAMES]


def test_the_recorder_waits_for_an_exchange_that_is_not_there_and_says_so(running):
    problem = f"127.0.0.1:{running.exchange_port} cannot be reached (connection refused)"
    assert running.log_without_exchange.count(problem) == 1
    assert "Recording live" not in running.log_without_exchange
    assert "First candles" not in running.log_without_exchange
    assert problem in " ".join(running.status_without_exchange.split())
    before, after = running.recorder_pids
    assert before == after


def test_recording_goes_on_while_neither_warehouse_nor_dashboard_can_start(running):
    for name in ("warehouse", "dashboard"):
        assert running.log_without_warehouse.count(f"{name} cannot start: ") == 1
        assert running.log("up").count(f"{name} runs.") == 1
    assert "Recording live" in running.log_without_warehouse
    assert "First candles" not in running.log_without_warehouse
    assert "First candles are in the warehouse." in running.log("up")


def test_a_killed_process_is_started_again(running):
    before = pids(running)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not set(before) & set(pids(running)), "all three to be started again")
    assert running.log("up").count("starting it again") == len(NAMES)


def test_one_ctrl_c_stops_all_of_it_cleanly(running):
    wait_until(lambda: status(running).returncode == 0, "all three to be well")
    assert "BTCDEMO" in status(running).stdout
    children = pids(running)
    assert running.kill("up", signal.SIGINT) == 0
    assert not any(is_running(pid) for pid in children)
    assert "Stopped" in running.log("up")
    assert status(running).returncode == 1


def test_the_exchanges_candles_of_days_before_the_tape_come_by_themselves(running):
    """Those of whole days; the exchange was away when they were asked for first."""
    start(running)
    candles = partial(candlewick.candles, "BTCDEMO", config=running.config_path)

    def origins() -> list[str]:
        return candles("1d").arrow["origin"].to_pylist()

    wait_until(lambda: origins().count("exchange") >= CANDLE_DAYS - 1, "candles of the past", PATIENCE_SECONDS)
    assert origins()[-1] == "trades"
    assert len(candles("1h", limit=48)) == 48
    done = (running.settings.log_path / "candles.log").read_text()
    assert done.count("are new in the lake") == 1
    running.kill("up", signal.SIGINT)


def test_no_process_outlives_a_supervisor_that_was_killed(running):
    start(running)
    children = pids(running)
    running.kill("up", signal.SIGKILL)
    wait_until(lambda: not any(is_running(pid) for pid in children), "the children to end")


def status(stack: Stack):
    return run_cli("status", "--config", str(stack.config_path), cwd=stack.home)


def test_ctrl_c_while_the_exchange_of_the_demo_starts_stops_at_once(tmp_path):
    stack = Stack(tmp_path)
    try:
        stack.start("up", "up", "--demo", "--no-browser")
        wait_until((tmp_path / "candlewick-demo/logs/exchange.log").exists, "the exchange to be started")
        assert stack.kill("up", signal.SIGINT) == 0
    finally:
        stack.stop()
    assert "Stopped" in stack.log("up")


def test_a_process_that_cannot_start_ends_everything_with_its_own_line(tmp_path):
    stack = Stack(tmp_path / "home", symbols=("NOSUCHDEMO",)).write_config()
    try:
        stack.start_exchange()
        ended = run_cli("up", "--config", str(stack.config_path), "--no-browser", cwd=stack.home)
    finally:
        stack.stop()
    assert ended.returncode == 2
    assert [line for line in ended.stderr.splitlines() if "NOSUCHDEMO" in line], ended.stderr
