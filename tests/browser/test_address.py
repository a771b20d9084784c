"""The address is the state of the charts."""

from urllib.parse import parse_qs

from browser.conftest import Visit
from browser.hands import button, query, rows, type_and_enter
from browser.visitor import HOOK


def test_the_address_is_the_whole_state(visit: Visit) -> None:
    address = "symbol=ETHDEMO&tf=5m&type=area&ind=sma(10),rsi&scale=log&inv=1&tz=America/New_York"
    visitor = visit(f"/chart?{address}").wait_for_bars(10)
    assert visitor.page.locator(".legend .name b").inner_text() == "ETHDEMO · 5m"
    assert {row.split()[0] for row in rows(visitor)} == {"SMA", "RSI"}
    assert visitor.page.locator(".zone").inner_text() == "New York"
    assert button(visitor, "log").get_attribute("aria-current") == "true"
    asked = parse_qs(address)
    assert {name: value for name, value in query(visitor).items() if name in asked} == asked


def test_an_address_that_names_no_symbol_is_of_the_default_chart(visit: Visit) -> None:
    visitor = visit("/chart?flow=bidask&type=line").wait_for_bars()
    shown = {"symbol": ["BTCDEMO"], "tf": ["1m"], "flow": ["bidask"], "type": ["line"]}
    assert {name: value for name, value in query(visitor).items() if name in shown} == shown
    assert button(visitor, "Order flow").get_attribute("data-on") is not None


def test_symbol_and_timeframe_are_switched_and_kept_in_the_address(visit: Visit) -> None:
    visitor = visit("/").wait_for_bars()
    type_and_enter(visitor, "eth")
    visitor.page.get_by_role("button", name="5m", exact=True).click()
    visitor.wait(f"{HOOK}.bars().length > 10 && {HOOK}.bars().every((bar) => bar.time % 300 === 0)")
    assert {"symbol": ["ETHDEMO"], "tf": ["5m"]}.items() <= query(visitor).items()
    visitor.page.reload()
    visitor.wait(f"{HOOK}?.bars().length > 10")
    assert visitor.page.locator(".legend .name b").inner_text() == "ETHDEMO · 5m"
