"""Order flow as it is painted, beside what the server has of the same bars: on one page, one look after another."""

import json
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser

from browser.conftest import Visit
from browser.hands import SERIES, keys, panes, place_of, press
from browser.painted import painted_texts, watch_paint
from browser.visitor import HOOK, Visitor
from e2e.stack import Stack, wait_until

STACK = 3
BUBBLE = 5
"""Px: less of a column is where the line of the last price went."""
GROWS = 5
"""Cells that change so often within thirty ticks are carried on: an answer on its way changes them once."""
WRITTEN = """([x, width]) => {
    const canvases = [...document.querySelectorAll(".canvas table tr:first-child td:nth-child(2) canvas")];
    const pane = canvases[0].getBoundingClientRect();
    return canvases.flatMap((canvas) => (window.__placed.get(canvas) ?? []).flatMap(([picture, left, top]) =>
        (window.__pictures.get(picture) ?? []).map(([text, right, y, style]) =>
            [text, pane.left + (left + right) / devicePixelRatio, pane.top + (top + y) / devicePixelRatio, style])))
        .filter(([, right]) => Math.abs(right - x) <= width / 2);
}"""
"""What is written in the column of a bar: text, where it ends, the middle of its height, and its colour."""
ASKED = "performance.getEntriesByType('resource').findLast(({ name }) => name.includes('/api/%s?'))?.name"


class Level(NamedTuple):
    price: Decimal
    bought: Decimal
    sold: Decimal


class Row(NamedTuple):
    """A painted row of a footprint."""

    y: float
    texts: list[str]
    rights: list[float]
    colours: list[str]


@pytest.fixture(scope="module")
def visitor(chromium: Browser, demo: Stack) -> Iterator[Visitor]:
    visits = Visit(chromium, f"http://127.0.0.1:{demo.dashboard_port}")
    visitor = visits(f"{SERIES}&flow=bidask&ind=&tz=UTC").wait_for_bars(60)
    watch_paint(visitor)
    yield visitor.look_back()
    visits.end()


def ask_server(visitor: Visitor, path: str) -> Any:
    return json.loads(visitor.ask(f"fetch({path!r}).then((answer) => answer.text())"))


def levels_of(visitor: Visitor, time: int) -> list[Level]:
    """The server's levels of a minute, at the smallest step that it has."""
    told = ask_server(visitor, f"/api/footprint?symbol=BTCDEMO&timeframe=1m&since={time}&before={time + 60}")["levels"]
    rows = zip(told["p"], told["bv"], told["sv"], strict=True)
    return sorted(Level(*(Decimal(text) for text in row)) for row in rows)


def merged(levels: list[Level], step: Decimal) -> list[Level]:
    sums: dict[Decimal, tuple[Decimal, Decimal]] = {}
    for price, bought, sold in levels:
        at = price - price % step
        before = sums.get(at, (Decimal(0), Decimal(0)))
        sums[at] = (before[0] + bought, before[1] + sold)
    return [Level(price, *sums[price]) for price in sorted(sums)]


def steps() -> Iterator[Decimal]:
    for power in range(-2, 4):
        yield from (Decimal(10) ** power, 5 * Decimal(10) ** power)


def shown_times(visitor: Visitor) -> list[int]:
    """The open times of the bars that are whole on screen, the newest first."""
    start, end = visitor.view()
    times: list[int] = visitor.ask(f"{HOOK}.bars().map(({{ time }}) => time)")
    return times[int(start) + 2 : int(end)][::-1]


def back_of(visitor: Visitor, time: float) -> int:
    """How many bars before the newest a bar is."""
    return int(visitor.ask(f"{HOOK}.bars().length - 1 - {HOOK}.bars().findIndex((bar) => bar.time === {time})"))


def rows_at(visitor: Visitor, time: int) -> tuple[list[Row], list[str]]:
    """The painted rows of a bar from the lowest up, and what is written below them."""
    back = back_of(visitor, time)
    x, _, _ = place_of(visitor, back)
    width = x - place_of(visitor, back + 1)[0]
    rows: dict[float, Row] = {}
    foot = []
    for text, right, y, colour in sorted(visitor.page.evaluate(WRITTEN, [x, width]), key=lambda each: each[1]):
        if text and not text.strip("+−.,·0123456789"):
            row = rows.setdefault(round(y, 2), Row(y, [], [], []))
            row.texts.append(text), row.rights.append(right), row.colours.append(colour)
        else:
            foot.append(text)
    return sorted(rows.values(), reverse=True), foot


def are_painted(rows: list[Row], levels: list[Level], mode: str) -> bool:
    """Whether rows show levels, to the digit that they show."""
    if len(rows) != len(levels):
        return False
    for row, (_, bought, sold) in zip(rows, levels, strict=True):
        exact = {"bidask": [sold, bought], "delta": [bought - sold], "volume": [bought + sold]}[mode]
        if len(row.texts) != len(exact):
            return False
        for text, amount in zip(row.texts, exact, strict=True):
            shown = Decimal(text.replace("·", "0").replace("−", "-").replace("+", ""))
            half = Decimal("0.501").scaleb(int(shown.as_tuple().exponent)) if text != "·" else Decimal(0)
            if abs(shown - amount) > half:
                return False
    return True


def painted_levels(rows: list[Row], levels: list[Level], mode: str) -> tuple[Decimal, list[Level]] | None:
    """The step at which the rows of a bar are the server's levels, and these; None where there is none."""
    for step in steps():
        if are_painted(rows, found := merged(levels, step), mode):
            return step, found
    return None


def wait_for_cells(visitor: Visitor, time: int, mode: str = "bidask") -> tuple[list[Row], Decimal, list[Level]]:
    """The rows of a bar, once they are the server's."""
    found: list[tuple[list[Row], Decimal, list[Level]]] = []

    def is_there() -> bool:
        rows, levels = rows_at(visitor, time)[0], levels_of(visitor, time)
        if rows and (painted := painted_levels(rows, levels, mode)):
            found.append((rows, *painted))
        return bool(found)

    wait_until(is_there, f"the server's cells of the bar of {time}, in {mode}")
    return found[0]


def picture(visitor: Visitor) -> Image.Image:
    """The window as it is painted, without the crosshair."""
    visitor.page.mouse.move(5, 5)
    visitor.ask("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return Image.open(BytesIO(visitor.page.screenshot())).convert("RGB")


def imbalances(levels: list[Level], step: Decimal) -> list[str | None]:
    """Buyers against sellers one step below, threefold; sellers against buyers one step above."""
    at = {level.price: level for level in levels}
    sides: list[str | None] = []
    for price, bought, sold in levels:
        below, above = at.get(price - step), at.get(price + step)
        is_buy = below is not None and bought > 0 and bought >= 3 * below.sold
        is_sell = above is not None and sold > 0 and sold >= 3 * above.bought
        sides.append("buy" if is_buy else "sell" if is_sell else None)
    return sides


def is_green(colour: str | tuple[int, ...]) -> bool:
    red, green, _ = (int(colour[at : at + 2], 16) for at in (1, 3, 5)) if isinstance(colour, str) else colour
    return green > red


def test_bid_and_ask_are_the_servers_and_marks_are_where_their_rules_say(visitor: Visitor) -> None:
    plain = {"#d1d4dc", "#9194a0"}
    looked, seen = [], set()
    for time in shown_times(visitor)[:9]:
        wait_for_cells(visitor, time)
        assert "✓" in rows_at(visitor, time)[1]
        looked.append(time)
    shown, at_once = picture(visitor), [wait_for_cells(visitor, time) for time in looked]
    for rows, step, levels in at_once:
        sides = imbalances(levels, step)
        for row, side in zip(rows, sides, strict=True):
            loud = [None if colour in plain else "buy" if is_green(colour) else "sell" for colour in row.colours]
            assert loud == ["sell" if side == "sell" else None, "buy" if side == "buy" else None]
        seen |= set(sides)
        if len(levels) < 2:
            continue
        pitch = float((rows[0].y - rows[1].y) * float(step / (levels[1].price - levels[0].price)))
        middle, right = rows[0].rights[0] + 5, rows[0].rights[1] + 5
        left = 2 * middle - right
        for at, row in enumerate(rows):
            for side, x in (("buy", right + 1), ("sell", left - 2)):
                stacked = is_stacked(levels, sides, step, at, side)
                strong = shown.getpixel((int(x), int(row.y)))
                assert (max(strong) - min(strong) > 100) == stacked, (row, side)
                seen |= {f"stacked {side}"} if stacked else set()
        for end, y in ((-1, rows[-1].y - pitch / 2 - 2.5), (0, rows[0].y + pitch / 2 + 1)):
            unfinished = levels[end].bought > 0 and levels[end].sold > 0
            assert is_dotted(shown, left, right, y) == unfinished, (rows[end], y)
            seen |= {f"unfinished {unfinished}"}
    assert {"buy", "sell", "unfinished True", "unfinished False"} <= seen


def is_stacked(levels: list[Level], sides: list[str | None], step: Decimal, at: int, side: str) -> bool:
    """Whether a level is one of three and more in a row that are imbalanced to a side."""
    if sides[at] != side:
        return False
    first = last = at
    while first > 0 and sides[first - 1] == side and levels[first].price - levels[first - 1].price == step:
        first -= 1
    while last + 1 < len(sides) and sides[last + 1] == side and levels[last + 1].price - levels[last].price == step:
        last += 1
    return last - first + 1 >= STACK


def is_dotted(shown: Image.Image, left: float, right: float, y: float) -> bool:
    """Whether there is a dotted line about there: light and dark take turns."""
    for row in range(int(y) - 1, int(y) + 3):
        lights = [sum(shown.getpixel((x, row))) for x in range(int(left) + 2, int(right) - 2)]  # type: ignore[arg-type]
        dark = min(lights)
        turns = sum((one > dark + 60) != (other > dark + 60) for one, other in pairwise(lights))
        if turns > len(lights) / 4:
            return True
    return False


@pytest.mark.parametrize("mode", ["delta", "volume"])
def test_another_mode_shows_the_same_levels(visitor: Visitor, mode: str) -> None:
    press(visitor, "Order flow")
    visitor.page.get_by_role("menuitem", name=f"Footprint: {mode}").click()
    for time in shown_times(visitor)[:2]:
        wait_for_cells(visitor, time, mode)
    press(visitor, "Order flow")
    visitor.page.get_by_role("menuitem", name="Footprint: bid × ask").click()
    wait_for_cells(visitor, shown_times(visitor)[0])


def test_delta_and_cvd_are_sums_of_the_cells(visitor: Visitor) -> None:
    for name in ("delta", "cvd"):
        keys(visitor, "/")
        visitor.page.get_by_label("Search indicators").fill(name)
        keys(visitor, "Enter", "Escape")
    x, y, time = place_of(visitor, back_of(visitor, shown_times(visitor)[3]))
    visitor.page.mouse.move(x, y)
    since = int(time) - int(time) % 86_400
    told = ask_server(visitor, f"/api/footprint?symbol=BTCDEMO&timeframe=1m&since={since}&before={int(time) + 60}")
    deltas = [Decimal(text) for text in told["bars"]["d"]]
    for name, amount in (("Delta", deltas[-1]), ("CVD", sum(deltas))):
        value = visitor.page.locator(".row", has_text=name).locator(".value").first

        def shown(value: Any = value) -> Decimal:
            return Decimal(value.inner_text().replace("−", "-").replace(",", "") or "NaN")

        wait_until(lambda shown=shown, amount=amount: abs(shown() - amount) <= Decimal("0.06"), f"{name} of {amount}")
    heights = panes(visitor)
    assert len(heights) == 4
    box = visitor.page.locator(".canvas").bounding_box()
    assert box
    column, top = picture(visitor), box["y"] + sum(heights[:2]) + 2
    strong = [column.getpixel((int(x), int(top) + down)) for down in range(4, heights[2] - 4)]
    bar = [colour for colour in strong if isinstance(colour, tuple) and max(colour) - min(colour) > 90]
    assert bar
    assert {is_green(colour) for colour in bar} == {deltas[-1] > 0}
    keys(visitor, "Control+z", "Control+z")
    wait_until(lambda: len(panes(visitor)) == 2, "the panes to go")


def test_large_trades_are_bubbles_at_their_bars_and_profiles_name_the_servers_levels(visitor: Visitor) -> None:
    keys(visitor, "Alt+k")
    wait_until(lambda: "✓" not in visitor.ask(f"({WRITTEN})([700, 1400])"), "candles alone")
    before = picture(visitor)
    press(visitor, "Order flow")
    visitor.page.get_by_role("menuitem", name="Large trades").click()
    visitor.wait(f"{ASKED % 'tape'} !== undefined")
    tape = ask_server(visitor, visitor.ask(ASKED % "tape"))
    view = visitor.view()
    times = visitor.ask(f"{HOOK}.bars().map(({{ time }}) => time)")
    first, last = times[max(0, int(view[0]) + 1)], times[min(len(times) - 1, int(view[1]))]
    minutes = {int(time) // 60_000_000 * 60 for time in tape["t"]}
    minutes = {minute for minute in minutes if first <= minute <= last}
    assert minutes
    places = {minute: place_of(visitor, len(times) - 1 - times.index(minute))[0] for minute in minutes}
    wait_until(lambda: picture(visitor) != before, "bubbles")
    y = visitor.page.locator(".canvas").bounding_box()["y"]  # type: ignore[index]
    clip = (42, int(y) + 60, 1300, int(y) + panes(visitor)[0] - 8)
    changed = ImageChops.difference(before.crop(clip), picture(visitor).crop(clip)).convert("L").getbbox()
    assert changed
    columns = changed_columns(before.crop(clip), picture(visitor).crop(clip), clip[0])
    assert all(min(abs(x - place) for place in places.values()) <= 24 for x in columns)
    assert all(any(abs(x - place) <= 3 for x in columns) for place in places.values())
    press(visitor, "Order flow")
    visitor.page.get_by_role("menuitem", name="Large trades").click()
    for title, since in (("day (UTC)", last - last % 86_400), ("on screen", first)):
        press(visitor, "Order flow")
        with visitor.page.expect_response(lambda answer: "/api/profile" in answer.url) as answered:
            visitor.page.get_by_role("menuitem", name=f"Volume profile: {title}").click()
        assert f"since={since}&" in answered.value.url
        told = answered.value.json()
        prices = {name: Decimal(told["levels"]["p"][at]) for name, at in zip(NAMES, told["area"], strict=True)}
        wait_until(lambda prices=prices: profile_words(visitor) == prices, f"the words of the profile {title}")
    press(visitor, "Order flow")
    visitor.page.get_by_role("menuitem", name="Volume profile: on screen").click()
    keys(visitor, "Alt+k")


NAMES = ("POC", "VAL", "VAH")


def profile_words(visitor: Visitor) -> dict[str, Decimal]:
    words = [text.split() for text in painted_texts(visitor) if text[:3] in NAMES]
    return {parts[0]: Decimal(parts[-1].replace(",", "")) for parts in words}


def changed_columns(one: Image.Image, other: Image.Image, left: int) -> list[int]:
    """Where two pictures differ in as much as a bubble's height, in px from the left of the window."""
    changed = ImageChops.difference(one, other).convert("L").point(lambda light: 255 if light > 24 else 0)
    return [left + int(x) for x in np.flatnonzero((np.asarray(changed) > 0).sum(axis=0) >= BUBBLE)]


def leave_to_its_trades(visitor: Visitor) -> str:
    """Refuse the page footprints once it can carry the newest bar on by trades alone; returns what is refused."""
    refused = "**/api/footprint?*timeframe=1m*step=*"

    def is_carried() -> bool:
        with visitor.page.expect_response(lambda answer: "/api/footprint?" in answer.url):
            pass
        visitor.page.route(refused, lambda route: route.fulfill(status=503))
        newest = visitor.ask(f"{HOOK}.bars().at(-1).time")
        seen = [texts_of(visitor, newest)]
        for _ in range(30):
            visitor.wait_for_ticks(1)
            if (texts := texts_of(visitor, newest)) != seen[-1]:
                seen.append(texts)
        if seen[0] and len(seen) > GROWS:
            return True
        visitor.page.unroute(refused)  # there are ids between the server's and the first that came
        return False

    wait_until(is_carried, "a footprint that goes on by itself")
    return refused


def texts_of(visitor: Visitor, time: int) -> list[list[str]]:
    return [row.texts for row in rows_at(visitor, time)[0]]


def test_live_history_and_a_replay_show_the_same_cells(visitor: Visitor) -> None:
    visitor.expects_outage = True
    visitor.open(f"{SERIES}&flow=bidask&ind=&tz=UTC").wait_for_bars(60)
    watch_paint(visitor)
    refused = leave_to_its_trades(visitor)
    newest, words = visitor.ask(f"{HOOK}.bars().at(-1).time"), {"✓", "…", "∅"}
    visitor.wait(f"{HOOK}.bars().at(-1).time > {newest}", timeout=90_000)
    wait_for_cells(visitor, newest)
    assert not words & set(rows_at(visitor, newest)[1])
    visitor.page.unroute(refused)
    wait_until(lambda: bool(words & set(rows_at(visitor, newest)[1])), "the server's word")
    wait_for_cells(visitor, newest)
    press(visitor, "Replay")
    x, y, time = place_of(visitor, 4)
    visitor.page.mouse.click(x, y)
    visitor.page.locator(".replay-words", has_text="trade").wait_for()
    visitor.page.locator(".replay-speed").click()
    visitor.page.get_by_role("menuitem", name="1000×", exact=True).click()
    press(visitor, "Play")
    visitor.wait(f"{HOOK}.bars().at(-1).time > {time + 60}")
    press(visitor, "Pause")
    for opened in (int(time), int(time) + 60):
        wait_for_cells(visitor, opened)
        assert not words & set(rows_at(visitor, opened)[1])
