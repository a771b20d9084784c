"""Freshness: how old the newest trade on screen is, counted up in the page itself."""

import re
from pathlib import Path

from playwright.sync_api import Browser

from browser.relay import relaying
from browser.shared import start_dashboard
from browser.visitor import Visitor
from e2e.stack import Stack


def test_a_feed_that_hangs_is_told_by_an_age_that_grows_and_a_dot_that_is_no_longer_green(
    chromium: Browser, demo: Stack, tmp_path: Path
) -> None:
    with relaying(demo.feed_port) as relay:
        stack = Stack(tmp_path / "hung", symbols=demo.symbols, feed_port=relay.port).write_config()
        Path(stack.home, "mart").symlink_to(demo.home / "mart")
        try:
            start_dashboard(stack)
            visitor = Visitor(chromium.new_page(bypass_csp=True), f"http://127.0.0.1:{stack.dashboard_port}")
            health = visitor.open("/chart").wait_for_bars().page.locator(".health")
            visitor.wait_for_health("live")
            green = dot(visitor)
            relay.hold()
            health.and_(visitor.page.locator("[data-health=quiet]")).wait_for()
            first = age(health.inner_text())
            visitor.wait(f"parseFloat(document.querySelector('.health').textContent.split('· ')[1]) >= {first + 2}")
            assert dot(visitor) != green
            relay.release()
            visitor.wait_for_health("live")
            visitor.page.close()
            visitor.check()
        finally:
            stack.stop()


def age(text: str) -> float:
    """The seconds that the status bar tells: `quiet · 7.2 s`."""
    told = re.fullmatch(r"quiet · ([\d.]+) s", text)
    assert told, text
    return float(told[1])


def dot(visitor: Visitor) -> str:
    """The colour of the dot."""
    return str(visitor.ask("getComputedStyle(document.querySelector('.health'), '::before').backgroundColor"))
