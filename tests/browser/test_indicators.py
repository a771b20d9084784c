"""Indicators and their panes."""

import re

import numpy as np
import pytest
import talib

from browser.conftest import Visit
from browser.hands import SERIES, button, keys, panes, point, query, rows, type_and_enter
from browser.visitor import HOOK, Visitor

INDICATORS = (
    *("SMA", "EMA", "WMA", "VWAP", "BB", "KC", "DC", "SuperTrend", "Ichimoku", "Pivots"),
    *("RSI", "MACD", "ATR", "Stoch", "ADX", "OBV", "Vol SMA"),
)
OWN_PANES = 6
PRICE_PANES = 2
NUMBER = re.compile(r"[\d,]+\.\d+")


def number(text: str) -> float:
    return float(text.replace(",", ""))


def add_indicator(visitor: Visitor, name: str) -> None:
    keys(visitor, "/")
    visitor.page.get_by_label("Search indicators").fill(name)
    keys(visitor, "Enter")


def remove_indicator(visitor: Visitor, title: str) -> None:
    visitor.page.locator(".row", has_text=title).hover()
    button(visitor, f"Remove {title}").click()


def test_all_indicators_at_once_follow_the_bars_and_leave_what_is_seen_in_place(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&ind=").wait_for_bars()
    visitor.scroll_back()
    before = visitor.view()
    for name in INDICATORS:
        add_indicator(visitor, name)
    names = [re.match(r"[A-Za-z ]*[A-Za-z]", row) for row in rows(visitor)]
    assert sorted(name[0] for name in names if name) == sorted(INDICATORS)
    assert len(panes(visitor)) == PRICE_PANES + OWN_PANES
    visitor.wait_for_ticks(5)
    assert visitor.view() == before
    point(visitor, 0.7)
    settled = rows(visitor)
    visitor.wait_for_ticks(5)
    assert rows(visitor) == settled
    assert not any("NaN" in row for row in settled)


def test_the_numbers_in_the_legend_are_ta_libs(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&ind=sma(20),ema(21),bb,rsi").wait_for_bars()
    visitor.scroll_back()
    point(visitor, 0.6)
    told, bars, rows_then = visitor.ask(
        f"[document.querySelector('.numbers').innerText, {HOOK}.bars(), "
        "[...document.querySelectorAll('.row')].map((row) => row.innerText)]"
    )
    opened, high, low, close = (number(text) for text in NUMBER.findall(told)[:4])
    (at,) = (
        i for i, b in enumerate(bars) if (b["open"], b["high"], b["low"], b["close"]) == (opened, high, low, close)
    )
    closes = np.array([bar["close"] for bar in bars])
    upper, basis, lower = talib.BBANDS(closes, 20, 2, 2)
    expected = {
        "SMA 20": [talib.SMA(closes, 20)],
        "EMA 21": [talib.EMA(closes, 21)],
        "BB 20 2": [upper, lower, basis],
        "RSI 14": [talib.RSI(closes, 14)],
    }
    shown = {row.split("\n")[0]: [number(text) for text in row.split("\n")[1:] if text] for row in rows_then}
    assert shown.keys() == expected.keys()
    for name, series in expected.items():
        assert shown[name] == pytest.approx([values[at] for values in series], abs=0.0051)


def test_a_length_is_what_was_typed_and_nothing_else(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&ind=").wait_for_bars()
    add_indicator(visitor, "ema 200")
    assert query(visitor)["ind"] == ["ema(200)"]
    visitor.page.locator(".row-name", has_text="EMA 200").click()
    length = visitor.page.get_by_label("Length", exact=True)
    length.fill("")
    assert query(visitor)["ind"] == ["ema(200)"]
    length.fill("21")
    assert query(visitor)["ind"] == ["ema(21)"]


def test_an_indicator_takes_parameters_and_colours_and_goes(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&ind=ema,rsi").wait_for_bars()
    row = visitor.page.locator(".row", has_text="EMA")
    row.hover()
    button(visitor, "Settings of EMA 50").click()
    visitor.page.get_by_label("Length").fill("9")
    visitor.page.get_by_label("Colour of EMA").evaluate(
        "well => { well.value = '#ff00aa'; well.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    keys(visitor, "Escape")
    assert query(visitor)["ind"] == ["ema(9),rsi"]
    visitor.open(f"{SERIES}&ind=ema(9),rsi").wait_for_bars()
    value = visitor.page.locator(".row", has_text="EMA 9").locator(".value")
    assert value.evaluate("value => getComputedStyle(value).color") == "rgb(255, 0, 170)"
    heights = panes(visitor)
    remove_indicator(visitor, "RSI 14")
    assert len(panes(visitor)) == len(heights) - 1
    assert query(visitor)["ind"] == ["ema(9)"]


def test_the_rows_of_the_legend_stay_under_the_hand_that_goes_for_them(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&ind=ema,bb").wait_for_bars()
    row = visitor.page.locator(".row", has_text="BB")
    standing = visitor.page.locator(".standing")
    point(visitor, 0.4, 0.5)
    standing.filter(has_text="audited").wait_for()
    audited = row.bounding_box()
    point(visitor, 0.99, 0.3)  # beside the bars the newest one is told, which is forming
    standing.wait_for(state="hidden")
    forming = row.bounding_box()
    assert audited
    assert forming
    assert audited["y"] == forming["y"]


def drag_edge(visitor: Visitor, pane: int, by: int) -> None:
    """Drag the edge below a pane by so many px."""
    box = visitor.page.locator(".canvas").bounding_box()
    assert box
    x, y = box["x"] + 300, box["y"] + sum(panes(visitor)[: pane + 1]) + pane
    visitor.page.mouse.move(x, y)
    visitor.page.mouse.down()
    visitor.page.mouse.move(x, y + by, steps=4)
    visitor.page.mouse.up()


def test_a_pane_keeps_the_height_that_it_is_dragged_to(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&ind=rsi").wait_for_bars()
    before = panes(visitor)
    drag_edge(visitor, 1, -60)
    dragged = panes(visitor)
    assert dragged[2] > before[2] + 40
    assert dragged[1] < before[1] - 40
    visitor.wait("localStorage.getItem('candlewick.panes.v1')")
    for typed in ("eth", "5m", "btc", "1m"):
        type_and_enter(visitor, typed)
        visitor.wait(f"{HOOK}.bars().length > 10")
        assert panes(visitor) == dragged
    visitor.page.reload()
    visitor.wait_for_bars()
    assert panes(visitor) == dragged
    add_indicator(visitor, "MACD")
    assert len(panes(visitor)) == PRICE_PANES + 2
    remove_indicator(visitor, "RSI 14")
    assert len(panes(visitor)) == PRICE_PANES + 1
    remove_indicator(visitor, "MACD 12 26 9")
    add_indicator(visitor, "RSI")
    assert panes(visitor) == dragged


LINE_AT_60 = """[...document.querySelectorAll(".canvas table tr:nth-child(5) canvas")].map((canvas) => {
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4)
        if (Math.abs(data[at] - 255) + data[at + 1] + Math.abs(data[at + 2] - 170) < 24 && data[at + 3] > 200)
            count += 1;
    return count;
}).reduce((a, b) => Math.max(a, b), 0)"""


def test_a_line_takes_a_width_a_dash_and_levels_and_keeps_them(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&ind=rsi").wait_for_bars()
    visitor.page.locator(".row-name", has_text="RSI").click()
    visitor.page.get_by_label("Colour of RSI").evaluate(
        "well => { well.value = '#ff00aa'; well.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    visitor.wait(f"{LINE_AT_60} > 20")
    thin = visitor.ask(LINE_AT_60)
    visitor.page.get_by_label("Width of RSI").select_option("4")
    visitor.wait(f"{LINE_AT_60} > {2 * thin}")
    thick = visitor.ask(LINE_AT_60)
    visitor.page.get_by_label("Dash of RSI").select_option("dotted")
    visitor.wait(f"{LINE_AT_60} < {0.8 * thick}")
    visitor.page.get_by_label("Levels", exact=True).fill("20, 80")
    visitor.page.get_by_label("Levels", exact=True).press("Tab")
    keys(visitor, "Escape")
    visitor.page.reload()
    visitor.wait_for_bars()
    visitor.wait(f"{LINE_AT_60} > {1.2 * thin}")
    visitor.page.locator(".row-name", has_text="RSI").click()
    assert visitor.page.get_by_label("Levels", exact=True).input_value() == "20, 80"
    assert visitor.page.get_by_label("Width of RSI").input_value() == "4"
