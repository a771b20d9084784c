"""The dashboard as a process: it starts, refuses a taken port in one line, and stops cleanly."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from candlewick.dashboard.chart import script_name
from candlewick.dashboard.serve import bind
from candlewick.errors import ConfigError, PortTakenError
from e2e.stack import Stack, wait_until

BUILT = pytest.mark.skipif(
    not list((Path(__file__).parents[2] / "src/candlewick/dashboard/assets").glob("chart-*.js"))
    and "CI" not in os.environ,
    reason="the chart has not been built: run `pip install --editable .`",
)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path / "home", symbols=("BTCDEMO",)).write_config()
    yield stack
    stack.stop()


def start(stack: Stack) -> None:
    stack.start("dashboard", "dashboard", "--config", str(stack.config_path))
    wait_until(
        lambda: bool(stack.beat("dashboard")) or stack.processes["dashboard"].poll() is not None, "its heartbeat"
    )


def get(stack: Stack, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{stack.dashboard_port}{path}", timeout=10) as answer:
        text: str = answer.read().decode()
    return text


@BUILT
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_beats_and_ends_with_zero_on_a_signal(stack: Stack, number: signal.Signals) -> None:
    start(stack)
    assert stack.beat("dashboard")["state"] == "serving"
    assert "data-candlewick" in get(stack, "/chart")
    assert "<title>" in get(stack, "/")
    assert "TradingView" in get(stack, "/chart/assets/THIRD_PARTY_NOTICES.txt")
    assert "Lightweight Charts" in get(stack, f"/chart/assets/{script_name()}")
    with pytest.raises(urllib.error.HTTPError) as not_well:
        get(stack, "/healthz")
    told = json.loads(not_well.value.read())
    assert (not_well.value.code, told["status"], told["processes"]) == (503, "failing", {"dashboard": True})
    assert 'candlewick_up{process="dashboard"} 1.0' in get(stack, "/metrics")
    assert stack.kill("dashboard", number) == 0
    assert not stack.beat("dashboard")
    assert "Traceback" not in stack.log("dashboard")


@BUILT
def test_a_taken_port_is_one_line_and_an_exit_code(stack: Stack) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", stack.dashboard_port))
        other.listen()
        process = stack.start("dashboard", "dashboard", "--config", str(stack.config_path))
        assert process.wait(30) != 0
    (line,) = stack.log("dashboard").strip().splitlines()
    assert str(stack.dashboard_port) in line
    assert "candlewick.toml" in line


async def test_an_answer_is_sent_at_once_and_waits_for_no_acknowledgement_of_its_head() -> None:
    delays: list[int] = []

    def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        delays.append(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listener = bind("127.0.0.1", 0)
    async with await asyncio.start_server(greet, sock=listener):
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        await reader.read()
        writer.close()
    assert delays == [1]


def test_a_port_that_is_taken_is_told_before_streamlit_is_loaded() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=rf"127\.0\.0\.1:{port}.*--port"):
            bind("127.0.0.1", port)
    code = "import sys, candlewick.dashboard.serve; sys.exit('streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_host_that_is_not_this_machines_is_refused_in_one_line() -> None:
    with pytest.raises(PortTakenError, match=r"cannot listen on 203\.0\.113\.1:8501"):
        bind("203.0.113.1", 8501)


def test_a_chart_that_was_not_built_says_how_to_build_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("candlewick.dashboard.chart.ASSETS", tmp_path)
    with pytest.raises(ConfigError, match=r"pip install --editable \."):
        script_name()
