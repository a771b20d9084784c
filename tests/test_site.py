"""The site is built without a warning, from docs/ and the code; it is searchable and fetches nothing from elsewhere."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

import candlewick
from candlewick.cli import app

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_of_docs_is_there_and_can_be_searched(site):
    pages = {path.with_suffix(".html").name for path in (ROOT / "docs").glob("*.md")}
    made = {"index.html", "commands.html", "python.html", "http.html"}
    assert pages | made <= {path.name for path in site.glob("*.html")}
    searched = json.loads((site / "search/search_index.json").read_text())["docs"]
    assert pages <= {doc["location"].partition("#")[0] for doc in searched}


def test_commands_and_the_python_api_are_those_of_the_code(site):
    text = (site / "commands.html").read_text()
    commands = get_command(app).commands  # type: ignore[attr-defined]
    for name, command in commands.items():
        for sub in getattr(command, "commands", None) or [""]:
            assert f"candlewick {name} {sub}".strip() in text
    assert "--expect" in text and "What should run on this machine" in text
    functions = [name for name in candlewick.__all__ if name.islower() and not name.startswith("_")]
    told = (site / "python.html").read_text()
    assert len(functions) == 5 and all(f"candlewick.{name}" in told for name in functions)


def test_nothing_is_fetched_from_another_host(site):
    fetched = r"<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)=\"?((?:https?:)?//[^\"\s>]+)"
    found = {url for page in site.glob("*.html") for url in re.findall(fetched, page.read_text())}
    assert found == set()
