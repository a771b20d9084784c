"""The terminal in a real browser: what a trader's hands do, and that what was on screen stays there."""

import csv
import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pyarrow.parquet as pq
import pytest
import talib

from browser.conftest import Visit
from browser.visitor import HOOK, Visitor
from candlewick.mart import Mart
from e2e.stack import Stack

SERIES = "/chart?symbol=BTCDEMO&tf=1m"
INDICATORS = ("SMA", "EMA", "WMA", "VWAP", "BB", "RSI", "MACD", "ATR", "Stoch", "OBV", "Vol SMA")
OWN_PANES = 5
PRICE_PANES = 2


NUMBER = re.compile(r"[\d,]+\.\d+")


def number(text: str) -> float:
    return float(text.replace(",", ""))


def query(visitor: Visitor) -> dict[str, list[str]]:
    return parse_qs(urlsplit(visitor.page.url).query, keep_blank_values=True)


def keys(visitor: Visitor, *pressed: str) -> None:
    for key in pressed:
        visitor.page.keyboard.press(key)


def button(visitor: Visitor, name: str) -> Any:
    return visitor.page.get_by_role("button", name=name, exact=True)


def position(visitor: Visitor) -> float:
    """How many bars the screen ends after the newest one."""
    return float(visitor.ask(f"{HOOK}.view().to - {HOOK}.bars().length"))


def rows(visitor: Visitor) -> list[str]:
    """The legend's rows, all panes'."""
    return visitor.page.locator(".row").all_inner_texts()


def point(visitor: Visitor, x: float = 0.5, y: float = 0.3) -> tuple[float, float]:
    """Move the mouse to a share of the chart's width and height."""
    box = visitor.page.locator(".canvas").first.bounding_box()
    assert box
    place = box["x"] + box["width"] * x, box["y"] + box["height"] * y
    visitor.page.mouse.move(*place)
    return place


def panes(visitor: Visitor) -> list[int]:
    """The heights of the panes: the chart's rows, but for the hair lines between them and the time axis at the end."""
    heights = visitor.page.locator(".canvas table tr").evaluate_all("rows => rows.map((row) => row.offsetHeight)")
    return [height for height in heights[:-1] if height > 2]


def test_every_key_of_the_reference_does_what_it_says(visit: Visit) -> None:
    visitor = visit(SERIES).wait_for_bars()
    point(visitor)
    start = position(visitor)
    for key, bars in (("ArrowLeft", -1), ("ArrowLeft", -1), ("ArrowRight", 1)):
        before = position(visitor)
        keys(visitor, key)
        visitor.wait(f"Math.abs({HOOK}.view().to - {HOOK}.bars().length - {before + bars}) < 0.6")
    keys(visitor, "Control+ArrowLeft")
    visitor.wait(f"{HOOK}.view().to - {HOOK}.bars().length < {start - 20}")
    keys(visitor, "End")
    visitor.wait(f"{HOOK}.view().to > {HOOK}.bars().length")
    width = visitor.ask(f"{HOOK}.view().to - {HOOK}.view().from")
    keys(visitor, "ArrowUp")
    visitor.wait(f"{HOOK}.view().to - {HOOK}.view().from < {width * 0.9}")
    keys(visitor, "Alt+r")
    visitor.wait(f"Math.abs({HOOK}.view().to - {HOOK}.view().from - {width}) < 1")
    for key, name, value in (("Alt+l", "scale", "log"), ("Alt+p", "scale", "percent"), ("Alt+i", "inv", "1")):
        keys(visitor, key)
        assert query(visitor)[name] == [value]
        keys(visitor, key)
        assert name not in query(visitor)
    keys(visitor, "?")
    assert visitor.page.get_by_role("dialog", name="Keyboard").locator("dt").count() > 20
    keys(visitor, "Escape", "Alt+g")
    assert visitor.page.get_by_label("Date and time").is_visible()
    keys(visitor, "Escape")


def test_a_symbol_and_a_timeframe_are_found_by_typing(visit: Visit) -> None:
    visitor = visit("/").wait_for_bars()
    for typed, found in (("15", {"tf": ["15m"]}), ("1", {"tf": ["1m"]}), ("eth", {"symbol": ["ETHDEMO"]})):
        visitor.page.keyboard.type(typed)
        keys(visitor, "Enter")
        assert found.items() <= query(visitor).items()
        visitor.wait(f"{HOOK}.bars().length > 4")
    assert visitor.page.locator(".legend .name b").inner_text() == "ETHDEMO · 1m"


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


def test_the_address_is_the_whole_state(visit: Visit) -> None:
    address = "symbol=ETHDEMO&tf=5m&type=area&ind=sma(10),rsi&scale=log&inv=1&tz=America/New_York"
    visitor = visit(f"/chart?{address}").wait_for_bars(10)
    assert visitor.page.locator(".legend .name b").inner_text() == "ETHDEMO · 5m"
    assert {row.split()[0] for row in rows(visitor)} == {"SMA", "RSI"}
    assert visitor.page.locator(".zone").inner_text() == "New York"
    assert button(visitor, "log").get_attribute("aria-current") == "true"
    asked = parse_qs(address)
    assert {name: value for name, value in query(visitor).items() if name in asked} == asked


def test_all_indicators_at_once_follow_the_bars_and_leave_what_is_seen_in_place(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&ind=").wait_for_bars()
    visitor.scroll_back()
    before = visitor.view()
    for name in INDICATORS:
        keys(visitor, "/")
        visitor.page.get_by_label("Search indicators").fill(name)
        keys(visitor, "Enter")
    assert [row.split("\n")[0].split(" 1")[0].split(" 2")[0].split(" 5")[0] for row in sorted(rows(visitor))] == sorted(
        INDICATORS
    )
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
    row = visitor.page.locator(".row", has_text="RSI")
    row.hover()
    button(visitor, "Remove RSI 14").click()
    assert len(panes(visitor)) == len(heights) - 1
    assert query(visitor)["ind"] == ["ema(9)"]


def test_a_pane_is_resized_by_dragging_its_edge(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&ind=rsi").wait_for_bars()
    before = panes(visitor)
    box = visitor.page.locator(".canvas").bounding_box()
    assert box
    x, y = box["x"] + 300, box["y"] + before[0] + before[1] + 1
    visitor.page.mouse.move(x, y)
    visitor.page.mouse.down()
    visitor.page.mouse.move(x, y - 60, steps=4)
    visitor.page.mouse.up()
    after = panes(visitor)
    assert after[2] > before[2] + 40
    assert after[1] < before[1] - 40


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


def test_drawings_survive_ticks_and_visits_and_belong_to_their_symbol(visit: Visit) -> None:
    visitor = visit(SERIES).wait_for_bars()
    visitor.scroll_back()
    before = visitor.view()
    for key, places in (
        ("Alt+h", [(0.3, 0.3)]),
        ("Alt+t", [(0.3, 0.5), (0.5, 0.4)]),
        ("Alt+f", [(0.5, 0.6), (0.7, 0.3)]),
    ):
        keys(visitor, key)
        for place in places:
            visitor.page.mouse.click(*point(visitor, *place))
    kept = "JSON.parse(localStorage.getItem('candlewick.drawings.v1.BTCDEMO'))?.drawings"
    drawn = visitor.ask(kept)
    assert [drawing["kind"] for drawing in drawn] == ["horizontal", "trend", "fibonacci"]
    visitor.wait_for_ticks(3)
    assert visitor.view() == before
    visitor.open(SERIES.replace("BTC", "ETH")).wait_for_bars()
    visitor.open(SERIES).wait_for_bars()
    assert visitor.ask(kept) == drawn
    button(visitor, "Delete all drawings").click()
    assert visitor.ask(kept) is None
    keys(visitor, "Control+z")
    assert visitor.ask(kept) == drawn


def test_panning_left_goes_on_to_the_very_first_candle(visit: Visit, demo: Stack) -> None:
    visitor = visit("/chart?symbol=BTCDEMO&tf=1s&ind=ema,rsi").wait_for_bars(1_000)
    first = Mart(demo.settings.mart_path).candles("BTCDEMO", "1s").column("open_time")[0].as_py()
    target = int(first.replace(tzinfo=UTC).timestamp())
    while (oldest := visitor.ask(f"{HOOK}.bars()[0].time")) > target:
        visitor.ask(f"{HOOK}.pan(-{HOOK}.bars().length)")
        visitor.wait(f"{HOOK}.bars()[0].time < {oldest}")
    assert visitor.ask(f"{HOOK}.bars()[0].time") == target
    button(visitor, "To the newest bar").click()
    visitor.wait(f"{HOOK}.view().to > {HOOK}.bars().length - 1")
    keys(visitor, "Home")
    visitor.wait(f"{HOOK}.view().from < 0 && {HOOK}.bars()[0].time === {target}")


def test_what_is_on_screen_is_exported_with_the_warehouses_digits(visit: Visit, demo: Stack, tmp_path: Path) -> None:
    visitor = visit(SERIES).wait_for_bars()
    visitor.scroll_back()
    edges = (
        f"[Math.max(0, Math.ceil({HOOK}.view().from)), Math.floor({HOOK}.view().to)]"
        f".map((at) => {HOOK}.bars()[at].time)"
    )
    first, last = (datetime.fromtimestamp(time, UTC).replace(tzinfo=None) for time in visitor.ask(edges))
    expected = [
        row
        for row in Mart(demo.settings.mart_path).candles("BTCDEMO", "1m").to_pylist()
        if first <= row["open_time"] <= last
    ]
    files = {}
    for kind in ("CSV", "Parquet"):
        button(visitor, "Picture and export").click()
        with visitor.page.expect_download() as download:
            visitor.page.get_by_role("menuitem", name=f"Visible bars as {kind}").click()
        files[kind] = tmp_path / kind
        download.value.save_as(files[kind])
    table = pq.read_table(files["Parquet"]).to_pylist()
    assert len(expected) > 10
    assert [(row["open_time"], row["close"]) for row in table] == [(row["open_time"], row["close"]) for row in expected]
    written = list(csv.DictReader(io.StringIO(files["CSV"].read_text())))
    assert [row["close"] for row in written] == [str(row["close"]) for row in expected]


def test_a_picture_of_the_chart_is_saved(visit: Visit, tmp_path: Path) -> None:
    visitor = visit(SERIES).wait_for_bars()
    with visitor.page.expect_download() as download:
        keys(visitor, "Alt+s")
    picture = tmp_path / "picture.png"
    download.value.save_as(picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert download.value.suggested_filename.startswith("BTCDEMO-1m-")


def test_four_charts_share_one_crosshair_and_one_address(visit: Visit) -> None:
    visitor = visit(SERIES).wait_for_bars()
    button(visitor, "Layout").click()
    visitor.page.get_by_role("menuitem", name="Four charts").click()
    numbers = visitor.page.locator(".cell .numbers:visible")
    visitor.page.wait_for_function("document.querySelectorAll('.cell .numbers:not([hidden])').length === 4")
    newest = numbers.nth(2).inner_text()
    point(visitor, 0.3)
    visitor.page.wait_for_function(
        "old => document.querySelectorAll('.cell .numbers')[2].innerText !== old", arg=newest
    )
    assert query(visitor)["symbol"][:2] == ["BTCDEMO", "ETHDEMO"]
    assert len(query(visitor)["symbol"]) == 4
    button(visitor, "Layout").click()
    visitor.page.get_by_role("menuitem", name="One chart").click()
    assert visitor.page.locator(".cell").count() == 1


def test_a_second_symbol_is_compared_in_percent(visit: Visit) -> None:
    visitor = visit(SERIES).wait_for_bars()
    visitor.scroll_back()
    before = visitor.view()
    button(visitor, "Compare").click()
    keys(visitor, "Enter")
    row = visitor.page.locator(".row", has_text="ETHDEMO")
    visitor.page.wait_for_function(
        "[...document.querySelectorAll('.row')].some((row) => /ETHDEMO\\s[\\d,.]+/.test(row.innerText))"
    )
    assert (query(visitor)["vs"], query(visitor)["scale"]) == (["ETHDEMO"], ["percent"])
    visitor.wait_for_ticks(3)
    # The price axis may be narrower now; the last bar on screen is still the last.
    assert visitor.view()[1] == before[1]
    row.hover()
    button(visitor, "Remove ETHDEMO").click()
    assert not {"vs", "scale"} & query(visitor).keys()


def test_presets_and_zones_are_remembered_by_the_browser(visit: Visit) -> None:
    visitor = visit("/chart").wait_for_bars()
    button(visitor, "Settings").click()
    button(visitor, "Binance").click()
    button(visitor, "Time zone").click()
    visitor.page.get_by_label("Search a city or zone").fill("kathm")
    keys(visitor, "Enter")
    visitor.open("/chart?symbol=BTCDEMO").wait_for_bars()
    assert visitor.page.locator(".zone").inner_text() == "Kathmandu"
    assert visitor.ask("getComputedStyle(document.querySelector('.terminal')).getPropertyValue('--bull')") == "#0ecb81"


def test_an_hour_that_repeats_is_labelled_as_its_zone_says(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&tz=America/New_York").wait_for_bars()
    before, after = 1_793_511_000, 1_793_514_600  # 2026-11-01, 05:30 and 06:30 UTC: summer time ends at 06:00
    label = f"{HOOK}.label"
    assert visitor.ask(f"[{label}({before}), {label}({after})]") == ["Sun 01 Nov 26  01:30"] * 2
    button(visitor, "Time zone").click()
    visitor.page.get_by_label("Search a city or zone").fill("IST")
    keys(visitor, "Enter")
    assert visitor.ask(f"[{label}({before}), {label}({after})]") == ["Sun 01 Nov 26  11:00", "Sun 01 Nov 26  12:00"]
    visitor.page.keyboard.type("1d")
    keys(visitor, "Enter")
    midnight = 1_793_471_400  # in Kolkata, whose days this stack's daily candles are
    visitor.wait(f"{label}({midnight}) === 'Sun 01 Nov 26'")


def test_a_finger_pans_and_taps_on_a_phone(visit: Visit) -> None:
    visitor = visit(SERIES, width=390, height=844, touch=True).wait_for_bars()
    before = visitor.view()
    session = visitor.page.context.new_cdp_session(visitor.page)

    def touch(kind: str, *places: int) -> None:
        points = [{"x": x, "y": 400} for x in places]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 100)
    for x in range(110, 300, 10):
        touch("touchMove", x)
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


def test_4k_is_one_screen_too(visit: Visit) -> None:
    visitor = visit(SERIES, width=3840, height=2160).wait_for_bars()
    box = visitor.page.locator(".terminal").bounding_box()
    assert box
    assert (box["width"], box["height"]) == (3840, 2160)
    assert visitor.ask("document.scrollingElement.scrollHeight") == 2160
