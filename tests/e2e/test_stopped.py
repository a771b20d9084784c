"""What a signal and a question without an answer leave: the exit codes of docs/automation.md, and nothing half done."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from candlewick import errors
from candlewick.cli import app

PAGE = (Path(__file__).parents[2] / "docs/automation.md").read_text()
CODES = {int(code) for code in re.findall(r"(?m)^\| (\d+) \|", PAGE)}


@pytest.fixture
def interruptible():
    """What a shell starts in the background is deaf to SIGINT, and so is all that it starts; not so from here."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_command_at_work_ends_at_once_and_in_silence(tmp_path, number, code):
    """It waits for an exchange that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        hosts = f"127.0.0.1:{silent.getsockname()[1]}"
        config = tmp_path / "candlewick.toml"
        config.write_text(f'data = "."\n[exchange]\nrest = ["http://{hosts}"]\nstreams = ["ws://{hosts}"]\n')
        command = [sys.executable, "-m", "candlewick", "backfill", "BTCUSDT", "--from", "2024-08-08", "--yes"]
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        connection, _ = silent.accept()
        with connection:
            connection.recv(1)
            process.send_signal(number)
            said, _ = process.communicate(timeout=60)
    ended = process.returncode if process.returncode >= 0 else 128 - process.returncode
    assert (ended, said) == (code, b"") and code in CODES
    assert not list(tmp_path.rglob("*.zst"))


@pytest.mark.parametrize("command", [["setup", "snowflake", "--teardown"]], ids=" ".join)
def test_a_question_that_nobody_answers_is_a_no(tmp_path, command):
    config = tmp_path / "candlewick.toml"
    config.write_text('data = "."\nlake = "s3://bucket/path"\n')
    done = CliRunner().invoke(app, [*command, "--config", str(config)], input="")
    assert done.exit_code == 1 and "Aborted." in done.output


def test_each_errors_code_is_on_the_page():
    def below(kind: type[errors.CandlewickError]) -> set[int]:
        return {kind.exit_code}.union(*map(below, kind.__subclasses__()))

    assert below(errors.CandlewickError) == {1, 2} < CODES == {0, 1, 2, 130, 143}
