"""What a reader keeps in the server beside charts: lists of symbols, and the drawings that a layout carries."""

from secrets import token_hex

from browser.conftest import Visit
from browser.hands import SERIES, button, keys, point, press, type_and_enter
from browser.painted import watch_paint
from browser.visitor import Visitor


def names(visitor: Visitor) -> list[str]:
    return visitor.page.locator(".watch-row b").all_inner_texts()


def wait_for_rows(visitor: Visitor, *symbols: str) -> None:
    visitor.wait(f"document.querySelectorAll('.watch-row').length === {len(symbols)}")
    assert names(visitor) == list(symbols)


def test_a_list_of_ones_own_is_there_in_another_browser(visit: Visit) -> None:
    mine = f"mine {token_hex(3)}"
    here = visit(SERIES).wait_for_bars()
    press(here, "Watchlist")
    wait_for_rows(here, "BTCDEMO", "ETHDEMO")
    lists = here.page.get_by_label("List of symbols")
    lists.select_option(label="New list …")
    here.page.get_by_label("Name of the list").fill(mine)
    keys(here, "Enter")
    wait_for_rows(here, "BTCDEMO")
    here.page.locator(".watch-row .watch-price", has_text=".").wait_for()
    here.page.locator(".canvas").first.click()
    type_and_enter(here, "eth")
    here.page.locator(".legend .name b", has_text="ETHDEMO").wait_for()
    star = button(here, "The chart's symbol in this list")
    assert star.get_attribute("aria-pressed") == "false"
    star.click()
    wait_for_rows(here, "BTCDEMO", "ETHDEMO")
    there = visit(SERIES).wait_for_bars()
    press(there, "Watchlist")
    there.page.get_by_label("List of symbols").select_option(label=mine)
    press(there, "The chart's symbol in this list")
    wait_for_rows(there, "ETHDEMO")
    press(there, "Remove this list")
    wait_for_rows(there, "BTCDEMO", "ETHDEMO")
    assert mine not in there.page.get_by_label("List of symbols").inner_text()


def test_a_layout_carries_its_drawings_to_another_browser(visit: Visit) -> None:
    mine = f"drawn {token_hex(3)}"
    here = visit(SERIES).wait_for_bars()
    watch_paint(here)
    keys(here, "Alt+h")
    here.page.mouse.click(*point(here, 0.3, 0.5))
    keys(here, "Escape")
    price = here.ask("JSON.parse(localStorage.getItem('candlewick.drawings.v1.BTCDEMO')).drawings[0].anchors[0].price")
    told = f"{price:,.2f}"
    here.wait(f"[...window.__painted.values()].flat().includes({told!r})")
    press(here, "Layout")
    here.page.get_by_role("menuitem", name="Layouts and templates").click()
    here.page.get_by_label("Name of the layout").fill(mine)
    keys(here, "Enter")
    button(here, mine).wait_for()
    there = visit(SERIES).wait_for_bars()
    watch_paint(there)
    press(there, "Layout")
    there.page.get_by_role("menuitem", name="Layouts and templates").click()
    button(there, mine).click()
    there.wait(f"[...window.__painted.values()].flat().includes({told!r})")
    keys(there, "Control+z")
    there.wait(f"![...window.__painted.values()].flat().includes({told!r})")
