"""A whole demo as processes, and Debian's Chromium to look at it with."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from browser.visitor import Visitor
from e2e.stack import Stack, wait_until

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
SYMBOLS = ("BTCDEMO", "ETHDEMO")
HISTORY = "90m"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    path = shutil.which("chromium")
    if path is None and "CI" not in os.environ:
        pytest.skip("there is no Chromium; scripts/chromium.sh installs it")
    assert path, "CI must have Chromium: scripts/chromium.sh installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Exchange, recorder, warehouse and dashboard, with some history behind them."""
    home = tmp_path_factory.mktemp("demo")
    stack = Stack(home, symbols=SYMBOLS, timezone="Asia/Kolkata", history=HISTORY, flush_seconds=2, cycle_seconds=1)
    stack.write_config()
    try:
        stack.start_exchange("--weight-limit", "240000")
        stack.start_recorder()
        stack.start_warehouse()
        start_dashboard(stack)
        wait_until(lambda: has_history(stack), "the history's candles in the mart", 120)
        yield stack
    finally:
        stack.stop()


def start_dashboard(stack: Stack) -> None:
    stack.start("dashboard", "dashboard", "--config", str(stack.config_path))
    wait_until(lambda: bool(stack.beat("dashboard")), "the dashboard's heartbeat")


def has_history(stack: Stack) -> bool:
    """Whether most of the history is in the mart, for every symbol."""
    rows = stack.rows("select count(*) from gold.trades_ohlc_1m group by symbol")
    return len(rows) == len(SYMBOLS) and all(int(str(count)) > 60 for (count,) in rows)


@pytest.fixture
def visit(chromium: Browser, demo: Stack) -> Iterator["Visit"]:
    """Opens pages as new visitors; at the end, each must have asked this host only and have had no error."""
    visits = Visit(chromium, f"http://127.0.0.1:{demo.dashboard_port}")
    yield visits
    visits.end()


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
        visitor = Visitor(context.new_page(), self._url)
        self._visitors.append(visitor)
        return visitor.open(path)

    def end(self) -> None:
        for visitor in self._visitors:
            visitor.page.context.close()
        for visitor in self._visitors:
            visitor.check()
