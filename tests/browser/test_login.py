"""A dashboard that asks who comes in, in a real browser: the login, Streamlit's own socket, and what a role opens."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from browser.shared import start_dashboard
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
