"""What the reader arranges: layouts and templates with names, the watchlist, lines between days, the data window."""

import pytest

from browser.conftest import Visit
from browser.hands import SERIES, button, keys, place_of, press, query, type_and_enter
from browser.painted import painted_texts, watch_paint
from browser.visitor import HOOK, Visitor


def open_saved(visitor: Visitor) -> None:
    press(visitor, "Layout")
    visitor.page.get_by_role("menuitem", name="Layouts and templates").click()


def save(visitor: Visitor, kind: str, name: str) -> None:
    open_saved(visitor)
    field = visitor.page.get_by_label(f"Name of the {kind}")
    field.fill(name)
    field.press("Enter")
    button(visitor, name).wait_for()
    keys(visitor, "Escape")


def test_a_layout_with_a_name_is_the_same_in_another_browser(visit: Visit) -> None:
    here = visit(f"{SERIES}&ind=rsi&symbol=ETHDEMO&tf=3m&ind=ema(9)").wait_for_bars(5)
    save(here, "layout", "two of them")
    there = visit(SERIES).wait_for_bars()
    open_saved(there)
    button(there, "two of them").click()
    there.wait("document.querySelectorAll('.cell').length === 2")
    there.page.locator(".legend .name b", has_text="ETHDEMO · 3m").wait_for()
    shown = query(there)
    assert (shown["symbol"], shown["tf"], shown["ind"]) == (["BTCDEMO", "ETHDEMO"], ["1m", "3m"], ["rsi", "ema(9)"])
    open_saved(there)
    button(there, "Remove the layout two of them").click()
    button(there, "two of them").wait_for(state="detached")


def test_a_template_dresses_another_symbol(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&ind=rsi,bb&type=line").wait_for_bars()
    save(visitor, "template", "mine")
    type_and_enter(visitor, "eth")
    visitor.open("/chart?symbol=ETHDEMO&tf=5m&ind=ema&type=candles").wait_for_bars(5)
    open_saved(visitor)
    button(visitor, "mine").click()
    visitor.page.locator(".row", has_text="RSI").wait_for()
    shown = query(visitor)
    assert (shown["symbol"], shown["ind"], shown["type"]) == (["ETHDEMO"], ["rsi,bb"], ["line"])


@pytest.mark.parametrize(
    ("width", "height", "theme"),
    [(390, 844, "dark"), (820, 1180, "light"), (1440, 900, "light"), (3840, 2160, "dark")],
)
def test_the_watchlist_tells_prices_and_shows_the_symbol_that_is_pressed(
    visit: Visit, width: int, height: int, theme: str
) -> None:
    visitor = visit(SERIES, width=width, height=height, theme=theme).wait_for_bars()
    visitor.page.get_by_role("button", name="Watchlist").locator("visible=true").click()
    row = visitor.page.locator(".watch-row", has_text="ETHDEMO")
    visitor.wait("[...document.querySelectorAll('.watch-change')].every((one) => /%$/.test(one.textContent))")
    day = visitor.ask("fetch('/api/watchlist?symbol=ETHDEMO').then((answer) => answer.json())")["ETHDEMO"]
    price = float(row.locator(".watch-price").inner_text().replace(",", ""))
    assert price == pytest.approx(float(day["last"]), rel=0.02)
    change = float(row.locator(".watch-change").inner_text().replace("−", "-").rstrip("%"))
    assert change == pytest.approx(100 * (price / float(day["open"]) - 1), abs=0.5)
    points = row.locator("polyline").get_attribute("points") or ""
    assert len(points.split()) == len(day["spark"]) > 1
    before = row.locator(".watch-price").inner_text()
    visitor.page.wait_for_function(
        "before => document.querySelectorAll('.watch-price')[1].textContent !== before", arg=before
    )  # it is live
    row.click()
    visitor.page.locator(".legend .name b", has_text="ETHDEMO · 1m").wait_for()
    visitor.page.locator(".watch-row[data-current]", has_text="ETHDEMO").wait_for()
    box = row.bounding_box()
    assert box
    assert box["height"] >= 44
    assert box["x"] + box["width"] <= width
    chart = visitor.page.locator(".canvas").bounding_box()
    assert chart
    assert width < 720 or chart["x"] + chart["width"] <= box["x"], "it lies beside the newest bars, not over them"


DASHES = f"""(() => {{
    const canvas = document.querySelector(".canvas table tr td:nth-child(2) canvas");
    const {{ width, height }} = canvas;
    const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    const ratio = width / canvas.clientWidth;
    const [x, y] = [1, 3];
    const bars = {HOOK}.bars(), {{ from, to }} = {HOOK}.view();
    const at = bars.findIndex((bar) => bar.time >= window.__day);
    const middle = (canvas.clientWidth * (at - from)) / (to - from + 1) * ratio;
    let best = 0;
    for (let column = Math.floor(middle - 3); column <= middle + 3; column++) {{
        let count = 0;
        for (let row = 0; row < height; row++) {{
            const at = 4 * (row * width + column), beside = 4 * (row * width + column - 6);
            if (Math.abs(data[at] - data[beside]) + Math.abs(data[at + 1] - data[beside + 1]) > 24) count += 1;
        }}
        best = Math.max(best, count / height);
    }}
    return best;
}})()"""


def test_lines_between_days_stand_where_the_zone_has_its_midnight(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&ind=&tz=UTC").wait_for_bars()
    # A zone of which a midnight lies within the bars on screen: in seventy minutes there is one, whatever the time.
    zone = visitor.ask(
        f"""(() => {{
            const bars = {HOOK}.bars(), names = Intl.supportedValuesOf("timeZone");
            const hour = (zone, time) => new Intl.DateTimeFormat("en-GB",
                {{ timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }}).format(time * 1000);
            for (const zone of names) for (const bar of bars.slice(-80, -10))
                if (hour(zone, bar.time) === "00:00") {{ window.__day = bar.time; return zone; }}
            return null;
        }})()"""
    )
    assert zone, "no zone has a midnight among these bars"
    visitor.page.locator(".zone").click()
    visitor.page.get_by_label("Search a city or zone").fill(zone)
    keys(visitor, "Enter")
    assert visitor.ask(DASHES) < 0.3
    press(visitor, "Settings")
    visitor.page.get_by_label("Lines between days").check()
    visitor.wait(f"{DASHES} > 0.35")
    keys(visitor, "Escape")
    type_and_enter(visitor, "24h")  # bars of a day have no lines between them
    visitor.wait(f"{HOOK}.bars().length < 10")


def test_the_data_window_tells_every_number_of_the_bar_under_the_crosshair(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&ind=ema,rsi").wait_for_bars().look_back()
    keys(visitor, "Alt+d")
    x, y, time = place_of(visitor, 60)
    visitor.page.mouse.move(x, y)
    bar = next(bar for bar in visitor.ask(f"{HOOK}.bars()") if bar["time"] == time)
    told = visitor.page.locator(".data-window")
    visitor.page.locator(".data-window dd", has_text=visitor.ask(f"{HOOK}.label({time})").strip()).wait_for()
    names, values = told.locator("dt").all_inner_texts(), told.locator("dd").all_inner_texts()
    rows = dict(zip(names, values, strict=True))
    assert float(rows["High"].replace(",", "")) == bar["high"]
    assert int(rows["Trades"].replace(",", "")) == bar["trades"]
    assert {"State", "Mean price", "Takers bought", "Delta", "EMA 50", "RSI 14"} <= rows.keys()
    keys(visitor, "Alt+d")
    told.wait_for(state="detached")


def test_the_drawings_of_the_rail_are_painted(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&ind=").wait_for_bars()
    watch_paint(visitor)
    box = visitor.page.locator(".canvas").bounding_box()
    assert box
    places = {
        "Ray": [(0.1, 0.3), (0.2, 0.35)],
        "Extended line": [(0.1, 0.5), (0.2, 0.45)],
        "Vertical line (Alt+V)": [(0.55, 0.5)],
        "Parallel channel": [(0.25, 0.2), (0.4, 0.3), (0.3, 0.4)],
        "Rectangle": [(0.42, 0.2), (0.5, 0.3)],
        "Anchored VWAP": [(0.6, 0.3)],
        "Long position": [(0.65, 0.4)],
        "Fibonacci retracement (Alt+F)": [(0.75, 0.2), (0.85, 0.6)],
        "Text": [(0.12, 0.65)],
    }
    for name, presses in places.items():
        button(visitor, name).click()
        for x, y in presses:
            visitor.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    visitor.page.get_by_label("Text", exact=True).last.fill("double top")
    keys(visitor, "Tab", "Escape")
    visitor.wait("[...window.__painted.values()].flat().includes('double top')")
    texts = painted_texts(visitor)
    for told in ("VWAP ", "Target ", "Stop ", "Reward to risk 1.00", "0.618 ("):
        assert any(text.startswith(told) for text in texts), told
    kept = "JSON.parse(localStorage.getItem('candlewick.drawings.v1.BTCDEMO')).drawings.map((one) => one.kind)"
    kinds = ["ray", "extended", "vertical", "channel", "rectangle", "vwap", "long", "fibonacci", "text"]
    assert visitor.ask(kept) == kinds
    visitor.page.reload()
    visitor.wait_for_bars()
    assert visitor.ask(kept) == kinds
