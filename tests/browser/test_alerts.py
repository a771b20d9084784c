"""Alerts: a price that is met, and a pipeline in trouble."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from browser.conftest import Visit, branched
from browser.painted import watch_paint
from browser.visitor import HOOK, Visitor
from e2e.stack import Stack, wait_until

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def watch(demo: Stack, run_folder: Path) -> Iterator[Stack]:
    """A dashboard whose alerts are these tests' alone; one for all of them, since it takes long to start."""
    with branched(demo, run_folder / "watch") as stack:
        yield stack


@pytest.fixture
def visit_watch(chromium: Browser, watch: Stack) -> Iterator[Visit]:
    """Opens pages of that dashboard, which has no alerts at first."""
    url = f"http://127.0.0.1:{watch.dashboard_port}"
    visits = Visit(chromium, url)
    yield visits
    visits.end()
    for alert in httpx.get(f"{url}/api/alerts").json()["alerts"]:
        httpx.delete(f"{url}/api/alerts/{alert['id']}").raise_for_status()


def open_menu(visitor: Visitor) -> None:
    visitor.page.get_by_role("button", name="Alerts", exact=True).click()


def add(visitor: Visitor, price: float) -> None:
    visitor.page.get_by_label("Price", exact=True).fill(f"{price:.2f}")
    visitor.page.get_by_role("button", name="Add", exact=True).click()


def listed(visitor: Visitor) -> list[str]:
    return visitor.page.locator(".alerts-list b").all_inner_texts()


def chart_of(visitor: Visitor, symbol: str = "BTCDEMO") -> Visitor:
    visitor.open(f"/chart?symbol={symbol}&tf=1m").wait_for_bars()
    open_menu(visitor)
    return visitor


LISTEN = """
window.__notes = 0; window.__messages = [];
const { start } = OscillatorNode.prototype;
OscillatorNode.prototype.start = function (...when) { window.__notes += 1; return start.apply(this, when); };
window.Notification = class extends window.Notification {
    constructor(title, options) { super(title, options); window.__messages.push(options.body); }
};
"""
"""JavaScript that counts the notes that are played, and keeps the messages that show beside the page."""


def test_a_price_that_is_met_is_told_once_to_every_browser_and_one_that_is_not_waits(visit_watch: Visit) -> None:
    visitor = visit_watch("/chart?symbol=BTCDEMO&tf=1m").wait_for_bars()
    visitor.page.context.grant_permissions(["notifications"])
    visitor.page.add_init_script(LISTEN)
    chart_of(visitor)
    visitor.page.get_by_label("Sound").check()
    visitor.page.get_by_label("Messages beside the page").check()
    price = float(visitor.ask(f"{HOOK}.bars().at(-1).close"))
    ladder = [price + step for step in (-12, -6, -3, -1, 1, 3, 6, 12)]
    for wanted in (*ladder, 2 * price):
        add(visitor, wanted)
    visitor.page.locator(".toast", has_text="BTCDEMO").first.wait_for()
    rung = visitor.page.locator(".alerts-log li", has_text="BTCDEMO").first
    rung.wait_for()
    visitor.wait("window.__notes >= 2 && window.__messages.some((text) => text.startsWith('BTCDEMO '))")
    other = chart_of(visit_watch("/chart?symbol=BTCDEMO&tf=1m"))
    other.page.locator(".alerts-log li", has_text=rung.locator("time").inner_text()).first.wait_for()
    assert f"{2 * price:,.2f}" in listed(other)
    assert other.page.get_by_role("button", name="Again").count() > 0


def test_alerts_are_the_servers_and_each_symbols_own(visit_watch: Visit) -> None:
    visitor = visit_watch("/chart?symbol=BTCDEMO&tf=1m").wait_for_bars()
    open_menu(visitor)
    add(visitor, 1_000_000)
    visitor.page.locator(".alerts-list b").wait_for()
    assert listed(chart_of(visitor, "ETHDEMO")) == []
    stranger = chart_of(visit_watch("/chart?symbol=BTCDEMO&tf=1m"))
    stranger.page.locator(".alerts-list b").wait_for()
    assert listed(stranger) == ["1,000,000.00"]
    stranger.page.get_by_role("button", name="Remove the alert at 1000000").click()
    stranger.page.locator(".alerts-list b").wait_for(state="detached")
    assert listed(chart_of(visitor)) == []


def test_a_recorder_that_ends_is_told(visit_watch: Visit, watch: Stack, demo: Stack) -> None:
    own = Stack(watch.home, symbols=demo.symbols, history="1m", exchange_port=demo.exchange_port)
    own.dashboard_port = watch.dashboard_port
    own.write_config().start_recorder()  # one of its own, with a lake of its own
    try:
        wait_until(lambda: own.beat("recorder").get("state") == "recording", "the recorder to record")
        visitor = visit_watch("/chart?symbol=BTCDEMO&tf=1m").wait_for_bars()
        with visitor.page.expect_response("**/api/status"):
            pass
        own.kill("recorder", signal.SIGTERM)
        visitor.page.locator(".toast", has_text="The recorder gives no sign of life").wait_for()
    finally:
        own.stop()


def test_the_line_of_an_alert_is_dragged_to_another_price_and_the_chart_stays(visit_watch: Visit) -> None:
    visitor = visit_watch("/chart?symbol=BTCDEMO&tf=1m&ind=").wait_for_bars().look_back()
    watch_paint(visitor)
    low = min(bar["low"] for bar in visitor.ask(f"{HOOK}.bars().slice(-60, -25)"))
    open_menu(visitor)
    visitor.page.get_by_label("When the price").select_option("above")
    visitor.page.get_by_label("How long").select_option("for an hour")
    add(visitor, low)
    visitor.page.locator(".alerts-list .field", has_text="rises to, until").wait_for()
    visitor.page.keyboard.press("Escape")
    box = visitor.page.locator(".canvas").bounding_box()
    assert box
    y = next(
        y
        for y in range(60, int(box["height"]) - 200, 4)  # within reach of a line is 5 px
        if visitor.page.mouse.move(box["x"] + 300, box["y"] + y) is None
        and visitor.ask(
            "new Promise((done) => requestAnimationFrame(() => done(!!document.querySelector('[data-over-alert]'))))"
        )
    )
    view = visitor.view()
    visitor.page.mouse.down()
    visitor.page.mouse.move(box["x"] + 360, box["y"] + y - 120, steps=6)
    visitor.page.mouse.up()
    visitor.page.mouse.move(box["x"] + 360, box["y"] + 10)
    kept = "fetch('/api/alerts').then((answer) => answer.json())"
    visitor.wait(f"{kept}.then(({{ alerts }}) => Number(alerts[0].level) > {low} + 1)")
    [alert] = visitor.ask(kept)["alerts"]
    told = f"alert {float(alert['level']):,.2f}"
    visitor.wait(f"[...window.__painted.values()].flat().includes({told!r})")
    assert alert["is_armed"] and alert["expires_at"]
    visitor.wait_for_ticks(2)
    assert visitor.view() == view
    rung = json.dumps({"method": "PATCH", "headers": JSON, "body": json.dumps({"is_armed": False})})
    visitor.ask(f"fetch('/api/alerts/{alert['id']}', {rung})")
    open_menu(visitor)
    visitor.page.locator(".alerts-list [data-armed=false]", has_text="rang").wait_for()
    visitor.page.get_by_role("button", name="Again").click()
    visitor.page.locator(".alerts-list [data-armed=true]", has_text="rises to").wait_for()
    visitor.wait(f"{kept}.then(({{ alerts }}) => alerts[0].is_armed)")


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1440, "light")])
def test_the_page_of_alerts_tells_what_is_watched_for_and_what_rang(visit_watch: Visit, width: int, theme: str) -> None:
    visitor = visit_watch("/alerts", width=width, theme=theme)
    visitor.page.get_by_text("None yet.").wait_for()
    rang = visitor.page.locator("section", has=visitor.page.get_by_role("heading", name="What rang"))
    unsealed = "cannot be sealed: 12 trade ids are missing"
    before = rang.get_by_text(unsealed).count()
    asked = {"method": "POST", "headers": JSON}
    for wanted in (
        {"kind": "cross", "symbol": "BTCDEMO", "level": "1000000", "note": "<b>moon</b>"},
        {"kind": "seal"},
    ):
        visitor.ask(f"fetch('/api/alerts', {json.dumps(asked | {'body': json.dumps(wanted)})})")
    visitor.page.get_by_text("<b>moon</b>").wait_for()
    assert visitor.page.get_by_text("comes to 1000000").is_visible()
    assert visitor.page.get_by_text("a day cannot be sealed").is_visible()
    rang.get_by_text(unsealed).nth(before).wait_for()  # as the demo's lake tells of its days
    assert visitor.ask("document.documentElement.scrollWidth") == width


def test_an_alert_on_an_indicator_is_kept_and_one_that_is_none_is_refused(visit_watch: Visit) -> None:
    visitor = visit_watch("/chart?symbol=BTCDEMO&tf=3m").wait_for_bars(5)
    visitor.expects_outage = True  # the browser notes a refusal as an error
    open_menu(visitor)
    visitor.page.get_by_label("Indicator", exact=True).fill("macd")
    visitor.page.get_by_role("button", name="Add on close").click()
    visitor.page.locator(".toast", has_text="expected sma(n), ema(n) or rsi(n)").wait_for()
    visitor.page.get_by_label("Indicator", exact=True).fill("rsi(9)")
    visitor.page.get_by_label("Level of the indicator").fill("65")
    visitor.page.get_by_role("button", name="Add on close").click()
    visitor.page.locator(".alerts-list b", has_text="rsi(9) 65 3m").wait_for()
    visitor.page.get_by_role("button", name="Remove the alert on rsi(9)").click()
    visitor.page.locator(".alerts-list b").wait_for(state="detached")
