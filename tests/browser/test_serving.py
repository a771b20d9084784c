"""Serving safely: under the pages' own policy, behind a proxy with a path prefix, and to nobody else's page."""

import gzip
import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from browser.hands import again_until
from browser.proxy import proxying
from browser.shared import start_dashboard
from browser.visitor import Visitor
from e2e.stack import Stack, free_port

PREFIX = "/charts/candlewick"


class Strict:
    """A page that keeps to its content security policy, and notes what it is told of."""

    def __init__(self, browser: Browser) -> None:
        self.page: Page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        self.violations: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.violations.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            self.violations.append(message.text)


@pytest.fixture
def strict(chromium: Browser) -> Iterator[Strict]:
    strict = Strict(chromium)
    yield strict
    strict.page.context.close()
    assert not strict.violations


@pytest.mark.parametrize("path", ["/chart", "/"])
def test_the_chart_lives_under_its_policy(strict: Strict, demo: Stack, path: str) -> None:
    page = strict.page
    page.goto(f"http://127.0.0.1:{demo.dashboard_port}{path}")
    page.locator(".health[data-health=live]").wait_for()
    box = page.locator(".canvas").bounding_box()
    assert box
    x, y = box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.5
    again_until(page.locator(".lineage .verdict"), lambda: page.mouse.dblclick(x, y))
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Rising body", exact=True).fill("#2962ff")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="5m", exact=True).click()
    page.locator(".legend .name b", has_text="5m").wait_for()


@pytest.mark.parametrize(("path", "shows"), [("/pipeline", ".heat"), ("/data", ".candlewick-data tbody tr td")])
def test_the_other_pages_live_under_theirs(strict: Strict, demo: Stack, path: str, shows: str) -> None:
    strict.page.goto(f"http://127.0.0.1:{demo.dashboard_port}{path}")
    strict.page.locator(shows).first.wait_for(state="attached")


@pytest.fixture(scope="module")
def proxied(demo: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard behind a proxy that passes a prefix on; its mart and feed are the demo's."""
    home, port = tmp_path_factory.mktemp("proxied"), free_port()
    stack = Stack(home, symbols=demo.symbols, feed_port=demo.feed_port).write_config()
    with stack.config_path.open("a") as config:
        config.write(f'origins = ["http://localhost:{port}"]\npath = "{PREFIX}"\n')
    Path(home, "mart").symlink_to(demo.home / "mart")
    try:
        start_dashboard(stack)
        with proxying(f"http://127.0.0.1:{stack.dashboard_port}", PREFIX, port) as address:
            yield address
    finally:
        stack.stop()


@pytest.mark.parametrize("path", ["/chart", "/"])
def test_behind_a_proxy_with_a_prefix_everything_works(chromium: Browser, proxied: str, path: str) -> None:
    context = chromium.new_context(bypass_csp=True)
    visitor = Visitor(context.new_page(), proxied + PREFIX)
    visitor.open(path).wait_for_bars().wait_for_health("live")
    visitor.wait_for_ticks(3)
    context.close()
    assert not visitor.foreign, visitor.foreign
    assert not visitor.errors, visitor.errors


def test_a_page_behind_a_proxy_that_is_opened_by_its_address_is_that_page(chromium: Browser, proxied: str) -> None:
    context = chromium.new_context()
    visitor = Visitor(context.new_page(), proxied + PREFIX)
    visitor.open("/pipeline").page.locator(".tiles").wait_for()
    context.close()
    visitor.check()


@pytest.mark.parametrize("path", ["/", "/chart", "/api/candles", "/api/day", "/_stcore/health"])
def test_a_foreign_page_is_served_by_no_route(demo: Stack, path: str) -> None:
    assert ask(demo, path, Origin="http://evil.example").status == 403


@pytest.mark.parametrize("path", ["/api/live", "/_stcore/stream"])
def test_a_foreign_page_gets_no_socket(demo: Stack, path: str) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==",
    }
    assert ask(demo, path, Origin="http://evil.example", **upgrade).status == 403
    own = f"http://127.0.0.1:{demo.dashboard_port}"
    assert ask(demo, path, Origin=own, **upgrade).status == 101


def test_history_travels_compressed(demo: Stack) -> None:
    path = "/api/candles?symbol=BTCDEMO&timeframe=1s&limit=1500"
    answer = ask(demo, path, **{"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    body = answer.read()
    assert len(json.loads(gzip.decompress(body))["t"]) == 1_500
    assert len(body) < 60_000


def ask(demo: Stack, path: str, **headers: str) -> http.client.HTTPResponse:
    """One request, as a program that is no browser makes it."""
    connection = http.client.HTTPConnection("127.0.0.1", demo.dashboard_port, timeout=60)
    connection.request("GET", path, headers=headers)
    return connection.getresponse()
