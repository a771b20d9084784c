"""The keyboard: every key of the reference, and what is found by typing. What the right button offers."""

import re
from datetime import UTC, datetime

from browser.conftest import Visit
from browser.hands import SERIES, keys, place_of, point, position, press, query, rows, type_and_enter
from browser.visitor import HOOK, Visitor


def test_every_key_of_the_reference_does_what_it_says(visit: Visit) -> None:
    visitor = visit(SERIES).wait_for_bars()
    visitor.look_back()
    point(visitor)
    start = position(visitor)
    for key, bars in (("ArrowLeft", -1), ("ArrowLeft", -1), ("ArrowRight", 1)):
        before = visitor.view()[1]
        keys(visitor, key)
        visitor.wait(f"Math.abs({HOOK}.view().to - {before + bars}) < 0.6")
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


def test_whatever_was_done_is_undone_and_done_again(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&ind=ema&type=candles").wait_for_bars()
    drawn = "(JSON.parse(localStorage.getItem('candlewick.drawings.v1.BTCDEMO') ?? '{}').drawings ?? []).length"
    lines = "JSON.parse(localStorage.getItem('candlewick.prefs.v1')).lines"
    keys(visitor, "Alt+h")
    visitor.page.mouse.click(*point(visitor, 0.5, 0.3))
    keys(visitor, "/")
    visitor.page.get_by_label("Search indicators").fill("rsi")
    keys(visitor, "Enter")
    type_and_enter(visitor, "eth")
    visitor.page.locator(".legend .name b", has_text="ETHDEMO").wait_for()
    press(visitor, "Settings")
    visitor.page.get_by_label("Lines of the grid").uncheck()
    keys(visitor, "Escape")
    assert visitor.ask(f"[{drawn}, {lines}]") == [1, False]
    keys(visitor, "Control+z")
    assert visitor.ask(lines) is True
    keys(visitor, "Control+z")
    visitor.page.locator(".legend .name b", has_text="BTCDEMO").wait_for()
    keys(visitor, "Control+z")
    assert query(visitor)["ind"] == ["ema"]
    keys(visitor, "Control+z")
    assert visitor.ask(drawn) == 0
    keys(visitor, *["Control+Shift+z"] * 3)
    visitor.page.locator(".legend .name b", has_text="ETHDEMO").wait_for()
    assert visitor.ask(drawn) == 1
    assert len(rows(visitor)) == 2


def choose(visitor: Visitor, title: str) -> tuple[str, float]:
    """Take what the right button offers on the twentieth bar from the end; its whole title, and the bar's time."""
    x, y, time = place_of(visitor, 20)
    visitor.page.mouse.click(x, y, button="right")
    item = visitor.page.get_by_role("menuitem", name=re.compile(f"^{title}"))
    text = item.inner_text()
    item.click()
    return text, time


def test_the_right_button_copies_and_resets(visit: Visit) -> None:
    visitor = visit(SERIES).wait_for_bars()
    visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    copied = "navigator.clipboard.readText()"
    text, _ = choose(visitor, "Copy price")
    visitor.page.locator(".toast", has_text="copied").first.wait_for()
    price = visitor.ask(copied)
    assert text == f"Copy price {price}"
    assert re.fullmatch(r"\d+\.\d{2}", price)
    text, time = choose(visitor, "Copy time")
    wanted = f"{datetime.fromtimestamp(time, UTC):%Y-%m-%dT%H:%M:%SZ}"
    visitor.wait(f"{copied}.then((text) => text === '{wanted}')")
    assert text == f"Copy time {wanted}"

    width = f"({HOOK}.view().to - {HOOK}.view().from)"
    before = visitor.ask(width)
    keys(visitor, "Control+ArrowUp")
    visitor.wait(f"{width} < {before * 0.8}")
    choose(visitor, "Reset the view")
    visitor.wait(f"Math.abs({width} - {before}) < 1")
