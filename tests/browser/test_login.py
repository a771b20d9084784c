"""A dashboard that asks who comes in, in a real browser: the login, Streamlit's own socket, and what a role opens."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from browser.axe import violations
from browser.hands import SERIES, button, keys, point
from browser.shared import start_dashboard
from browser.visitor import Visitor
from candlewick.dashboard.door.users import Users
from candlewick.dashboard.door.visitor import Role
from e2e.stack import Stack

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def guarded(demo: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard with a viewer and an analyst; its mart and feed are the demo's."""
    home = tmp_path_factory.mktemp("guarded")
    stack = Stack(home, symbols=demo.symbols, feed_port=demo.feed_port).write_config()
    with stack.config_path.open("a") as config:
        config.write('auth = "password"\n')
    Path(home, "mart").symlink_to(demo.home / "mart")
    users = Users(home / "door" / "users.json")
    users.add("ada", Role.VIEWER, PASSWORD)
    users.add("bob", Role.ANALYST, PASSWORD)
    try:
        start_dashboard(stack)
        yield f"http://127.0.0.1:{stack.dashboard_port}"
    finally:
        stack.stop()


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_a_viewer_logs_in_and_sees_the_chart_live_but_writes_no_sql(chromium: Browser, guarded: str) -> None:
    context = chromium.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(guarded)
    page.get_by_label("Name").wait_for()
    assert violations(Visitor(page, guarded)) == []
    log_in(page, "ada", "wrong horse battery")
    page.get_by_text("That is not right").wait_for()
    log_in(page, "ada")
    page.locator(".health[data-health=live]").wait_for()
    page.goto(f"{guarded}/data")
    page.get_by_text("SQL is for analysts; ada is a viewer here.").wait_for()
    page.goto(f"{guarded}/logout")
    page.goto(f"{guarded}/chart")
    page.get_by_label("Password").wait_for()
    context.close()


def test_an_analyst_writes_sql_and_it_is_noted(chromium: Browser, guarded: str) -> None:
    context = chromium.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(guarded)
    log_in(page, "bob")
    page.locator(".health[data-health=live]").wait_for()
    page.goto(f"{guarded}/data")
    page.locator(".candlewick-data:not(.schema) tbody tr").first.wait_for()
    context.close()


LINE = """
[...document.querySelectorAll(".canvas table tr:first-child td:nth-child(2) canvas")].reduce((sum, canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < data.length; at += 4)
        if (data[at] < 90 && data[at + 1] < 130 && data[at + 2] > 180) sum += 1;
    return sum;
}, 0)"""
"""JavaScript for the number of pixels of drawings that nobody has coloured: blue ones."""


def test_what_one_draws_on_two_machines_comes_together_and_is_nobody_elses(chromium: Browser, guarded: str) -> None:
    here, there, other = (arrive(chromium, guarded, name) for name in ("ada", "ada", "bob"))
    for visitor, key, places in (
        (here, "Alt+h", [(0.3, 0.3)]),
        (there, "Alt+t", [(0.2, 0.5), (0.5, 0.45)]),
        (other, "Alt+v", [(0.4, 0.4)]),
    ):
        keys(visitor, key)
        for place in places:
            visitor.page.mouse.click(*point(visitor, *place))
    for visitor, kinds in ((here, {"horizontal", "trend"}), (there, {"horizontal", "trend"}), (other, {"vertical"})):
        visitor.wait(f"{KINDS}.size === {len(kinds)} && {list(kinds)}.every((kind) => {KINDS}.has(kind))")
        visitor.wait(f"{LINE} > 100")
    button(here, "Delete all drawings").click()
    there.wait(f"{KINDS}.size === 0 && {LINE} === 0")
    keys(here, "Control+z")
    there.wait(f"{KINDS}.size === 2 && {LINE} > 100")
    again = arrive(chromium, guarded, "ada")
    again.wait(f"{KINDS}.size === 2 && {LINE} > 100")
    other.wait(f"{KINDS}.size === 1 && {KINDS}.has('vertical')")
    for visitor in (here, there, other, again):
        visitor.page.context.close()
        visitor.check()


KINDS = """new Set((JSON.parse(localStorage.getItem('candlewick.drawings.v1.BTCDEMO') ?? '{}').drawings ?? [])
    .map((drawing) => drawing.kind))"""


def arrive(chromium: Browser, url: str, name: str) -> Visitor:
    """A visitor on a machine of their own, before the chart; logged in without the page to which the form leads."""
    visitor = Visitor(chromium.new_context(bypass_csp=True).new_page(), url)
    answer = visitor.page.request.post(f"{url}/login", form={"name": name, "secret": PASSWORD}, max_redirects=0)
    assert answer.status == 303
    return visitor.open(f"{SERIES}&ind=").wait_for_bars()
