"""The chart in a real browser, on a whole demo: exact, live, and it comes back by itself."""

import statistics
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browser.conftest import Visit
from browser.hands import press
from browser.shared import copy_mart, start_dashboard
from browser.visitor import HOOK, Visitor
from candlewick.mart.reader import Mart
from e2e.stack import Stack

PAGES = ("/", "/chart")


@pytest.mark.parametrize("path", PAGES)
def test_it_shows_hours_of_candles_and_a_bar_that_moves(visit: Visit, path: str) -> None:
    visitor = visit(path).wait_for_bars()
    before = visitor.ask(f"{HOOK}.bars().at(-1)")
    visitor.wait(f"{HOOK}.bars().at(-1).trades !== {before['trades']} || {HOOK}.bars().at(-1).time > {before['time']}")
    visitor.wait_for_health("live")
    assert visitor.page.locator(".badge").inner_text() == "DEMO"
    assert visitor.ask(f"{HOOK}.mounts") == 1


def test_a_settled_candle_on_screen_equals_the_marts_to_the_last_digit(visit: Visit, demo: Stack) -> None:
    visitor = visit("/chart?symbol=ETHDEMO&tf=1m").wait_for_bars()
    shown = {bar["time"]: bar for bar in visitor.ask(f"{HOOK}.bars()") if bar["state"] == 2}
    rows = Mart(demo.settings.mart_path).candles("ETHDEMO", "1m").to_pylist()
    settled = [row for row in rows if int(row["open_time"].timestamp()) in shown and row["is_complete"]]
    assert len(settled) > 50
    for row in settled:
        bar = shown[int(row["open_time"].timestamp())]
        names = {"open": "open", "high": "high", "low": "low", "close": "close", "volume": "volume"}
        assert {name: bar[name] for name in names} == {name: float(row[column]) for name, column in names.items()}
        assert bar["trades"] == row["trade_count"]


def test_a_tick_is_small_and_painted_after_it_is_drawn(visit: Visit) -> None:
    visitor = visit("/chart").wait_for_bars()
    visitor.wait_for_ticks(20)
    ticks: list[dict[str, float]] = visitor.ask(f"{HOOK}.ticks")[-20:]
    assert statistics.median(tick["bytes"] for tick in ticks) < 250
    assert all(tick["drawn"] <= tick["painted"] for tick in ticks)


COUNT_DIALOGS = """window.__dialogs = 0;
new MutationObserver((records) => {
    const added = records.flatMap((record) => [...record.addedNodes]).filter((node) => node instanceof Element);
    const found = added.filter((node) => node.closest("[data-testid=stDialog]") || node.innerHTML.includes("stDialog"));
    window.__dialogs += found.length;
}).observe(document.body, { childList: true, subtree: true });"""


def test_after_a_restart_of_the_server_the_chart_goes_on_by_itself(visit_branch: Visit, branch: Stack) -> None:
    visitor = visit_branch("/").wait_for_bars()
    visitor.expects_outage = True
    visitor.scroll_back()
    anchor = visitor.anchored_view()
    visitor.ask(COUNT_DIALOGS)
    branch.kill("dashboard")
    visitor.wait_for_health("reconnecting")
    visitor.wait("window.__dialogs > 0")  # Streamlit's own message ...
    visitor.page.get_by_test_id("stDialog").wait_for(state="detached")  # ... does not cover the chart
    start_dashboard(branch)
    visitor.wait_for_health("live")
    visitor.wait_for_ticks(3)
    assert visitor.anchored_view() == pytest.approx(anchor, abs=1e-6)
    assert visitor.ask(f"{HOOK}.mounts") == 1
    times = visitor.ask(f"{HOOK}.bars().map((bar) => bar.time)")
    assert [b - a for a, b in pairwise(times)] == [60] * (len(times) - 1)


def test_before_the_first_candles_it_says_so_and_then_shows_them_by_itself(
    chromium: Browser, demo: Stack, tmp_path: Path
) -> None:
    late = Stack(tmp_path / "late", symbols=demo.symbols, feed_port=demo.feed_port).write_config()
    try:
        start_dashboard(late)
        visitor = Visitor(chromium.new_page(bypass_csp=True), f"http://127.0.0.1:{late.dashboard_port}")
        visitor.open("/").page.get_by_text("waiting for the first candles").wait_for()
        visitor.page.locator(".waiting li", has_text="no objects yet").wait_for()
        copy_mart(demo, late)
        visitor.wait_for_bars()
        assert visitor.page.get_by_text("waiting for the first candles").is_hidden()
        visitor.page.close()
        visitor.check()
    finally:
        late.stop()


def test_the_pipeline_page_tells_every_hop_and_the_chart_comes_back(visit: Visit) -> None:
    visitor = visit("/").wait_for_bars()
    press(visitor, "Pages")
    visitor.page.get_by_role("menuitem", name="Pipeline").click()
    tiles = visitor.page.locator(".tile h3")
    tiles.first.wait_for()
    assert tiles.all_inner_texts() == ["Exchange", "Lake", "Warehouse", "Mart", "Screens"]
    visitor.wait("document.querySelectorAll('.tile[data-level=good]').length === 5")
    assert visitor.page.locator(".verdicts [data-verdict=mismatch]").inner_text() == "0 mismatch"
    visitor.page.get_by_role("link", name="Chart").click()
    visitor.wait_for_bars()
