"""The command line: every command has help with an example, and every command is in the README."""

from pathlib import Path

import pytest
from typer.main import get_command

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
