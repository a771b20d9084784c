"""A mistake of the user's is one clear line and an exit code, and nothing is lost."""

import signal
import socket
from pathlib import Path

import pytest

from candlewick.process.heartbeat import Heartbeat
from e2e.stack import Stack, run_cli, wait_until


@pytest.fixture
def stack(tmp_path):
    stack = Stack(tmp_path / "home", symbols=("BTCDEMO",), history="5m").write_config()
    yield stack
    stack.stop()


@pytest.fixture(scope="module")
def exchange(tmp_path_factory):
    """The port of a local exchange, which no test here ends."""
    stack = Stack(tmp_path_factory.mktemp("exchange")).write_config()
    stack.start_exchange()
    yield stack.exchange_port
    stack.stop()


@pytest.fixture
def connected(stack, exchange):
    """The stack, with that exchange."""
    stack.exchange_port = exchange
    return stack.write_config()


def error_line(stack, *arguments, **environment):
    """Run a command that must fail, and return its one line."""
    ended = run_cli(*arguments, "--config", str(stack.config_path), cwd=stack.home, **environment)
    assert ended.returncode != 0, ended.stdout
    assert "Traceback" not in ended.stderr, ended.stderr
    lines = [line for line in ended.stderr.splitlines() if line.startswith("error ")]
    assert len(lines) == 1, ended.stderr
    return lines[0]


def test_an_unknown_symbol_is_named(connected):
    assert "NOSUCHDEMO" in error_line(connected, "record", "NOSUCHDEMO")


def test_an_exchange_that_cannot_be_reached_is_named_and_waited_for(stack):
    stack.start_recorder()
    wait_until(lambda: stack.beat("recorder").get("waiting"), "the recorder to wait")
    problem = stack.beat("recorder")["waiting"]["problem"]
    assert f"127.0.0.1:{stack.exchange_port} cannot be reached" in problem
    assert stack.kill("recorder", signal.SIGTERM) == 0, "one that waits still stops when it is asked to"


@pytest.mark.parametrize("room", ["feed", "dashboard", "exchange"])
def test_a_taken_port_is_named(stack, exchange, room):
    ports = {"feed": stack.feed_port, "dashboard": stack.dashboard_port, "exchange": stack.exchange_port}
    with socket.create_server(("127.0.0.1", ports[room])):
        if room == "exchange":
            ended = run_cli("exchange", "--port", str(stack.exchange_port), cwd=stack.home)
            assert ended.returncode != 0 and ended.stderr.startswith("error "), ended.stderr
            line = ended.stderr
        elif room == "dashboard":
            line = error_line(stack, "dashboard")
        else:
            stack.exchange_port = exchange
            stack.write_config()
            line = error_line(stack, "record")
    assert str(ports[room]) in line


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that not even root can write to")
def test_a_folder_that_cannot_be_written_is_named(connected):
    assert "/proc/self/lake" in error_line(connected, "record", CANDLEWICK_LAKE="/proc/self/lake")


def test_a_file_where_the_lake_should_be_is_named(connected):
    (connected.home / "lake").write_text("not a folder")
    assert str(connected.home / "lake") in error_line(connected, "record")


def test_the_demo_is_never_mixed_with_real_data(connected):
    connected.prefix = "binance"
    assert "demo" in error_line(connected.write_config(), "record")


@pytest.mark.parametrize(
    ("text", "named"), [("symbols = [", "TOML"), ('timezone = "Mars"', "Mars"), ("nonsense = 1", "nonsense")]
)
def test_a_wrong_file_is_named(stack, text, named):
    stack.config_path.write_text(text)
    line = error_line(stack, "record")
    assert str(stack.config_path) in line and named in line


@pytest.mark.parametrize("command", ["warehouse", "dashboard", "up", "status", "rebuild"])
def test_a_wrong_file_is_named_by_every_command(stack, command):
    stack.config_path.write_text("nonsense = 1")
    assert "nonsense" in error_line(stack, command)


def test_a_query_that_is_wrong_or_too_early_is_one_line(stack):
    assert "candlewick" in error_line(stack, "sql", "select 1")


def test_a_corrupt_state_file_is_rebuilt_from_the_lake(connected):
    stack = connected
    stack.start_recorder()
    wait_until(lambda: is_recording_history_done(stack), "the first five minutes of history")
    stack.kill("recorder")
    before = covered(stack)
    stack.settings.state_path.write_bytes(b'{"seq": 12, "cov')
    Heartbeat(stack.settings.run_path, "recorder").stop()
    stack.start_recorder()
    wait_until(lambda: is_recording_history_done(stack), "the recorder to resume")
    after = covered(stack)
    assert after[0][0] <= before[0][0] and after[-1][1] >= before[-1][1] and len(after) == 1


def test_a_corrupt_warehouse_says_how_to_rebuild_it(connected):
    stack = connected
    stack.start_recorder()
    wait_until(lambda: is_recording_history_done(stack), "the first five minutes of history")
    assert run_cli("warehouse", "--once", "--config", str(stack.config_path), cwd=stack.home).returncode == 0
    rows = stack.trades()
    stack.settings.duckdb_path.write_bytes(b"this is no database" * 1000)
    assert "candlewick rebuild" in error_line(stack, "warehouse", "--once")
    rebuilt = run_cli("rebuild", "--config", str(stack.config_path), cwd=stack.home)
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert stack.trades() >= rows > 0


def is_recording_history_done(stack):
    symbols = stack.beat("recorder").get("symbols", {})
    return bool(symbols) and all(symbol["history"]["done"] for symbol in symbols.values())


def covered(stack):
    return stack.beat("recorder")["symbols"]["BTCDEMO"]["covered"]
