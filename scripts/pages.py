"""Hooks of MkDocs: pages that are made of the code and the README, and links to what lies beside docs/.

The command line's page is made of the commands themselves, the Python API's of its docstrings, the one of HTTP of the
routes, so that none can be out of date. A link out of docs/ becomes the project's address where
`CANDLEWICK_PROJECT_URL` names one, else its words.
"""

import inspect
import json
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
from candlewick.config import Settings
from candlewick.dashboard.live import socket
from candlewick.dashboard.routes import alerts, drawings, flow, layouts, tape, trades
from candlewick.dashboard.routes.alerts import AlertRoutes
from candlewick.dashboard.routes.candles import Api
from candlewick.dashboard.routes.drawings import DrawingRoutes
from candlewick.dashboard.routes.evidence import Evidence
from candlewick.dashboard.routes.export import Export
from candlewick.dashboard.routes.flow import FlowRoutes
from candlewick.dashboard.routes.layouts import LayoutRoutes
from candlewick.dashboard.routes.probes import Probes
from candlewick.recorder import feed
from candlewick.status import probe

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(((?!https?:|#)[^)\s]+)\)")
_OUTSIDE = "../"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    readme = Path(str(config.config_file_path)).with_name("README.md").read_text(encoding="utf-8")
    made = {"index.md": from_readme(readme), "commands.md": commands(), "python.md": python(), "http.md": http()}
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


_HTTP = """# HTTP and streams

What the dashboard answers on its port (8501), below `dashboard.path` where that is set, and the recorder on its feed's
(8765). Made of the routes' own words; the examples are answers of a real server to a day that never changes, and a test
asks them all again.

- Prices and amounts are exact decimals: numbers in JSON where a chart draws them, text where they are added up. Ids are
  text where a number of JavaScript would not hold them. Times of a question are seconds since the epoch, UTC; of trades
  and in the streams microseconds.
- Who asks from this machine needs nothing. With `dashboard.auth`, programs send `Authorization: Bearer ...` with the
  token that `candlewick user token NAME` prints; without one they get 401. A Host or an Origin that is not among
  `dashboard.origins` (`feed.origins`) gets 403, and so does who may look and wants to change alerts.
- An answer that is none is one line of text: 400 says what was expected and what came, 404 is no route, 429 too many
  tries to log in, 503 with `Retry-After` that there is no warehouse yet, or a crowd.
- Candles, footprints and profiles have an `ETag`: who sends it back as `If-None-Match` gets 304 while nothing is new.
"""
_WHOLE = {"Alerts": alerts, "Layouts": layouts, "Drawings": drawings, "Probes": probe}
"""Modules that say of all of their routes what is asked and answered."""
_ANSWERED = {
    "/api/footprint": flow.footprints_json,
    "/api/profile": flow.profile_json,
    "/api/tape": tape.page_json,
    "/api/trades": trades.page_json,
}
"""What says the columns of an answer."""
_UNBOUND: Any = None
"""Routes are listed here, and none is asked."""


def http() -> str:
    """Every route with what it says of itself, and examples."""
    none, examples = _UNBOUND, json.loads(Path(__file__).with_name("http_examples.json").read_text(encoding="utf-8"))
    groups = {
        "Candles": [*Api(none, none, none).routes(), *Export(none, none, none).routes()],
        "Order flow": FlowRoutes(none, none, none, none, none).routes(),
        "What stands behind them": Evidence(none, none, none, Settings()).routes(),
        "Alerts": AlertRoutes(none, none, none, has_webhook=False).routes(),
        "Layouts": LayoutRoutes(none, none).routes(),
        "Drawings": DrawingRoutes(none, none, none, none).routes(),
        "Probes": Probes(none, none).routes(),
    }
    parts = [_HTTP]
    for title, routes in groups.items():
        parts.append(f"## {title}\n\n{_told(_WHOLE[title].__doc__) if title in _WHOLE else ''}")
        parts += [_route(route, examples) for route in routes]
    parts.append(f"## Live bars and trades\n\n{_told(socket.__doc__)}")
    parts.append(f"## The recorder's feed\n\n{_told(feed.__doc__)}")
    return "\n".join(parts)


def _route(route: Any, examples: dict[str, dict[str, Any]]) -> str:
    [method] = route.methods - {"HEAD"}
    text = f"### {method} {route.path}\n\n{inspect.cleandoc(route.endpoint.__doc__ or '')}\n"
    if route.path in _ANSWERED:
        text += f"\n{inspect.cleandoc(_ANSWERED[route.path].__doc__ or '')}\n"
    for question, answer in examples.items():
        if method == "GET" and question.partition("?")[0] == route.path:
            text += f"\n```text\nGET {question}\n{answer['status']} {answer['type']}\n\n{answer['text'].strip()}\n```\n"
    return text


def _told(text: str | None) -> str:
    """A module's own words, as they are laid out there."""
    return f"```text\n{inspect.cleandoc(text or '')}\n```\n"
