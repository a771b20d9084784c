"""The proof on the chart: what is told of a bar that is asked for, and what differs from the exchange stands out."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from browser.conftest import Visit
from browser.hands import again_until, ask_for, place_of
from browser.painted import CANDLES, extent, painted_texts, watch_paint
from browser.shared import looking_at
from browser.visitor import HOOK
from candlewick.mart.reader import Mart
from dashboard import proven
from e2e.stack import Stack, wait_until

FLAWS = [
    (4, "mismatch", "base differ from the exchange's$"),
    (3, "incomplete", f"ids {proven.MISSING[0]} to {proven.MISSING[1]} are missing$"),
]
"""Bars of the flawed mart, counted from its newest, and what is told of their footprints."""
FIELDS = ["Open", "High", "Low", "Close", "Volume", "Quote volume", "Trades", "Taker buy", "Taker buy quote"]


def test_a_double_click_sets_a_bars_fields_beside_the_exchanges_and_names_its_objects(
    visit: Visit, demo: Stack
) -> None:
    visitor = visit("/chart?symbol=BTCDEMO&tf=1m").wait_for_bars()
    ask_for(visitor, 15)
    page = visitor.page
    assert page.locator(".lineage .verdict").get_attribute("data-verdict") == "match"
    assert page.locator(".lineage tbody th").all_inner_texts()[:9] == FIELDS
    rows = page.locator(".lineage tbody tr").all()[:9]
    texts = [row.locator("td").all_inner_texts() for row in rows]
    assert all(ours == theirs and mark == "✓" for ours, theirs, mark in texts)
    first, last = (int(text) for text in page.locator(".lineage .ids code").all_inner_texts())
    assert int(texts[6][0]) == last - first + 1
    lake = page.locator(".lineage .path").first.inner_text()
    names = page.locator(".objects li").evaluate_all("items => items.map((item) => item.title)")
    assert names
    assert all(Path(lake, name).exists() for name in names)
    assert Path(lake) == Path(demo.settings.lake_url)


def test_the_lineage_of_a_bar_equals_the_marts_row(visit: Visit, demo: Stack) -> None:
    visitor = visit("/chart?symbol=ETHDEMO&tf=5m").wait_for_bars(12)
    visitor.look_back(12)
    opened = ask_for(visitor, 6)
    first, last = (int(text) for text in visitor.page.locator(".lineage .ids code").all_inner_texts())
    rows = Mart(demo.settings.mart_path).candles("ETHDEMO", "5m").to_pylist()
    row = next(row for row in rows if int(row["open_time"].timestamp()) == opened)
    assert (row["first_trade_id"], row["last_trade_id"]) == (first, last)
    visitor.page.get_by_role("button", name="Close the panel").click()
    visitor.page.locator(".lineage").wait_for(state="detached")


def test_a_forming_bar_is_told_as_forming_and_looked_at_again_by_itself(visit: Visit) -> None:
    visitor = visit("/chart?symbol=BTCDEMO&tf=5m").wait_for_bars(12)
    ask_for(visitor, 0)
    assert visitor.page.locator(".lineage .verdict").get_attribute("data-verdict") in {"forming", "pending"}
    last = visitor.page.locator(".lineage .ids code").nth(1)
    shown = last.inner_text()
    visitor.wait(f"document.querySelectorAll('.lineage .ids code')[1]?.textContent !== '{shown}'")


def test_a_click_selects_a_bar_and_moves_nothing(visit: Visit) -> None:
    visitor = visit("/chart?symbol=BTCDEMO&tf=1m").wait_for_bars().look_back()
    x, y, time = place_of(visitor, 40)
    visitor.page.mouse.click(x, y)
    visitor.page.mouse.move(x, 2)  # off the chart: the legend stays with the bar
    visitor.wait_for_ticks(3)
    bar = visitor.ask(f"{HOOK}.bars().find((bar) => bar.time === {time})")
    assert visitor.page.locator(".numbers .value").first.inner_text() == f"{bar['open']:,.2f}"
    assert visitor.page.locator(".lineage-body").count() == 0
    visitor.page.keyboard.press("Alt+w")
    visitor.page.locator(".lineage .verdict").wait_for()
    assert visitor.ask(f"{HOOK}.label({time})") in (visitor.page.locator(".panel h2").text_content() or "")


def test_the_panel_leaves_every_bar_where_it_is_and_escape_closes_it(visit: Visit) -> None:
    visitor = visit("/chart?symbol=BTCDEMO&tf=1m").wait_for_bars()
    visitor.scroll_back()
    before, box = visitor.view(), visitor.page.locator(".canvas").bounding_box()
    for back in (20, 60):
        x, _, _ = place_of(visitor, back)
        time = ask_for(visitor, back)
        panel = visitor.page.locator(".panel").bounding_box()
        assert panel
        assert not panel["x"] <= x <= panel["x"] + panel["width"]
        assert visitor.ask(f"{HOOK}.label({time})") in (visitor.page.locator(".panel h2").text_content() or "")
        assert (visitor.view(), visitor.page.locator(".canvas").bounding_box()) == (before, box)
    visitor.page.keyboard.press("Escape")
    visitor.page.locator(".lineage").wait_for(state="detached")
    assert visitor.view() == before


def test_the_right_button_tells_what_can_be_done_here(visit: Visit) -> None:
    visitor = visit("/chart?symbol=BTCDEMO&tf=1m").wait_for_bars().look_back()
    watch_paint(visitor)
    x, y, time = place_of(visitor, 40)
    page = visitor.page
    page.mouse.click(x, y, button="right")
    rows = [row.split("\n")[0] for row in page.get_by_role("menuitem").all_inner_texts()]
    [price] = [row.removeprefix("Alert at ") for row in rows if row.startswith("Alert at ")]
    stamp = datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert sorted(rows) == sorted(
        [
            "Where this bar comes from",
            "Data window",
            "Volume delta from here (CVD)",
            f"Alert at {price}",
            f"Copy price {price.replace(',', '')}",
            f"Copy time {stamp}",
            "Go to a date …",
            "Reset the view",
        ]
    )
    page.get_by_role("menuitem", name=f"Alert at {price}").press("Enter")
    wait_until(lambda: f"alert {price}" in painted_texts(visitor), "the alert's line to be painted")
    page.mouse.click(x, y, button="right")
    page.get_by_role("menuitem", name="Where this bar comes from").press("Enter")
    page.locator(".lineage .verdict").wait_for()
    page.keyboard.press("Escape")
    page.mouse.click(x, y, button="right")
    page.get_by_role("menuitem", name="Volume delta from here (CVD)").click()
    page.get_by_text("CVD", exact=False).first.wait_for()
    page.get_by_role("button", name="Alerts").click()
    page.get_by_role("button", name="Remove the alert at").click()  # the demo is shared, and the line can be dragged
    page.locator(".alerts-list b").wait_for(state="detached")


def test_a_drag_and_a_drawing_open_no_lineage_and_a_double_tap_does(visit: Visit) -> None:
    visitor = visit("/chart?symbol=BTCDEMO&tf=1m", touch=True).wait_for_bars()
    visitor.scroll_back()
    x, y, _ = place_of(visitor, 30)
    visitor.page.keyboard.press("Alt+h")
    visitor.page.mouse.click(x, y)
    visitor.page.mouse.dblclick(x, y)  # now it takes hold of the line
    assert visitor.page.locator(".lineage-body").count() == 0

    def double_tap() -> None:
        visitor.page.touchscreen.tap(x, y - 60)
        visitor.page.touchscreen.tap(x, y - 60)

    again_until(visitor.page.locator(".lineage .verdict"), double_tap)


def test_a_click_that_closes_a_menu_selects_no_bar(visit: Visit) -> None:
    visitor = visit("/chart?symbol=BTCDEMO&tf=1m").wait_for_bars()
    visitor.page.get_by_role("button", name="Settings").click()
    x, y, _ = place_of(visitor, 60)
    visitor.page.mouse.dblclick(x, y)
    visitor.page.get_by_role("dialog", name="Settings").wait_for(state="detached")
    assert visitor.page.locator(".lineage-body").count() == 0
    ask_for(visitor, 50)


@pytest.fixture(scope="module")
def flawed(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A dashboard on a mart with a mismatch, a hole and a declared hole in it, and nothing behind it."""
    settings, _ = proven.published(run_folder, tmp_path_factory.getbasetemp())
    stack = Stack(settings.data, symbols=settings.symbols, prefix=settings.prefix).write_config()
    with looking_at(stack):
        yield stack


def test_a_bar_that_differs_says_so_wherever_it_is_looked_at(chromium: object, flawed: Stack) -> None:
    visit = Visit(chromium, f"http://127.0.0.1:{flawed.dashboard_port}")  # type: ignore[arg-type]
    visitor = visit("/chart?tf=1m")
    visitor.wait(f"{HOOK}?.bars().length === 6")
    ask_for(visitor, 4)
    verdict = visitor.page.locator(".lineage .verdict")
    assert verdict.get_attribute("data-verdict") == "mismatch"
    assert verdict.inner_text().splitlines() == ["Differs from the exchange's", "Volume"]
    x, y, _ = place_of(visitor, 4)
    visitor.page.mouse.move(x, y)
    visitor.page.locator(".standing[data-standing=mismatch]").wait_for()
    ask_for(visitor, 3)
    visitor.page.locator(".lineage [data-good=false]", has_text="2 ids missing").wait_for()
    visitor.open("/chart?tf=1m&flow=bidask&ind=")
    visitor.wait(f"{HOOK}?.bars().length === 6")
    watch_paint(visitor)
    wait_until(lambda: {"∅", "≠"} <= set(painted_texts(visitor)), "footprints that say how they are not proved")
    visitor.page.keyboard.press("Alt+o")
    for back, standing, why in FLAWS:
        x, y, _ = place_of(visitor, back)
        visitor.page.mouse.move(x, y)
        visitor.page.locator(f".flow-verdict[data-standing={standing}]").wait_for()
        visitor.page.locator(".flow-why li", has_text=re.compile(why)).wait_for()
    visit.end()


# Whether two words of the legend meet.
LINES_MEET = """() => {
    const parts = [...document.querySelectorAll(".legend .name > :not([hidden]), .legend .pair")];
    const boxes = parts.map((part) => part.getBoundingClientRect());
    return boxes.some((one, at) => boxes.slice(at + 1).some((other) =>
        one.left < other.right && other.left < one.right && one.top < other.bottom - 1 && other.top < one.bottom - 1));
}"""


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_on_a_phone_a_bar_that_differs_says_so_over_no_candle_and_no_other_word(
    chromium: object, flawed: Stack, theme: str
) -> None:
    visit = Visit(chromium, f"http://127.0.0.1:{flawed.dashboard_port}")  # type: ignore[arg-type]
    visitor = visit("/chart?tf=1m", width=390, height=844, theme=theme)
    visitor.wait(f"{HOOK}?.bars().length === 6")
    x, y, _ = place_of(visitor, 4)
    visitor.page.mouse.move(x, y)
    visitor.page.locator(".standing[data-standing=mismatch]").wait_for()
    assert not visitor.ask(f"({LINES_MEET})()")
    assert extent(visitor, CANDLES)
    wait_until(lambda: not extent(visitor, CANDLES, ".legend"), "candles below the legend")
    visit.end()
