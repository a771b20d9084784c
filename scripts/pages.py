"""Hooks of MkDocs: pages that are made of the code and the README, and links to what lies beside docs/.

The command line's page is made of the commands themselves, the Python API's of its docstrings, so neither can be out of
date. A link out of docs/ becomes the project's address where `CANDLEWICK_PROJECT_URL` names one, else its words.
"""

import inspect
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from typer.main import get_command

import candlewick
from candlewick.cli import app

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(((?!https?:|#)[^)\s]+)\)")
_OUTSIDE = "../"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    readme = Path(str(config.config_file_path)).with_name("README.md").read_text(encoding="utf-8")
    made = {"index.md": from_readme(readme), "commands.md": commands(), "python.md": python()}
    for name, content in made.items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links out of docs/ to the project, or leave their words."""
    url = os.environ.get("CANDLEWICK_PROJECT_URL", "").rstrip("/")

    def pointed(match: re.Match[str]) -> str:
        mark, words, path = match.groups()
        if not path.startswith(_OUTSIDE):
            return match[0]
        return f"{mark}[{words}]({url}/blob/HEAD/{path.removeprefix(_OUTSIDE)})" if url else words

    return _LINK.sub(pointed, markdown)


def from_readme(text: str) -> str:
    """The README as a page of docs/."""

    def moved(match: re.Match[str]) -> str:
        mark, words, path = match.groups()
        inside = path.removeprefix("docs/") if path.startswith("docs/") else f"{_OUTSIDE}{path}"
        return f"{mark}[{words}]({inside})"

    return _LINK.sub(moved, text)


def commands() -> str:
    """Every command with its help and its options."""
    return "# Commands\n\nMade of the commands' own help.\n\n" + "\n".join(_commands("candlewick", get_command(app)))


def _commands(path: str, group: Any) -> Iterator[str]:
    for name in group.list_commands(None):  # as --help lists them
        command = group.commands[name]
        if hasattr(command, "commands"):
            yield f"## {path} {name}\n\n{inspect.cleandoc(command.help or command.callback.__doc__ or '')}\n"
            yield from _commands(f"{path} {name}", command)
        else:
            yield _section(f"{path} {name}", command)


def _section(path: str, command: Any) -> str:
    shown = [option for option in command.params if not getattr(option, "hidden", False)]
    arguments = [option for option in shown if option.param_type_name == "argument"]
    rows = [f"| `{_names(option)}` | {option.help or ''} | {_default(option)} |" for option in shown]
    table = "\n".join(["| option | what it is | default |", "| --- | --- | --- |", *rows])
    usage = " ".join([path, *map(_names, arguments), "[OPTIONS]"])
    return f"### {path}\n\n```text\n{usage}\n```\n\n{inspect.cleandoc(command.help or '')}\n\n{table}\n"


def _names(option: Any) -> str:
    if option.param_type_name == "argument":
        return f"{option.name.upper()}{'...' if option.nargs == -1 else ''}"
    return ", ".join([*option.opts, *option.secondary_opts])


def _default(option: Any) -> str:
    told = option.show_default if isinstance(option.show_default, str) else option.default
    return "" if told in (None, False, ()) or callable(told) else f"`{told}`"


def python() -> str:
    """Every name of the Python API with its docstring."""
    parts = ["# In Python\n\nMade of the docstrings. `import candlewick` works while it is written.\n"]
    for name in sorted(candlewick.__all__):
        if inspect.isfunction(found := getattr(candlewick, name)):
            text = inspect.cleandoc(found.__doc__ or "")
            parts.append(f"## candlewick.{name}\n\n```python\n{name}{inspect.signature(found)}\n```\n\n{text}\n")
    return "\n".join(parts)
