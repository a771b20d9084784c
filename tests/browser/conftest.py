"""A whole demo as processes, and Debian's Chromium to look at it with."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browser.chromium import opened
from browser.painted import PICTURES
from browser.shared import looking_at, shared_demo
from browser.visitor import Visitor
from e2e.stack import Stack


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    with opened() as browser:
        yield browser


@pytest.fixture(scope="package")
def demo(run_folder: Path) -> Iterator[Stack]:
    """Exchange, recorder, warehouse and dashboard, with some history behind them; one for all workers.

    A test that stops a process of it, stops it for all of them: see `branch`.
    """
    with shared_demo(run_folder / "demo") as stack:
        yield stack


@pytest.fixture
def branch(demo: Stack, tmp_path: Path) -> Iterator[Stack]:
    """A dashboard of one's own, to stop and start."""
    with branched(demo, tmp_path / "branch") as stack:
        yield stack


@pytest.fixture
def visit(chromium: Browser, demo: Stack) -> Iterator["Visit"]:
    """Opens pages as new visitors; at the end, each must have asked this host only and have had no error."""
    visits = Visit(chromium, f"http://127.0.0.1:{demo.dashboard_port}")
    yield visits
    visits.end()


@pytest.fixture
def visit_branch(chromium: Browser, branch: Stack) -> Iterator["Visit"]:
    """The same on a dashboard of one's own."""
    visits = Visit(chromium, f"http://127.0.0.1:{branch.dashboard_port}")
    yield visits
    visits.end()


@contextmanager
def branched(demo: Stack, home: Path) -> Iterator[Stack]:
    """A dashboard on the demo's mart and feed."""
    stack = Stack(home, symbols=demo.symbols, feed_port=demo.feed_port).write_config()
    Path(stack.home, "mart").symlink_to(demo.home / "mart")
    with looking_at(stack):
        yield stack


class Visit:
    """Makes visitors, each with a browser profile of its own."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser, self._url = browser, url
        self._visitors: list[Visitor] = []

    def __call__(
        self, path: str, *, width: int = 1440, height: int = 900, theme: str = "dark", touch: bool = False
    ) -> Visitor:
        """Open a page and wait until its chart has candles and ticks, where it has a chart."""
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,  # type: ignore[arg-type]
            has_touch=touch,
            bypass_csp=True,  # what a test asks a page is a script; test_serving.py keeps to the policy
        )
        context.add_init_script(PICTURES)
        visitor = Visitor(context.new_page(), self._url)
        self._visitors.append(visitor)
        return visitor.open(path)

    def end(self) -> None:
        for visitor in self._visitors:
            visitor.page.context.close()
        for visitor in self._visitors:
            visitor.check()
