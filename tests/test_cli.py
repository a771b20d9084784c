"""The command line: every command has help with an example, and every command is in the README."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from candlewick.cli import app

ROOT = Path(__file__).parent.parent
COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name):
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    assert command.help and "Example" in command.help
    for option in command.params:
        assert getattr(option, "help", None) or option.name == "help", f"{name} {option.name} has no help"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme(name):
    assert f"candlewick {name}" in (ROOT / "README.md").read_text()


HEAVY = {
    "aiohttp", "asyncio", "dbt", "duckdb", "msgspec", "numpy", "obstore", "picows", "prometheus_client", "pyarrow",
    "pydantic", "stamina", "starlette", "streamlit", "structlog",
}  # fmt: skip


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_what_tells_about_the_command_loads_nothing_that_a_command_needs(option):
    script = f"import sys; from candlewick.cli import main; sys.argv = ['candlewick', '{option}']; main()"
    probe = f"import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); {script}"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=120)
    loaded = done.stderr.split()
    assert "candlewick" in done.stdout
    assert HEAVY & set(loaded) == set()
    assert len([name for name in loaded if name.partition(".")[0] == "candlewick"]) <= 20


def test_status_loads_neither_duckdb_nor_arrow_nor_what_draws_tables_where_it_draws_none(tmp_path):
    (tmp_path / "candlewick.toml").write_text('data = "."\n')
    script = "import sys; from candlewick.cli import main; sys.argv = ['candlewick', 'status', '--json']; main()"
    probe = f"import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); {script}"
    told = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, cwd=tmp_path, check=False, timeout=120
    )
    assert '"processes"' in told.stdout, told.stderr
    assert {"duckdb", "numpy", "pyarrow", "rich", "structlog", "prometheus_client"} & set(told.stderr.split()) == set()


def test_on_windows_one_line_says_where_it_runs():
    script = "import sys; sys.platform = 'win32'; from candlewick.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert done.stderr.startswith("error: Candlewick runs on Linux and macOS") and done.stderr.count("\n") == 1


def test_a_locale_without_utf8_ends_no_command(tmp_path):
    (tmp_path / "candlewick.toml").write_text('data = "."\n')
    bare = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    shown = subprocess.run(
        [sys.executable, "-m", "candlewick", "status"],
        capture_output=True,
        cwd=tmp_path,
        env=os.environ | bare,
        check=False,
        timeout=120,
    )
    assert "● not running" in shown.stdout.decode()
    assert b"Traceback" not in shown.stderr


@pytest.mark.parametrize("command", ["backfill --from", "seal --day", "prove BTCUSDT", "load --since"])
def test_what_is_no_day_is_told_by_an_example_of_one(command):
    done = CliRunner().invoke(app, [*command.split(), "yesterday"])
    assert done.exit_code == 2
    assert "a day such as 2024-08-08" in " ".join(done.output.replace("│", " ").split())


def test_a_day_of_which_the_lake_has_nothing_is_not_called_sealed(tmp_path):
    """`prove` sends people to `seal` to hear why a day is not sealed."""
    (tmp_path / "candlewick.toml").write_text('data = "."\n')
    asked = ["seal", "--day", "2024-08-08", "--config", str(tmp_path / "candlewick.toml")]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 1 and "2024-08-08: the lake has no trade of it" in done.output
