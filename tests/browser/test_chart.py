"""The chart in a real browser, on a whole demo: exact, live, and where the reader left it."""

import gzip
import http.client
import json
import shutil
import statistics
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from browser.conftest import Visit, start_dashboard
from browser.visitor import HOOK, Visitor
from candlewick.mart import Mart
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


def test_a_tick_is_small_and_painted_at_once(visit: Visit) -> None:
    visitor = visit("/chart").wait_for_bars()
    visitor.wait_for_ticks(20)
    ticks: list[dict[str, float]] = visitor.ask(f"{HOOK}.ticks")[-20:]
    painted = [tick["painted"] - tick["sent"] for tick in ticks]
    assert statistics.median(tick["bytes"] for tick in ticks) < 250
    assert statistics.median(painted) < 150
    assert all(tick["drawn"] <= tick["painted"] for tick in ticks)


def press(visitor: Visitor, title: str) -> None:
    visitor.page.get_by_role("button", name=title, exact=True).click()


def pick(visitor: Visitor, label: str, colour: str) -> None:
    """Move a colour picker, as its own dialogue does: `input` while it moves."""
    visitor.page.get_by_label(label, exact=True).evaluate(
        "(well, colour) => { well.value = colour; well.dispatchEvent(new Event('input', { bubbles: true })); }", colour
    )


def type_and_enter(visitor: Visitor, text: str) -> None:
    """Type with nothing focused: the search takes it, and Enter takes what it found first."""
    visitor.page.keyboard.type(text)
    visitor.page.keyboard.press("Enter")


def choose_zone(visitor: Visitor, zone: str) -> None:
    press(visitor, "Time zone")
    visitor.page.get_by_label("Search a city or zone").fill(zone)
    visitor.page.keyboard.press("Enter")


def flip_theme(visitor: Visitor, theme: str) -> None:
    press(visitor, "Dark or light")
    visitor.wait(f"{deep('.terminal')}?.dataset.theme === '{theme}'")


def deep(selector: str) -> str:
    """JavaScript for an element of the terminal, whether in the page or in the component's shadow root."""
    return (
        f"(document.querySelector('{selector}') ?? "
        "[...document.querySelectorAll('*')].map((element) => element.shadowRoot).filter(Boolean)"
        f".map((root) => root.querySelector('{selector}')).find(Boolean))"
    )


@pytest.mark.parametrize("path", PAGES)
def test_what_is_on_screen_stays_exactly_there_through_ticks_themes_and_colours(visit: Visit, path: str) -> None:
    visitor = visit(path).wait_for_bars()
    visitor.scroll_back()
    before = visitor.view()
    visitor.wait_for_ticks(15)
    assert visitor.view() == before
    flip_theme(visitor, "light")
    visitor.wait_for_ticks(3)
    assert visitor.view() == before
    press(visitor, "Settings")
    for label, colour in (("Rising body", "#2962ff"), ("Falling border and wick", "#ff9800")):
        pick(visitor, label, colour)
    visitor.wait_for_ticks(3)
    flip_theme(visitor, "dark")
    visitor.page.get_by_role("button", name="log").click()
    visitor.wait_for_ticks(3)
    assert visitor.view() == before
    assert visitor.ask(f"{HOOK}.mounts") == 1


def test_an_element_that_streamlit_makes_anew_shows_the_same_chart_where_it_was(visit: Visit) -> None:
    visitor = visit("/chart").wait_for_bars()
    mounts = visitor.ask(f"{HOOK}.mounts")
    visitor.ask(
        """async () => {
            const { default: component } = await import(document.scripts[0].src);
            const data = JSON.parse(document.body.dataset.candlewick);
            document.querySelector(".terminal").remove();
            window.__hang = () => {
                const parentElement = document.body.appendChild(document.createElement("div"));
                const takeDown = component({ key: "chart", data, parentElement });
                return () => { parentElement.remove(); takeDown(); };
            };
            window.__takeDown = window.__hang();
        }"""
    )
    visitor.wait(f"{HOOK}.mounts === {mounts} + 1")
    visitor.wait_for_bars()
    visitor.scroll_back()
    before = visitor.view()
    visitor.ask("window.__takeDown(); window.__takeDown = window.__hang(); null")
    visitor.wait_for_ticks(5)
    assert visitor.view() == before
    assert visitor.ask(f"{HOOK}.mounts") == mounts + 1


def test_the_theme_is_the_whole_pages(visit: Visit) -> None:
    visitor = visit("/", theme="light").wait_for_bars()
    background = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    assert visitor.ask(background) == "rgb(255, 255, 255)"
    flip_theme(visitor, "dark")
    visitor.wait(f"{background} === 'rgb(19, 23, 34)'")
    assert visitor.page.get_by_test_id("stMainMenuPopover").count() == 0


def test_colours_are_worn_while_the_picker_moves_and_remembered(visit: Visit) -> None:
    visitor = visit("/chart").wait_for_bars()
    press(visitor, "Settings")
    pick(visitor, "Rising body", "#123456")
    bull = f"getComputedStyle({deep('.terminal')}).getPropertyValue('--bull')"
    visitor.wait(f"{bull} === '#123456'")
    visitor.open("/chart").wait_for_bars()
    assert visitor.ask(bull) == "#123456"
    press(visitor, "Settings")
    press(visitor, "Reset colours")
    visitor.wait(f"{bull} === '#089981'")


def test_older_candles_come_while_panning_without_a_jump(visit: Visit) -> None:
    visitor = visit("/chart?tf=1s").wait_for_bars(1_500)
    loaded = visitor.ask(f"{HOOK}.bars().length")
    visitor.ask(f"{HOOK}.pan(-1300)")
    visitor.wait(f"{HOOK}.view().from < 200 || {HOOK}.bars().length > {loaded} + 500")
    anchor = visitor.anchored_view()
    visitor.wait(f"{HOOK}.bars().length > {loaded} + 500")
    assert visitor.anchored_view() == pytest.approx(anchor, abs=1e-6)
    times = visitor.ask(f"{HOOK}.bars().map((bar) => bar.time)")
    assert times == sorted(set(times))
    press(visitor, "To the newest bar")
    visitor.wait(f"{HOOK}.view().to > {HOOK}.bars().length - 1")


def test_symbol_and_timeframe_are_switched_and_kept_in_the_address(visit: Visit) -> None:
    visitor = visit("/").wait_for_bars()
    type_and_enter(visitor, "eth")
    visitor.page.get_by_role("button", name="5m", exact=True).click()
    visitor.wait(f"{HOOK}.bars().length > 10 && {HOOK}.bars().every((bar) => bar.time % 300 === 0)")
    assert "symbol=ETHDEMO&tf=5m" in visitor.page.url
    visitor.page.reload()
    visitor.wait(f"{HOOK}?.bars().length > 10")
    assert visitor.page.locator(".legend .name b").inner_text() == "ETHDEMO · 5m"


def test_every_timeframe_shows_bars_and_days_start_in_the_configured_zone(visit: Visit) -> None:
    visitor = visit("/chart").wait_for_bars()
    for timeframe in ("1s", "5m", "15m", "1h", "4h", "1d"):
        visitor.page.get_by_role("button", name=timeframe, exact=True).click()
        visitor.page.wait_for_url(f"**tf={timeframe}**")
        visitor.wait(f"{HOOK}.bars().length > 0")
    visitor.wait(f"({HOOK}.bars().at(-1).time + 19800) % 86400 === 0")


def test_the_clock_follows_the_zone_that_is_chosen(visit: Visit) -> None:
    visitor = visit("/chart").wait_for_bars()
    minutes = []
    for zone in ("UTC", "Asia/Kolkata"):
        choose_zone(visitor, zone)
        hours, minute, _ = (int(part) for part in visitor.page.locator(".clock").inner_text().split(":"))
        minutes.append(60 * hours + minute)
    assert (minutes[1] - minutes[0]) % 1_440 in {330, 331}


def test_after_a_restart_of_the_server_the_chart_goes_on_by_itself(visit: Visit, demo: Stack) -> None:
    visitor = visit("/").wait_for_bars()
    visitor.expects_outage = True
    visitor.scroll_back()
    anchor = visitor.anchored_view()
    demo.kill("dashboard")
    visitor.wait_for_health("reconnecting")
    start_dashboard(demo)
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
        visitor.expects_outage = True
        visitor.open("/").page.get_by_text("waiting for the first candles").wait_for()
        shutil.copytree(demo.home / "mart", late.home / "mart", ignore=shutil.ignore_patterns("*.draft"))
        visitor.wait_for_bars()
        assert visitor.page.get_by_text("waiting for the first candles").is_hidden()
        visitor.page.close()
        visitor.check()
    finally:
        late.stop()


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


def test_the_pipeline_page_tells_every_hop_and_the_chart_comes_back(visit: Visit) -> None:
    visitor = visit("/").wait_for_bars()
    visitor.page.get_by_role("link", name="Pipeline").click()
    tiles = visitor.page.locator(".tile h3")
    tiles.first.wait_for()
    assert tiles.all_inner_texts() == ["Exchange", "Lake", "Warehouse", "Mart", "Screens"]
    assert visitor.page.locator(".tile[data-level=good]").count() == 5
    assert visitor.page.locator(".verdicts [data-verdict=mismatch]").inner_text() == "0 mismatch"
    visitor.page.get_by_role("link", name="Chart").click()
    visitor.wait_for_bars()


@pytest.mark.parametrize("path", ["/", "/chart", "/api/candles", "/api/day", "/_stcore/health"])
def test_a_foreign_page_is_served_by_no_route(demo: Stack, path: str) -> None:
    assert ask(demo, path, Origin="http://evil.example").status == 403


@pytest.mark.parametrize("path", ["/api/live", "/_stcore/stream"])
def test_a_foreign_page_gets_no_socket(demo: Stack, path: str) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==",
    }
    assert ask(demo, path, Origin="http://evil.example", **upgrade).status == 403
    own = f"http://127.0.0.1:{demo.dashboard_port}"
    assert ask(demo, path, Origin=own, **upgrade).status == 101


def test_history_travels_compressed(demo: Stack) -> None:
    path = "/api/candles?symbol=BTCDEMO&timeframe=1s&limit=1500"
    answer = ask(demo, path, **{"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    body = answer.read()
    assert len(json.loads(gzip.decompress(body))["t"]) == 1_500
    assert len(body) < 60_000


def ask(demo: Stack, path: str, **headers: str) -> http.client.HTTPResponse:
    """One request, as a program that is no browser makes it."""
    connection = http.client.HTTPConnection("127.0.0.1", demo.dashboard_port, timeout=10)
    connection.request("GET", path, headers=headers)
    return connection.getresponse()
