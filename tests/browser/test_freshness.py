"""Freshness: how old the newest trade on screen is, and what goes on when trades are missing."""

import re
import shutil
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace
from playwright.sync_api import Browser

from browser.hands import SERIES, place_of
from browser.painted import painted_texts, watch_paint
from browser.proxy import proxying
from browser.relay import relaying
from browser.shared import copy_mart, start_dashboard
from browser.visitor import HOOK, Visitor
from candlewick.mart.settled import read, read_current
from candlewick.mart.version import CURRENT, encode
from candlewick.process.files import replace_atomically
from e2e.stack import Stack, free_port, wait_until

WHICH = "symbol = 'BTCDEMO' and open_time = to_timestamp({}) at time zone 'UTC'"


def test_a_feed_that_hangs_is_told_by_an_age_that_grows_and_a_dot_that_is_no_longer_green(
    chromium: Browser, demo: Stack, tmp_path: Path
) -> None:
    with relaying(demo.feed_port) as relay:
        stack = Stack(tmp_path / "hung", symbols=demo.symbols, feed_port=relay.port).write_config()
        copy_mart(demo, stack)  # one that goes on would soon carry the chart, which is delayed then, not quiet
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


def test_over_a_hole_the_price_goes_on_and_its_bar_is_incomplete_until_the_proved_one_follows(
    chromium: Browser, demo: Stack, tmp_path: Path
) -> None:
    loses, port = threading.Event(), free_port()

    def passes(text: str) -> bool:
        """Lose one frame of trades of the symbol that is looked at."""
        if not loses.is_set() or '"s":"BTCDEMO"' not in text or '"trades":[[' not in text:
            return True
        loses.clear()
        return False

    stack = Stack(tmp_path / "holed", symbols=demo.symbols, feed_port=port).write_config()
    copy_mart(demo, stack)
    with proxying(f"http://127.0.0.1:{demo.feed_port}", "/", port, passes):
        try:
            start_dashboard(stack)
            visitor = Visitor(chromium.new_page(bypass_csp=True), f"http://127.0.0.1:{stack.dashboard_port}")
            visitor.open(SERIES).wait_for_bars().wait_for_health("live")
            watch_paint(visitor)
            loses.set()
            visitor.page.locator(".legend .state[data-state=incomplete]").wait_for()
            visitor.wait_for_health("incomplete")
            price = visitor.page.locator(".price")
            for _ in range(2):  # the mart stands still, so nothing fills the hole
                before, trades = price.inner_text(), visitor.ask(f"{HOOK}.bars().at(-1).trades")
                visitor.wait(
                    f"document.querySelector('.price').textContent !== '{before}' "
                    f"&& {HOOK}.bars().at(-1).trades !== {trades}"
                )
            wait_until(lambda: price.inner_text() in painted_texts(visitor), "the axis to show the price")
            opened = visitor.ask(f"{HOOK}.bars().at(-1).time")
            wait_until(lambda: is_over(demo, opened), "the demo's own candle of the bar", 120)
            publish_again(demo, stack)
            visitor.wait(f"{HOOK}.bars().at(-1).time > {opened}")
            visitor.wait_for_health("live")
            x, y, _ = place_of(visitor, visitor.ask(back_to(opened)))
            visitor.page.mouse.move(x, y)
            visitor.page.locator(".legend .state[data-state=complete]").wait_for()
            [row] = demo.rows(f"select trade_count from gold.trades_ohlc_1m where {WHICH.format(opened)}")
            visitor.page.locator(".legend .numbers", has_text=re.compile(rf"Trades\s*{row[0]:,}$")).wait_for()
            visitor.page.close()
            visitor.check()
        finally:
            stack.stop()


def test_without_its_feed_the_chart_says_that_nothing_is_live_and_how_old_the_settled_bars_are(
    chromium: Browser, demo: Stack, tmp_path: Path
) -> None:
    stack = Stack(tmp_path / "unfed", symbols=demo.symbols).write_config()
    copy_mart(demo, stack)
    trade_again(stack, timedelta(hours=-2))
    try:
        start_dashboard(stack)
        visitor = Visitor(chromium.new_page(bypass_csp=True), f"http://127.0.0.1:{stack.dashboard_port}")
        visitor.open(SERIES)
        health = visitor.page.locator(".health")
        health.filter(has_text=re.compile(r"^no live feed · settled · 2\.0 h")).wait_for()
        old = dot(visitor)
        trade_again(stack, timedelta(seconds=0))  # the warehouse goes on
        health.filter(has_text=re.compile(r"^no live feed · settled · [\d.]+ m?s$")).wait_for()
        young = dot(visitor)
        visitor.page.set_viewport_size({"width": 390, "height": 844})
        visitor.wait("/^no live feed · [\\d.]+ m?s$/.test(document.querySelector('.health').innerText.trim())")
        visitor.wait("document.querySelector('.bottom').scrollWidth <= 390")
        visitor.page.set_viewport_size({"width": 1440, "height": 900})
        with proxying(f"http://127.0.0.1:{demo.feed_port}", "/", stack.feed_port):
            health.filter(has_text=re.compile(r"^(live|quiet|incomplete) ")).wait_for()
        health.filter(has_text="no live feed").wait_for()
        assert old != young
        visitor.page.close()
        visitor.check()
    finally:
        stack.stop()


def is_over(stack: Stack, opened: int) -> bool:
    """Whether the mart has trades of the minute after a bar, so that it has all of the bar's."""
    return stack.rows(f"select count(*) from gold.trades_ohlc_1m where {WHICH.format(opened + 60)}") != [(0,)]


def back_to(opened: int) -> str:
    return f"{HOOK}.bars().length - 1 - {HOOK}.bars().findIndex((bar) => bar.time === {opened})"


def publish_again(source: Stack, target: Stack) -> None:
    """Give a stack another's mart of now, as its own warehouse would publish it: files first, then the version."""
    here, there = source.home / "mart", target.home / "mart"
    current = (here / CURRENT).read_bytes()
    for name in sorted(read(here, current).file_names):
        (there / name).parent.mkdir(parents=True, exist_ok=True)
        if not (there / name).exists():
            shutil.copy(here / name, there / name)
    replace_atomically(there / CURRENT, current)


def trade_again(stack: Stack, ago: timedelta) -> None:
    """Publish the mart's version again: its newest trades were made so long from now."""
    current = stack.home / "mart" / CURRENT
    version = read_current(current.parent)
    traded_at = datetime.now(UTC).replace(tzinfo=None) + ago
    marks = {symbol: replace(mark, traded_at=traded_at) for symbol, mark in version.watermarks.items()}
    replace_atomically(current, encode(replace(version, version=version.version + 1, watermarks=marks, settled=None)))


def age(text: str) -> float:
    """The seconds that the status bar tells: `quiet · 7.2 s`."""
    told = re.fullmatch(r"quiet · ([\d.]+) s", text)
    assert told, text
    return float(told[1])


def dot(visitor: Visitor) -> str:
    """The colour of the dot."""
    return str(visitor.ask("getComputedStyle(document.querySelector('.health'), '::before').backgroundColor"))
