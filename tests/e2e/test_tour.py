"""The tour's commands do what it says, in its order, on what the local exchange left: a sealed day and some seconds."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from candlewick.cli import app
from made.unpacking import WITH_SEALED_DAY, unpacked

PAGE = (Path(__file__).parents[2] / "docs/tour.md").read_text()
DAY = "2026-11-26"
ELSEWHERE = {"up", "doctor", "backfill"}
"""What wants processes or an exchange; `e2e/test_up.py`, `setup/test_checks.py` and `backfill/` run these."""
NOT_RUNNING = {"status": 1}
"""The exit code where it is not 0: nothing runs here, and that is told."""


def lines_of(language: str) -> list[str]:
    """The lines of the page's blocks of a language, without comments."""
    blocks = re.findall(rf"(?s)```{language}\n(.*?)```", PAGE)
    return [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]


def test_each_command_of_the_tour_runs(tmp_path, monkeypatch):
    unpacked(WITH_SEALED_DAY, tmp_path)
    monkeypatch.chdir(tmp_path)
    run: dict[str, str] = {}
    for line in lines_of("sh"):
        words = shlex.split(line.replace("$DAY", DAY).replace(" --demo", ""))
        if words[:1] == ["python3"]:
            done = subprocess.run([sys.executable, *words[1:]], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            run["verify"] = done.stdout
        elif words[:1] == ["unzip"]:
            subprocess.run([sys.executable, "-m", "zipfile", "-e", words[2], "."], check=True)
        elif words[:1] == ["candlewick"] and words[1] not in ELSEWHERE:
            ended = CliRunner().invoke(app, words[1:])
            assert ended.exit_code == NOT_RUNNING.get(words[1], 0), f"{line}\n{ended.output}\n{ended.exception}"
            run[line] = ended.output
    assert {line.split()[1] for line in run if line.startswith("candlewick")} == {
        "status",
        "sql",
        "seal",
        "prove",
        "audit",
    }
    assert "match" in run['candlewick sql --demo "select status, count(*) from gold.candle_audit group by all"']
    assert "sealed" in run["candlewick seal --demo --day $DAY"] and DAY in run["verify"]


def test_the_tours_python_reads_candles(tmp_path, monkeypatch, capsys):
    unpacked(WITH_SEALED_DAY, tmp_path)
    monkeypatch.chdir(tmp_path)
    code = "\n".join(lines_of("python")).replace("candlewick-demo/candlewick.toml", "candlewick.toml")
    exec(compile(code, "docs/tour.md", "exec"), {})
    assert "close: decimal128(38, 8)" in capsys.readouterr().out


def test_what_others_tests_run_is_on_the_tour():
    named = {line.split()[1] for line in lines_of("sh") if line.startswith("candlewick ")}
    assert named >= ELSEWHERE
