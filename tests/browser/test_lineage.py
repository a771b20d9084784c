"""The proof on the chart: what a click on a bar tells, and what differs from the exchange stands out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.conftest import Visit
from browser.shared import start_dashboard
from browser.visitor import HOOK, Visitor
from candlewick.mart.reader import Mart
from dashboard import proven
from e2e.stack import Stack

FIELDS = ["Open", "High", "Low", "Close", "Volume", "Quote volume", "Trades", "Taker buy", "Taker buy quote"]


def place_of(visitor: Visitor, back: int) -> tuple[float, float, float]:
    """Return where the bar so many bars before the newest is on screen, and its open time in seconds."""
    x, y, time = visitor.ask(
        f"""(async () => {{
            // A panel that opens makes the chart narrower one frame later, and its canvas another.
            for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
            const box = document.querySelector(".canvas").getBoundingClientRect();
            const {{ from, to }} = {HOOK}.view(), count = {HOOK}.bars().length;
            const pane = document.querySelector(".canvas table tr td:nth-child(2)").getBoundingClientRect();
            const x = pane.left + pane.width * (count - 1 - {back} - from + 0.5) / (to - from + 1);
            return [x, box.top + box.height * 0.35, {HOOK}.bars()[count - 1 - {back}].time];
        }})()"""
    )
    return x, y, time


def click_bar(visitor: Visitor, back: int) -> int:
    """Click the bar so many bars before the newest; returns its open time in seconds."""
    x, y, time = place_of(visitor, back)
    visitor.page.mouse.click(x, y)
    visitor.page.locator(".lineage .verdict").wait_for()
    return int(time)


def test_a_click_on_a_bar_sets_its_fields_beside_the_exchanges_and_names_its_objects(visit: Visit, demo: Stack) -> None:
    visitor = visit("/chart?symbol=BTCDEMO&tf=1m").wait_for_bars()
    click_bar(visitor, 15)
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
    opened = click_bar(visitor, 3)
    first, last = (int(text) for text in visitor.page.locator(".lineage .ids code").all_inner_texts())
    rows = Mart(demo.settings.mart_path).candles("ETHDEMO", "5m").to_pylist()
    row = next(row for row in rows if int(row["open_time"].timestamp()) == opened)
    assert (row["first_trade_id"], row["last_trade_id"]) == (first, last)
    visitor.page.get_by_role("button", name="Close the panel").click()
    visitor.page.locator(".lineage").wait_for(state="detached")


def test_a_forming_bar_is_told_as_forming_and_looked_at_again_by_itself(visit: Visit) -> None:
    visitor = visit("/chart?symbol=BTCDEMO&tf=5m").wait_for_bars(12)
    click_bar(visitor, 0)
    assert visitor.page.locator(".lineage .verdict").get_attribute("data-verdict") in {"forming", "pending"}
    last = visitor.page.locator(".lineage .ids code").nth(1)
    shown = last.inner_text()
    visitor.wait(f"document.querySelectorAll('.lineage .ids code')[1]?.textContent !== '{shown}'")


def test_each_of_two_quick_clicks_opens_its_own_bar_and_a_double_click_opens_one(visit: Visit) -> None:
    visitor = visit("/chart?symbol=BTCDEMO&tf=1m").wait_for_bars()
    click_bar(visitor, 10)  # the panel is there now: it makes the chart narrower once
    title = visitor.page.locator(".panel h2")
    first, second = (place_of(visitor, back) for back in (20, 30))
    labels = [visitor.ask(f"{HOOK}.label({time})") for _, _, time in (first, second)]
    for (x, y, _), label in zip((first, second, first), (*labels, labels[0]), strict=True):
        visitor.page.mouse.click(x, y)
        assert label in (title.text_content() or "")
    visitor.page.mouse.dblclick(*second[:2])
    assert labels[1] in (title.text_content() or "")


def test_a_drag_and_a_drawing_open_no_lineage_and_a_tap_does(visit: Visit) -> None:
    visitor = visit("/chart?symbol=BTCDEMO&tf=1m", touch=True).wait_for_bars()
    visitor.scroll_back()
    x, y, _ = place_of(visitor, 30)
    visitor.page.keyboard.press("Alt+h")
    visitor.page.mouse.click(x, y)
    visitor.page.mouse.click(x, y)  # now it takes hold of the line
    assert visitor.page.locator(".lineage-body").count() == 0
    visitor.page.touchscreen.tap(x, y - 60)
    visitor.page.locator(".lineage .verdict").wait_for()


def test_a_click_that_closes_a_menu_opens_no_lineage(visit: Visit) -> None:
    visitor = visit("/chart?symbol=BTCDEMO&tf=1m").wait_for_bars()
    visitor.page.get_by_role("button", name="Settings").click()
    x, y, _ = place_of(visitor, 60)
    visitor.page.mouse.click(x, y)
    visitor.page.get_by_role("dialog", name="Settings").wait_for(state="detached")
    assert visitor.page.locator(".lineage-body").count() == 0
    click_bar(visitor, 50)


@pytest.fixture(scope="module")
def flawed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A dashboard on a mart with a mismatch, a hole and a declared hole in it, and nothing behind it."""
    settings, _ = proven.published(tmp_path_factory.getbasetemp())
    stack = Stack(settings.data, symbols=settings.symbols, prefix=settings.prefix).write_config()
    try:
        start_dashboard(stack)
        yield stack
    finally:
        stack.stop()


def test_a_bar_that_differs_says_so_wherever_it_is_looked_at(chromium: object, flawed: Stack) -> None:
    visit = Visit(chromium, f"http://127.0.0.1:{flawed.dashboard_port}")  # type: ignore[arg-type]
    visitor = visit("/chart?tf=1m")
    visitor.wait(f"{HOOK}?.bars().length === 6")
    click_bar(visitor, 4)
    verdict = visitor.page.locator(".lineage .verdict")
    assert verdict.get_attribute("data-verdict") == "mismatch"
    assert verdict.inner_text().splitlines() == ["Differs from the exchange's", "Volume"]
    x, y, _ = place_of(visitor, 4)  # the panel has made the chart narrower
    visitor.page.mouse.move(x, y)
    visitor.page.locator(".standing[data-standing=mismatch]").wait_for()
    click_bar(visitor, 3)
    visitor.page.locator(".lineage [data-good=false]", has_text="2 ids missing").wait_for()
    visit.end()
