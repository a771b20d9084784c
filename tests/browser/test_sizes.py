"""From a phone to 4K: one screen, and fingers."""

from typing import Any

import pytest

from browser.conftest import Visit
from browser.hands import SERIES, deep
from browser.painted import watch_paint
from browser.visitor import HOOK


@pytest.mark.parametrize("path", ["/", "/pipeline"])
@pytest.mark.parametrize(("width", "height"), [(390, 844), (1440, 900)])
def test_one_screen_holds_the_chart_and_nothing_is_wider_than_the_screen(
    visit: Visit, path: str, width: int, height: int
) -> None:
    visitor = visit(path, width=width, height=height)
    if path == "/":
        visitor.wait_for_bars()
        terminal: dict[str, Any] = visitor.ask(f"{deep('.terminal')}.getBoundingClientRect().toJSON()")
        assert (terminal["width"], terminal["bottom"]) == (width, height)
        visitor.wait(f"{deep('.stat')}")
        assert visitor.ask(f"{deep('.top')}.offsetHeight") < (100 if width < 600 else 50)
        for selector in (".top", ".bottom"):
            assert visitor.ask(f"{deep(selector)}.scrollWidth") <= width
    else:
        visitor.page.wait_for_selector(".tile")
    assert visitor.ask("document.documentElement.scrollWidth") <= width
    assert visitor.ask("document.scrollingElement.scrollHeight") <= height


def test_a_finger_pans_and_taps_on_a_phone(visit: Visit) -> None:
    visitor = visit(SERIES, width=390, height=844, touch=True).wait_for_bars()
    visitor.wait_for_ticks(5)  # while a page is still loading, a finger that moves may look like one that rests
    before = visitor.view()
    session = visitor.page.context.new_cdp_session(visitor.page)

    def touch(kind: str, *places: int) -> None:
        points = [{"x": x, "y": 400} for x in places]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 100)
    for x in range(110, 300, 10):
        touch("touchMove", x)
        visitor.ask("new Promise(requestAnimationFrame)")  # a busy page may take many moves for one
    touch("touchEnd")
    visitor.wait(f"{HOOK}.view().to < {before[1] - 5}")
    visitor.page.get_by_role("button", name="Indicators").tap()
    assert visitor.page.get_by_label("Search indicators").is_visible()
    for selector in (".top", ".bottom", ".terminal"):
        assert visitor.ask(f"document.querySelector('{selector}').scrollWidth") <= 390


FLICK = """() => {
    const target = document.querySelector(".canvas canvas:last-of-type");
    const y = target.getBoundingClientRect().top + 150;
    const send = (type, x, down) => {
        const touch = new Touch({ identifier: 1, target, clientX: x, clientY: y, pageX: x, pageY: y });
        const touches = down ? [touch] : [];
        const init = { bubbles: true, cancelable: true, changedTouches: [touch], touches, targetTouches: touches };
        target.dispatchEvent(new TouchEvent(type, init));
    };
    send("touchstart", 100, true);
    for (let x = 110; x <= 200; x += 10) {
        const until = performance.now() + 6;
        while (performance.now() < until);
        send("touchmove", x, true);
    }
    send("touchend", 200, false);
}"""
DRAGGED = 100 / 6  # bars: the finger's way, in bars of their first width on a phone


def test_a_flick_goes_on_by_itself(visit: Visit) -> None:
    visitor = visit(SERIES, width=390, height=844, touch=True).wait_for_bars()
    before = visitor.view()
    visitor.ask(FLICK)  # in one task: a slow machine must not turn a flick into a drag
    visitor.wait(f"{HOOK}.view().to < {before[1] - 2 * DRAGGED}")


# How near to the top of the pane, in px, a number of a cell is that can be seen.
HIGHEST_CELL = """() => {
    const canvases = [...document.querySelectorAll(".canvas table tr:first-child td:nth-child(2) canvas")];
    const heights = canvases.flatMap((canvas) => (window.__placed.get(canvas) ?? []).flatMap(([picture, left, top]) =>
        (window.__pictures.get(picture) ?? [])
            .filter(([text, x]) => /^[\\d.,]+$/.test(text) && left + x > 0)
            .map(([, , y]) => (top + y) / devicePixelRatio)));
    return heights.length > 0 ? Math.min(...heights) : null;
}"""


# How far right of all cells' numbers the words of a profile begin, in px; null where either is missing.
BESIDE_CELLS = """() => {
    const canvases = [...document.querySelectorAll(".canvas table tr:first-child td:nth-child(2) canvas")];
    const words = canvases.flatMap((canvas) => window.__spots.get(canvas) ?? [])
        .filter(([text]) => /^(POC|VAH|VAL)/.test(text)).map(([, x]) => x);
    const cells = canvases.flatMap((canvas) => (window.__placed.get(canvas) ?? []).flatMap(([picture, left]) =>
        (window.__pictures.get(picture) ?? []).map(([, x]) => (left + x) / devicePixelRatio)));
    return words.length > 0 && cells.length > 0 ? Math.min(...words) - Math.max(...cells) : null;
}"""


@pytest.mark.parametrize("indicators", ["", "ema,vwap,bb"])
def test_on_a_phone_neither_the_legend_nor_a_profile_lies_over_a_cell_of_a_footprint(
    visit: Visit, indicators: str
) -> None:
    visitor = visit(f"{SERIES}&flow=bidask,visible&ind={indicators}", width=390, height=844, touch=True).wait_for_bars()
    watch_paint(visitor)
    legend = "document.querySelector('.legend')"
    visitor.wait(f"({HIGHEST_CELL})() > {legend}.offsetTop + {legend}.offsetHeight")
    visitor.wait(f"({BESIDE_CELLS})() > 0")
    visitor.page.set_viewport_size({"width": 1440, "height": 900})
    visitor.ask("window.__spots.clear(), window.__placed.clear()")
    visitor.wait(f"({BESIDE_CELLS})() > 0")
    assert visitor.page.locator(".legend .row").count() == len(indicators.split(",")) * bool(indicators)


def test_settings_can_be_read_to_their_end_at_twice_the_size(visit: Visit) -> None:
    visitor = visit(SERIES, width=720, height=450).wait_for_bars()
    visitor.page.get_by_role("button", name="Settings", exact=True).click()
    settings = visitor.page.get_by_role("dialog", name="Settings")
    box = settings.bounding_box()
    assert box
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 450
    last = settings.locator(".about")
    last.scroll_into_view_if_needed()
    assert visitor.page.evaluate("(node) => node.getBoundingClientRect().bottom", last.element_handle()) <= 450


def test_4k_is_one_screen_too(visit: Visit) -> None:
    visitor = visit(SERIES, width=3840, height=2160).wait_for_bars()
    box = visitor.page.locator(".terminal").bounding_box()
    assert box
    assert (box["width"], box["height"]) == (3840, 2160)
    assert visitor.ask("document.scrollingElement.scrollHeight") == 2160
