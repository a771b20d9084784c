"""Several at once: a grid of charts, and a second symbol on one of them."""

from browser.conftest import Visit
from browser.hands import SERIES, button, keys, point, query


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
