"""Accessibility: what axe-core finds on every page, how large targets are, a session by the keyboard alone."""

import re
from collections.abc import Callable

from browser.axe import violations, violations_in_both_themes
from browser.conftest import Visit
from browser.hands import SERIES, button, deep, keys, point, press, query
from browser.painted import painted_texts, times_in_zone, times_on_axis, watch_paint
from browser.test_layouts import open_saved
from browser.test_lineage import ask_for, place_of
from browser.visitor import HOOK, Visitor
from e2e.stack import wait_until

OPEN = (
    ".popover, dialog[open], .panel:not([hidden]), .watchlist:not([hidden]), .replay:not([hidden]), "
    ".drawing-toolbar:not([hidden])"
)
BUTTONS = ("Settings", "Alerts", "Compare", "Layout", "Chart type", "Messages", "Picture and export", "More timeframes")


def right_click(visitor: Visitor) -> None:
    x, y, _ = place_of(visitor, 20)
    visitor.page.mouse.click(x, y, button="right")


def draw(visitor: Visitor) -> None:
    keys(visitor, "Alt+h")
    visitor.page.mouse.click(*point(visitor, 0.5, 0.7))


OTHERS: dict[str, Callable[[Visitor], object]] = {
    "zones": lambda visitor: visitor.page.locator(".zone").click(),
    "indicators": lambda visitor: keys(visitor, "/"),
    "search": lambda visitor: visitor.page.keyboard.type("eth"),
    "date": lambda visitor: keys(visitor, "Alt+g"),
    "keys": lambda visitor: keys(visitor, "?"),
    "context menu": right_click,
    "watchlist": lambda visitor: press(visitor, "Watchlist"),
    "data window": lambda visitor: keys(visitor, "Alt+d"),
    "lineage": lambda visitor: ask_for(visitor, 20),
    "layouts and templates": open_saved,
    "settings of an indicator": lambda visitor: visitor.page.locator(".row-name", has_text="EMA").click(),
    "order flow": lambda visitor: press(visitor, "Order flow"),
    "replay": lambda visitor: press(visitor, "Replay"),
    "settings of a drawing": draw,
}
ON_A_PHONE = (
    *("Settings", "Alerts", "Compare", "Chart type", "Picture and export", "More timeframes", "Indicators"),
    *("Order flow", "Replay", "Watchlist"),
)
SMALL = """() => [...document.querySelectorAll("button, select, input:not([type=checkbox], [type=radio])")]
    .filter((target) => target.checkVisibility({ visibilityProperty: true }))
    .map((target) => [target.ariaLabel || target.textContent || target.outerHTML, target.getBoundingClientRect()])
    .filter(([, { width, height }]) => Math.min(width, height) < 43.9)
    .map(([name, { width, height }]) => `${name}: ${width} x ${height}`)"""
"""JavaScript for what can be pressed and has less than 44 px either way."""


def test_the_chart_and_each_of_its_panels_violate_no_rule(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&ind=ema,rsi&vs=ETHDEMO").wait_for_bars()
    assert violations_in_both_themes(visitor) == []
    for name in BUTTONS:
        press(visitor, name)
        assert violations_in_both_themes(visitor, OPEN) == [], name
        keys(visitor, "Escape")
    for name, open_it in OTHERS.items():
        open_it(visitor)
        assert violations_in_both_themes(visitor, OPEN) == [], name
        keys(visitor, "Escape")


def test_on_a_phone_a_finger_finds_44_px_everywhere_and_no_rule_is_violated(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&ind=ema,rsi", width=390, height=844, touch=True).wait_for_bars()
    assert visitor.page.evaluate(SMALL) == []
    assert violations(visitor) == []
    for name in ON_A_PHONE:
        visitor.page.get_by_role("button", name=re.compile(f"^{name}( .*)?$")).first.tap()
        visitor.page.locator(OPEN).first.wait_for()
        assert visitor.page.evaluate(SMALL) == [], name
        assert violations(visitor, OPEN) == [], name
        keys(visitor, "Escape")
    assert visitor.ask("['.top', '.bottom'].map((bar) => document.querySelector(bar).scrollWidth)") == [390, 390]


def test_the_pages_of_streamlit_violate_no_rule(visit: Visit) -> None:
    visitor = visit("/").wait_for_bars()
    for path, shows in (
        ("/", None),
        ("/pipeline", ".heat"),
        ("/alerts", ".candlewick-health h2"),
        ("/data", ".candlewick-data tbody tr td"),
    ):
        if shows:
            visitor.open(path).page.locator(shows).first.wait_for(state="attached")
        visitor.wait_for_streamlit()
        assert violations_in_both_themes(visitor) == [], path


def tab_to(visitor: Visitor, name: str) -> None:
    """Press Tab until the focus is on what has a name."""
    focused = f"({deep('.terminal')}).getRootNode().activeElement"
    for _ in range(60):
        if name in visitor.ask(f"{focused}?.ariaLabel || {focused}?.textContent || ''"):
            return
        keys(visitor, "Tab")
    raise AssertionError(f"60 tabs did not lead to {name}")


FAR = f"""(() => {{
    const bars = {HOOK}.bars().slice(-40);
    const [low, high] = [Math.min(...bars.map((bar) => bar.low)), Math.max(...bars.map((bar) => bar.high))];
    return (bars.at(-1).close - low > high - bars.at(-1).close ? low : high).toFixed(2);
}})()"""
"""JavaScript for a price that is on the screen, as far from the newest as there is."""


def test_a_session_by_the_keyboard_alone(visit: Visit) -> None:
    visitor = visit("/chart?symbol=BTCDEMO&tf=1m").wait_for_bars()
    watch_paint(visitor)
    visitor.page.keyboard.type("eth")
    keys(visitor, "Enter")
    visitor.wait(f"{deep('.legend .name b')}.textContent === 'ETHDEMO · 1m'")
    keys(visitor, "/")
    visitor.page.keyboard.type("rsi")
    keys(visitor, "Enter")
    assert query(visitor)["ind"] == ["ema,vwap,rsi"]
    price = visitor.ask(FAR).rstrip("0").rstrip(".")
    tab_to(visitor, "Alerts")
    keys(visitor, "Enter")
    visitor.page.keyboard.press("Control+a")
    visitor.page.keyboard.type(price)
    keys(visitor, "Enter", "Escape")
    assert "Alerts" in visitor.ask("document.activeElement.ariaLabel")
    wait_until(lambda: f"alert {float(price):,.2f}" in painted_texts(visitor), "the alert to be painted")
    tab_to(visitor, "Chart of ETHDEMO, 1m")
    spoken = visitor.page.locator(".overlay [role=status]")
    read = []
    for _ in range(3):
        keys(visitor, "ArrowLeft")
        read.append(spoken.inner_text())
    assert len(set(read)) == 3
    assert all(", trades" in text or " trades, " in text for text in read)
    label = " ".join(visitor.ask(f"{HOOK}.label({HOOK}.bars().at(-3).time)").split())
    assert any(text.startswith(label) for text in read)
    tab_to(visitor, "Time zone")
    keys(visitor, "Enter")
    visitor.page.keyboard.type("tokyo")
    keys(visitor, "Enter")
    wait_until(lambda: len(times_on_axis(visitor)) > 2, "the axis to be painted")
    wait_until(lambda: times_on_axis(visitor) <= times_in_zone(visitor, "Asia/Tokyo"), "an axis in Tokyo's time")
    tab_to(visitor, "Alerts")
    keys(visitor, "Enter")
    remove = f"Remove the alert at {price}"
    tab_to(visitor, remove)
    keys(visitor, "Enter")
    button(visitor, remove).wait_for(state="detached")
