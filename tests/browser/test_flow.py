"""Order flow on the chart: cells, profile, time & sales, and the panel of a bar."""

import pytest

from browser.axe import violations
from browser.conftest import Visit
from browser.hands import SERIES, button, keys, place_of, press, query
from browser.painted import painted_texts, watch_paint
from browser.visitor import Visitor
from e2e.stack import wait_until

FOLLOW = """() => {
    const ids = [...document.querySelectorAll(".sales-id")].map((link) => Number(link.textContent));
    return ids.length > 30 && ids.every((id, at) => at === 0 || id === ids[at - 1] - 1);
}"""
PLACED = "[...window.__placed.values()].reduce((one, other) => one.length < other.length ? other : one)"
"""Pictures on the canvas that has most of them, and where they are."""
MOVED = """(now, before) => {
    const was = new Map(before.map(([picture, x, y]) => [picture, { x, y }]));
    const moved = now.filter(([picture]) => was.has(picture));
    const right = moved.map(([picture, x]) => x - was.get(picture).x);
    const down = moved.map(([picture, , y]) => y - was.get(picture).y);
    return right.length > 0 && down.every((y) => y === 0)
        && right.every((x) => x > 1 && Number.isInteger(x) && Math.abs(x - right[0]) <= 1);
}"""
PANEL = ".panel:not([hidden])"


def ids(visitor: Visitor) -> list[int]:
    return [int(text) for text in visitor.page.locator(".sales-id").all_inner_texts()]


def wait_for_proved_cells(visitor: Visitor) -> None:
    watch_paint(visitor)
    visitor.wait("[...(window.__painted?.values() ?? [])].flat().filter((text) => text === '✓').length >= 2")


@pytest.mark.parametrize(("width", "height", "theme"), [(390, 844, "dark"), (1440, 900, "light"), (3840, 2160, "dark")])
def test_cells_have_numbers_and_say_that_they_are_proved(visit: Visit, width: int, height: int, theme: str) -> None:
    visitor = visit(f"{SERIES}&flow=bidask,visible", width=width, height=height, theme=theme).wait_for_bars(20)
    wait_for_proved_cells(visitor)
    visitor.wait("[...window.__painted.values()].flat().some((text) => text.startsWith('POC'))")
    visitor.wait("[...window.__painted.values()].flat().filter((text) => text.startsWith('Δ ')).length >= 2")
    visitor.wait("[...window.__painted.values()].flat().filter((text) => /^[0-9.]+$/.test(text)).length >= 12")


def test_cells_fold_into_bars_where_they_are_too_small(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&flow=bidask").wait_for_bars(20)
    wait_for_proved_cells(visitor)
    visitor.page.locator(".canvas").focus()
    keys(visitor, "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown")
    # A canvas on which nothing is written any more is in no newest paint: look at those from here on.
    visitor.ask("window.__painted.clear()")
    visitor.wait_for_ticks(3)
    texts = painted_texts(visitor)
    assert texts and "✓" not in texts


@pytest.mark.parametrize("steps", [0, 4])
def test_columns_that_only_moved_are_copied_and_the_live_one_is_painted_anew(visit: Visit, steps: int) -> None:
    visitor = visit(f"{SERIES}&flow=bidask&ind=").wait_for_bars(20)
    wait_for_proved_cells(visitor)
    button(visitor, "auto").click()  # where prices are stays as it is
    visitor.page.locator(".canvas").focus()
    keys(visitor, *["ArrowDown"] * steps)

    def is_the_live_one_alone_anew() -> bool:
        visitor.ask(f"void (window.__before = {PLACED})")
        visitor.wait(f"{PLACED}.length > 1 && {PLACED}.some(([drawn]) => !__before.some(([other]) => other === drawn))")
        return bool(visitor.ask(f"{PLACED}.some(([picture]) => __before.some(([other]) => other === picture))"))

    # The zoom, a verdict or a bar that opens just then has all painted anew, but not each trade.
    wait_until(is_the_live_one_alone_anew, "the newest column to be painted anew, and no other")

    def is_copied() -> bool:
        visitor.ask(f"void (window.__before = {PLACED})")
        keys(visitor, "ArrowLeft")
        visitor.ask("new Promise(requestAnimationFrame)")
        return bool(visitor.ask(f"({MOVED})({PLACED}, __before)"))

    # A bar that opens just then moves all columns back, and one that comes before them has them painted anew.
    wait_until(is_copied, "columns to be copied to where they moved")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_time_and_sales_is_the_tape_filtered_and_from_any_id(visit: Visit, theme: str) -> None:
    visitor = visit(SERIES, theme=theme).wait_for_bars(20)
    press(visitor, "Order flow")
    visitor.page.get_by_role("menuitem", name="Time & sales").click()
    visitor.page.locator(".sales-id").nth(30).wait_for()
    visitor.wait(f"(({FOLLOW})())")  # each id once, the newest first; those on their way are waited for
    shown = ids(visitor)
    assert violations(visitor, PANEL) == []
    visitor.page.get_by_label("Go to trade id").fill(str(shown[0] - 300))
    keys(visitor, "Enter")
    visitor.page.locator(f"tr[data-id='{shown[0] - 300}']").wait_for()
    assert ids(visitor)[0] == shown[0] - 300
    visitor.page.locator(".sales-id").first.click()
    visitor.page.locator(".lineage").wait_for()


def test_an_id_that_is_not_here_yet_comes_by_itself_and_so_does_a_page_that_was_refused(visit: Visit) -> None:
    visitor = visit(SERIES).wait_for_bars(20)
    visitor.expects_outage = True
    visitor.page.route("**/api/tape?*", lambda route: route.fulfill(status=503), times=1)
    press(visitor, "Order flow")
    visitor.page.get_by_role("menuitem", name="Time & sales").click()
    visitor.page.locator(".sales-id").nth(30).wait_for()
    to_come = ids(visitor)[0] + 20
    visitor.page.get_by_label("Go to trade id").fill(str(to_come))
    keys(visitor, "Enter")
    visitor.page.locator(f"tr[data-id='{to_come}']").wait_for()


def test_the_panel_of_a_bar_tells_its_flow_and_its_standing(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&flow=delta").wait_for_bars(20)
    wait_for_proved_cells(visitor)
    keys(visitor, "Alt+o")
    visitor.page.locator(".flow tbody tr").first.wait_for()
    visitor.page.mouse.move(560, 300)
    visitor.page.locator(".flow-verdict", has_text="proved").first.wait_for()
    assert visitor.page.get_by_text("VWAP", exact=True).count() >= 1
    assert violations(visitor, PANEL) == []
    keys(visitor, "Escape")
    assert not visitor.page.locator(".flow").is_visible()
    assert query(visitor)["flow"] == ["delta"]


def test_the_edges_of_a_drawn_profile_are_dragged_from_bar_to_bar(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&ind=").wait_for_bars(20).look_back()
    watch_paint(visitor)
    press(visitor, "Order flow")
    visitor.page.get_by_role("menuitem", name="Volume profile: between two bars").click()
    (left, y, first), (right, _, last) = place_of(visitor, 60), place_of(visitor, 30)
    visitor.page.mouse.click(left, y)
    with visitor.page.expect_request(lambda request: "/api/profile" in request.url) as asked:
        visitor.page.mouse.click(right, y)
    assert f"since={first}&before={last + 60}" in asked.value.url
    visitor.wait("[...window.__painted.values()].flat().some((text) => text.startsWith('POC'))")
    width = (right - left) / ((last - first) / 60)
    edge = left - width / 2
    view = visitor.view()
    visitor.page.mouse.move(edge, y)
    visitor.page.locator("[data-over-edge]").wait_for()
    visitor.page.mouse.down()
    with visitor.page.expect_request(lambda request: f"since={first - 600}&" in request.url):
        visitor.page.mouse.move(left - 10 * width, y, steps=5)
        visitor.page.mouse.up()
    assert visitor.view() == view
