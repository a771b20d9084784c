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
RUN = """async ([tags, within]) => {
    const { violations } = await axe.run(within ?? document, { runOnly: tags, resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
        `${id}: ${target.flat().join(" ")}: ${failureSummary.split("\\n").slice(1, 2).join("")}`));
}"""


def violations(visitor: Visitor, within: str | None = None) -> list[str]:
    """The rules that the page, or what a selector finds, violates now; each with the element and the reason."""
    if not visitor.ask("'axe' in window"):
        visitor.page.add_script_tag(path=_script())
    found: list[str] = visitor.page.evaluate(RUN, [TAGS, within])
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
