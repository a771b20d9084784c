"""What once stopped a hand, each looked at where it is painted; on one page, which each test leaves as it was."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser

from browser.conftest import Visit
from browser.hands import SERIES, ask_for, button, keys, panes, place_of, press, query, type_and_enter
from browser.painted import CANDLES, extent, pixel, times_on_axis, watch_paint
from browser.test_accessibility import OPEN
from browser.visitor import HOOK, Visitor
from e2e.stack import Stack, wait_until

START = f"{SERIES}&ind=&tz=UTC"
OPENED = parse_qs(f"{START}&debug".partition("?")[2], keep_blank_values=True)
SIZES = {390: 844, 820: 1180, 1440: 900, 3840: 2160}
PANELS = (
    *("Settings", "Alerts", "Compare", "Chart type", "Picture and export", "More timeframes", "Indicators"),
    *("Order flow", "Watchlist"),
)
KEYS = {"Alt+d": "data window", "Alt+y": "time & sales", "Alt+o": "flow of a bar", "?": "keys", "Alt+g": "date"}
# What of an open panel is outside the screen, covered by something else, or cut off at its sides.
ASTRAY = """(selector) => [...document.querySelectorAll(selector)].flatMap((panel) => {
    const { left, top, right, bottom } = panel.getBoundingClientRect(), told = [];
    if (right - left < 20) return [];
    if (left < 0 || top < 0 || right > innerWidth || bottom > innerHeight) told.push([left, top, right, bottom].join());
    if (panel.scrollWidth > panel.clientWidth) told.push(`${panel.scrollWidth} px in ${panel.clientWidth}`);
    const corners = [left + 14, right - 14].flatMap((x) => [[x, top + 14], [x, bottom - 14]]);
    return [...told, ...corners.filter(([x, y]) => !panel.contains(document.elementFromPoint(x, y))).map(String)];
})"""
# How many lines a text has.
LINES = (
    "(node) => { const range = document.createRange(); range.selectNodeContents(node); "
    "return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size; }"
)


@pytest.fixture(scope="module")
def page_of_all(chromium: Browser, demo: Stack) -> Iterator[Visitor]:
    visits = Visit(chromium, f"http://127.0.0.1:{demo.dashboard_port}")
    visitor = visits(START).wait_for_bars()
    watch_paint(visitor)
    yield visitor
    visits.end()


@pytest.fixture
def visitor(page_of_all: Visitor) -> Visitor:
    """The page on a desk, with bars that stand still; opened anew where a test before left something on it."""
    at_desk(page_of_all, 1440)
    if query(page_of_all) != OPENED:
        page_of_all.open(START).wait_for_bars()
        watch_paint(page_of_all)
    keys(page_of_all, "Escape", "Alt+r")
    page_of_all.wait(f"{HOOK}.view().to > {HOOK}.bars().length + 4")
    return page_of_all.look_back()


def at_desk(visitor: Visitor, width: int, theme: str = "dark") -> None:
    visitor.page.set_viewport_size({"width": width, "height": SIZES[width]})
    visitor.wear(theme)
    visitor.wait(f"document.querySelector('.terminal').offsetWidth === {width}")
    visitor.wait_for_ticks(1)


def height_of_candles(visitor: Visitor) -> float:
    ends = extent(visitor, CANDLES)
    assert ends
    return ends[3] - ends[1]


@pytest.mark.parametrize("width", [390, 1440])
def test_the_volume_pane_is_low_and_after_a_reload_no_higher(visitor: Visitor, width: int) -> None:
    at_desk(visitor, width)
    before = panes(visitor)
    assert len(before) == 2
    assert before[1] < sum(before) / 4
    visitor.page.reload()
    visitor.wait_for_bars()
    watch_paint(visitor)
    visitor.wait("document.querySelectorAll('.canvas table tr').length > 3")
    assert panes(visitor) == before


def test_auto_is_let_go_by_a_hand_on_the_axis_and_fits_the_bars_again(visitor: Visitor) -> None:
    wait_until(lambda: height_of_candles(visitor) > 0.6, "bars as high as the pane")
    fitted = height_of_candles(visitor)
    box = visitor.page.locator(".canvas").bounding_box()
    assert box
    x, y = box["x"] + box["width"] - 20, box["y"] + 150
    visitor.page.mouse.move(x, y)
    visitor.page.mouse.down()
    visitor.page.mouse.move(x, y + 150, steps=5)
    visitor.page.mouse.up()
    wait_until(lambda: height_of_candles(visitor) < fitted * 0.8, "bars that the hand made lower")
    visitor.page.locator("button[aria-pressed=false]", has_text="auto").wait_for()
    button(visitor, "auto").click()
    wait_until(lambda: height_of_candles(visitor) == pytest.approx(fitted, abs=0.02), "bars that fit again")
    visitor.page.locator("button[aria-pressed=true]", has_text="auto").wait_for()


def test_seconds_have_a_vwap_from_their_first_bar_on(visitor: Visitor) -> None:
    type_and_enter(visitor, "1s")
    visitor.page.locator(".legend .name b", has_text="1s").wait_for()
    keys(visitor, "/")
    visitor.page.get_by_label("Search indicators").fill("vwap")
    keys(visitor, "Enter", "Escape")
    value = visitor.page.locator(".row", has_text="VWAP").locator(".value")
    value.filter(has_text=re.compile(r"^[\d,]+\.\d\d$")).wait_for()
    colour = value.evaluate("value => getComputedStyle(value).color.match(/\\d+/g).join()")

    def is_from_edge_to_edge() -> bool:
        ends = extent(visitor, [colour])
        return ends is not None and ends[0] < 0.25 and ends[2] > 0.8

    keys(visitor, "Alt+r")
    wait_until(is_from_edge_to_edge, "a line of the VWAP")
    keys(visitor, "Control+z", "Control+z")
    visitor.page.locator(".legend .name b", has_text="1m").wait_for()
    assert visitor.page.locator(".row").count() == 0


def test_beside_another_symbol_the_scale_can_be_logarithmic(visitor: Visitor) -> None:
    button(visitor, "Compare").click()
    keys(visitor, "Enter")
    value = visitor.page.locator(".row", has_text="ETHDEMO").locator(".value")
    value.filter(has_text=re.compile(r"\d")).wait_for()
    button(visitor, "log").click()
    assert (query(visitor)["vs"], query(visitor)["scale"]) == (["ETHDEMO"], ["log"])
    colour = value.evaluate("value => getComputedStyle(value).color.match(/\\d+/g).join()")

    def is_among_the_bars() -> bool:
        line, candles = extent(visitor, [colour]), extent(visitor, CANDLES)
        if line is None or candles is None or candles[3] - candles[1] < 0.2:
            return False
        return line[2] - line[0] > 0.8 * (candles[2] - candles[0])

    wait_until(is_among_the_bars, "the other's line from edge to edge, and candles that are not flat beside it")
    visitor.page.locator(".row", has_text="ETHDEMO").hover()
    button(visitor, "Remove ETHDEMO").click()
    assert not {"vs", "scale"} & query(visitor).keys()


@pytest.mark.parametrize("width", [390, 1440])
def test_going_to_a_date_by_the_right_button_leads_there_or_says_where_the_tape_ends(
    visitor: Visitor, width: int
) -> None:
    at_desk(visitor, width)
    first = visitor.ask(f"{HOOK}.bars()[0].time")
    for seconds, words in (
        (978_307_200, "The tape begins at "),
        (4_070_908_800, "is in the future"),
        (first + 1_800, ""),
    ):
        go_to(visitor, seconds)
        if words:
            toast = visitor.page.locator(".toast", has_text=words)
            toast.wait_for()
            assert visitor.ask(f"({ASTRAY})('.toast')") == []
            toast.wait_for(state="detached")
    visitor.wait(f"Math.abs(({HOOK}.view().from + {HOOK}.view().to) / 2 - 30) < 2")
    half_past = visitor.ask(f"{HOOK}.label({first + 1_800}).slice(-5, -1)")
    wait_until(lambda: any(time.startswith(half_past) for time in times_on_axis(visitor)), "the axis to be there")


def go_to(visitor: Visitor, seconds: int) -> None:
    """By the right button, in UTC."""
    box = visitor.page.locator(".canvas").bounding_box()
    assert box
    visitor.page.mouse.click(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.5, button="right")
    visitor.page.get_by_role("menuitem", name="Go to a date").click()
    stamp = visitor.ask(f"new Date({1_000 * seconds}).toISOString().slice(0, 19)")
    visitor.page.get_by_label("Date and time").fill(stamp)
    keys(visitor, "Enter")
    visitor.page.get_by_role("dialog", name="Go to a date").wait_for(state="detached")


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1440, "dark")])
def test_no_number_of_a_bars_panel_wraps(visitor: Visitor, width: int, theme: str) -> None:
    at_desk(visitor, width, theme)
    ask_for(visitor, 28)
    visitor.page.locator(".lineage tbody tr", has_text="Quote volume").wait_for()
    cells = visitor.page.locator(".lineage tbody td, .lineage tbody th").all()
    assert len(cells) > 30
    assert {cell.inner_text(): cell.evaluate(LINES) for cell in cells if cell.evaluate(LINES) > 1} == {}
    keys(visitor, "Escape", "Alt+d")
    visitor.page.locator(".data-window dt", has_text="Quote volume").wait_for()
    assert {line.evaluate(LINES) for line in visitor.page.locator(".data-window dd").all()} == {1}
    keys(visitor, "Alt+d")


def test_the_legend_folds_and_at_no_size_lies_over_a_candle(visitor: Visitor) -> None:
    for name in ("ema", "vwap", "bb"):
        keys(visitor, "/")
        visitor.page.get_by_label("Search indicators").fill(name)
        keys(visitor, "Enter", "Escape")
    shown = visitor.page.locator(".row").filter(visible=True)
    for width, theme in ((390, "dark"), (820, "light"), (1440, "dark"), (3840, "light")):
        at_desk(visitor, width, theme)
        assert shown.count() == 3
        wait_until(lambda: not extent(visitor, CANDLES, ".legend"), f"no candle behind the legend at {width} px")
        assert extent(visitor, CANDLES)
    high = visitor.page.locator(".legend").bounding_box()
    press(visitor, "Legend")
    shown.first.wait_for(state="detached")
    folded = visitor.page.locator(".legend").bounding_box()
    assert high and folded
    assert folded["height"] < high["height"] - 40
    press(visitor, "Legend")
    assert shown.count() == 3
    keys(visitor, *["Control+z"] * 3)
    assert visitor.page.locator(".row").count() == 0


def test_the_ribbon_below_the_bars_is_green_and_says_why(visitor: Visitor) -> None:
    x, _, _ = place_of(visitor, 40)
    box = visitor.page.locator(".canvas").bounding_box()
    assert box
    y = box["y"] + panes(visitor)[0] - 3
    visitor.page.mouse.move(x, y)
    visitor.page.locator(".canvas[title='audited: Equal to the exchange\\'s own candle in every field']").wait_for()
    visitor.page.mouse.move(x + 400, y - 200)
    visitor.page.locator(".canvas[title='']").wait_for()
    red, green, blue = pixel(visitor.page, x, y)
    assert min(green, blue) > red + 30


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (820, "dark"), (1440, "light"), (3840, "dark")])
def test_each_panel_is_whole_on_screen(visitor: Visitor, width: int, theme: str) -> None:
    at_desk(visitor, width, theme)
    open_panel, astray = visitor.page.locator(OPEN), {}
    for name in (*PANELS, *KEYS):
        if name in KEYS:
            keys(visitor, name)
        else:
            visitor.page.get_by_role("button", name=re.compile(f"^{name}( .*)?$")).first.click()
        open_panel.first.wait_for()
        astray[KEYS.get(name, name)] = visitor.ask(f"({ASTRAY})({OPEN!r})")
        if name == "Watchlist":
            press(visitor, "Close the watchlist")
        keys(visitor, "Escape")
        open_panel.filter(visible=True).first.wait_for(state="detached")
    assert {name: told for name, told in astray.items() if told} == {}
