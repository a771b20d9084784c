"""The keyboard: every key of the reference, and what is found by typing."""

from browser.conftest import Visit
from browser.hands import SERIES, keys, point, position, query
from browser.visitor import HOOK


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
