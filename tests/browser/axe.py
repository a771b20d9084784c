"""axe-core, which checks a page against the rules of accessibility that a program can check."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from browser.visitor import Visitor

FRONTEND = Path(__file__).parents[2] / "src/candlewick/dashboard/frontend"
SCRIPT = FRONTEND / "node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""The rules that look at colours: all that another theme can violate."""
RUN = """async ([runOnly, within]) => {
    const { violations } = await axe.run(within ?? document, { runOnly, resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
        `${id}: ${target.flat().join(" ")}: ${failureSummary.split("\\n").slice(1, 2).join("")}`));
}"""


def violations(visitor: Visitor, within: str | None = None) -> list[str]:
    """The rules that the page, or what a selector finds, violates now; each with the element and the reason."""
    return _violations(visitor, TAGS, within)


def violations_in_both_themes(visitor: Visitor, within: str | None = None) -> list[str]:
    """The rules that the page, or what a selector finds, violates now in the dark theme, and in the light one.

    The page follows the system's theme, so that it is there in both as it stands: with what is open on it.
    """
    found = violations(visitor, within)
    visitor.wear("light")
    found += [f"light: {each}" for each in _violations(visitor, COLOURS, within)]
    visitor.wear("dark")
    return found


def _violations(visitor: Visitor, rules: object, within: str | None) -> list[str]:
    if not visitor.ask("'axe' in window"):
        visitor.page.add_script_tag(path=_script())
    found: list[str] = visitor.page.evaluate(RUN, [rules, within])
    return found


def _script() -> Path:
    """The script of the lock's version; it is fetched where a build of the chart left out what only tests need."""
    npm: Any = shutil.which("npm")
    if not SCRIPT.exists() and npm:
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=FRONTEND, capture_output=True, check="CI" in os.environ)
    if not SCRIPT.exists() and "CI" not in os.environ:
        pytest.skip("accessibility is checked where npm can fetch axe-core")
    assert SCRIPT.exists(), "CI must have npm"
    return SCRIPT
