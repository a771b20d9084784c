"""Alerts: a price that is met, and a pipeline in trouble."""

import signal

from browser.conftest import Visit
from browser.visitor import HOOK, Visitor
from e2e.stack import Stack, wait_until


def open_menu(visitor: Visitor) -> None:
    visitor.page.get_by_role("button", name="Alerts", exact=True).click()


def add(visitor: Visitor, price: float) -> None:
    visitor.page.get_by_label("Price", exact=True).fill(f"{price:.2f}")
    visitor.page.get_by_role("button", name="Add", exact=True).click()


def listed(visitor: Visitor) -> list[str]:
    return visitor.page.locator(".alerts-list b").all_inner_texts()


def chart_of(visitor: Visitor, symbol: str = "BTCDEMO") -> Visitor:
    visitor.open(f"/chart?symbol={symbol}&tf=1m").wait_for_bars()
    open_menu(visitor)
    return visitor


def test_a_price_that_is_met_is_told_once_to_every_browser_and_one_that_is_not_waits(visit_branch: Visit) -> None:
    visitor = visit_branch("/chart?symbol=BTCDEMO&tf=1m").wait_for_bars()
    open_menu(visitor)
    price = float(visitor.ask(f"{HOOK}.bars().at(-1).close"))
    ladder = [price + step for step in (-12, -6, -3, -1, 1, 3, 6, 12)]
    for wanted in (*ladder, 2 * price):
        add(visitor, wanted)
    visitor.page.locator(".toast", has_text="BTCDEMO").first.wait_for()
    rung = visitor.page.locator(".alerts-log li", has_text="BTCDEMO").first
    rung.wait_for()
    other = chart_of(visit_branch("/chart?symbol=BTCDEMO&tf=1m"))
    other.page.locator(".alerts-log li", has_text=rung.locator("time").inner_text()).first.wait_for()
    assert f"{2 * price:,.2f}" in listed(other)
    assert other.page.get_by_role("button", name="Again").count() > 0


def test_alerts_are_the_servers_and_each_symbols_own(visit_branch: Visit) -> None:
    visitor = visit_branch("/chart?symbol=BTCDEMO&tf=1m").wait_for_bars()
    open_menu(visitor)
    add(visitor, 1_000_000)
    visitor.page.locator(".alerts-list b").wait_for()
    assert listed(chart_of(visitor, "ETHDEMO")) == []
    stranger = chart_of(visit_branch("/chart?symbol=BTCDEMO&tf=1m"))
    assert listed(stranger) == ["1,000,000.00"]
    stranger.page.get_by_role("button", name="Remove the alert at 1000000").click()
    stranger.page.locator(".alerts-list b").wait_for(state="detached")
    assert listed(chart_of(visitor)) == []


def test_a_recorder_that_ends_is_told(visit_branch: Visit, branch: Stack, demo: Stack) -> None:
    own = Stack(branch.home, symbols=demo.symbols, history="1m", exchange_port=demo.exchange_port)
    own.dashboard_port = branch.dashboard_port
    own.write_config().start_recorder()  # one of its own, with a lake of its own
    try:
        wait_until(lambda: own.beat("recorder").get("state") == "recording", "the recorder to record")
        visitor = visit_branch("/chart?symbol=BTCDEMO&tf=1m").wait_for_bars()
        with visitor.page.expect_response("**/api/status"):
            pass
        own.kill("recorder", signal.SIGTERM)
        visitor.page.locator(".toast", has_text="The recorder gives no sign of life").wait_for()
    finally:
        own.stop()
