"""The keyboard: every key of the reference, and what is found by typing."""

from browser.conftest import Visit
from browser.hands import SERIES, keys, point, position, press, query, rows, type_and_enter
from browser.visitor import HOOK


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
