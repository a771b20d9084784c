"""The view: what is on screen stays exactly there, whatever happens around it."""

from datetime import UTC
from itertools import cycle

import pytest

from browser.conftest import Visit
from browser.hands import SERIES, button, flip_theme, keys, pick, press, query, type_and_enter
from browser.visitor import HOOK
from candlewick.mart.reader import Mart
from e2e.stack import Stack

PAGES = ("/", "/chart")


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


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES)
def test_a_minute_of_ticks_with_themes_colours_and_symbols_between_moves_nothing(visit: Visit, path: str) -> None:
    visitor = visit(path).wait_for_bars()
    visitor.scroll_back()
    before, anchor = visitor.view(), visitor.anchored_view()
    ticks, started = visitor.ask(f"[{HOOK}.ticks.length, performance.now()]")

    def is_a_minute_over() -> bool:
        return bool(visitor.ask(f"performance.now() - {started} > 60_000"))

    for theme in cycle(("light", "dark")):
        flip_theme(visitor, theme)
        visitor.wait_for_ticks(3)
        button(visitor, "Settings").click()
        pick(visitor, "Rising body", "#2962ff" if theme == "light" else "#ff9800")
        keys(visitor, "Escape")
        visitor.wait_for_ticks(3)
        assert visitor.anchored_view() == pytest.approx(anchor, abs=1e-6)
        for symbol in ("ETHDEMO", "BTCDEMO"):
            type_and_enter(visitor, symbol.lower())
            visitor.page.locator(".legend .name b", has_text=symbol).wait_for()
            visitor.wait_for_ticks(3)
        assert visitor.anchored_view() == pytest.approx(anchor, abs=1e-6)
        if is_a_minute_over():
            break
    assert visitor.view() == pytest.approx(before, abs=1e-6)
    assert visitor.ask(f"{HOOK}.ticks.length") - ticks > 100
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


def test_another_symbol_shows_the_same_stretch_of_time(visit: Visit) -> None:
    visitor = visit(SERIES).wait_for_bars()
    visitor.scroll_back()
    # The left edge follows the width of the price axis.
    edge = f"{HOOK}.bars()[Math.round({HOOK}.view().to)].time"
    before, exactly = visitor.ask(edge), visitor.anchored_view()
    for symbol in ("ETHDEMO", "BTCDEMO"):
        visitor.page.keyboard.type(symbol.lower())
        keys(visitor, "Enter")
        visitor.page.locator(".legend .name b", has_text=symbol).wait_for()
        visitor.wait(f"{edge} === {before}")
    assert visitor.anchored_view()[1] == pytest.approx(exactly[1], abs=1e-6)


def test_another_timeframe_ends_at_the_same_instant(visit: Visit) -> None:
    visitor = visit(SERIES).wait_for_bars()
    visitor.drag(-45)
    last = f"{HOOK}.bars()[Math.floor({HOOK}.view().to + 1e-6)].time"
    visitor.wait(f"{HOOK}.view().to < {HOOK}.bars().length - 30")
    end = visitor.ask(last) + 60
    for timeframe, seconds in (("5m", 300), ("1s", 1), ("1m", 60)):
        type_and_enter(visitor, timeframe)
        visitor.page.locator(".legend .name b", has_text=timeframe).wait_for()
        visitor.wait(f"{HOOK}.bars().at(-1).time - {HOOK}.bars().at(-2).time === {seconds} || '{timeframe}' === '1s'")
        # The bar at the right edge holds the instant at which the last one ended. A second without trades has no bar.
        visitor.wait(f"{last} < {end} && {last} + {max(seconds, 30)} >= {end}")
        end = visitor.ask(last) + seconds


def test_every_chart_type_shows_the_same_bars_in_the_same_place(visit: Visit) -> None:
    visitor = visit(SERIES).wait_for_bars()
    visitor.scroll_back()
    before = visitor.view()
    for title in ("Hollow candles", "Heikin-Ashi", "Bars", "Line", "Area", "Candles"):
        button(visitor, "Chart type").click()
        visitor.page.get_by_role("menuitem", name=title, exact=True).click()
        visitor.wait_for_ticks(1)
        assert visitor.view() == before
    assert "type" not in query(visitor)


def test_older_candles_come_while_panning_without_a_jump(visit: Visit) -> None:
    visitor = visit("/chart?tf=1s").wait_for_bars(1_500)
    loaded = visitor.ask(f"{HOOK}.bars().length")
    visitor.drag(-1300)
    visitor.wait(f"{HOOK}.view().from < 200 || {HOOK}.bars().length > {loaded} + 500")
    anchor = visitor.anchored_view()
    visitor.wait(f"{HOOK}.bars().length > {loaded} + 500")
    assert visitor.anchored_view() == pytest.approx(anchor, abs=1e-6)
    times = visitor.ask(f"{HOOK}.bars().map((bar) => bar.time)")
    assert times == sorted(set(times))
    press(visitor, "To the newest bar")
    visitor.wait(f"{HOOK}.view().to > {HOOK}.bars().length - 1")


def test_panning_left_goes_on_to_the_very_first_candle(visit: Visit, demo: Stack) -> None:
    visitor = visit("/chart?symbol=BTCDEMO&tf=1s&ind=ema,rsi").wait_for_bars(1_000)
    first = Mart(demo.settings.mart_path).candles("BTCDEMO", "1s").column("open_time")[0].as_py()
    target = int(first.replace(tzinfo=UTC).timestamp())
    while (oldest := visitor.ask(f"{HOOK}.bars()[0].time")) > target:
        visitor.drag(-visitor.ask(f"{HOOK}.bars().length"))
        visitor.wait(f"{HOOK}.bars()[0].time < {oldest}")
    assert visitor.ask(f"{HOOK}.bars()[0].time") == target
    button(visitor, "To the newest bar").click()
    visitor.wait(f"{HOOK}.view().to > {HOOK}.bars().length - 1")
    keys(visitor, "Home")
    visitor.wait(f"{HOOK}.view().from < 0 && {HOOK}.bars()[0].time === {target}")
