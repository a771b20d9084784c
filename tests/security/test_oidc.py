"""Logins with a real OpenID provider on this host: who is let in, who is not, and what nobody gets around."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx
import pytest
from oidc_provider_mock import User, run_server_in_thread
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from browser.shared import start_dashboard
from candlewick.dashboard.door.keeper import JOURNAL_FILE
from candlewick.dashboard.door.provider import KEY_FILE, SECRET_FILE, TOLD_FILE
from e2e.stack import Stack
from warehouse.small_mart import SmallMart

ADA, EVE, MALLORY = "ada", "eve", "mallory"
CLAIMS: dict[str, dict[str, Any]] = {
    ADA: {"email": "Ada@Example.com", "email_verified": True, "about": "x" * 6_000},
    EVE: {"email": "eve@elsewhere.example", "email_verified": True},
    MALLORY: {"email": "mallory@example.com", "email_verified": False},
}
PAGE = {"accept": "text/html"}


@dataclass
class Guarded:
    """A dashboard that sends people to a provider, and the end of that provider."""

    stack: Stack
    provider: ExitStack
    url: str = field(init=False)

    def __post_init__(self) -> None:
        self.url = f"http://localhost:{self.stack.dashboard_port}"

    @property
    def door(self) -> Path:
        return self.stack.settings.door_path

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, follow_redirects=True, headers=PAGE, timeout=60)

    def log_in(self, browser: httpx.Client, who: str, **answer: str) -> httpx.Response:
        """Go to the provider, say there who one is, and come back."""
        form = browser.get("/login?go")
        assert form.url.path == "/oauth2/authorize", form.url
        return browser.post(form.url, data={"sub": who} | answer)

    def is_in(self, browser: httpx.Client) -> bool:
        status = browser.get("/api/candles", headers={"accept": "*/*"}).status_code
        assert status in {400, 401}, "it names no symbol"
        return status == 400

    def journal(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.door / JOURNAL_FILE).read_text().splitlines()]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    home = tmp_path_factory.mktemp("oidc")
    stack = Stack(home).write_config()
    SmallMart.make(home).publisher().publish()
    with ExitStack() as provider:
        people = [User(sub=sub, claims=claims) for sub, claims in CLAIMS.items()]
        served = provider.enter_context(run_server_in_thread(user_claims=people, require_nonce=True))
        with stack.config_path.open("a") as config:
            config.write(
                f'auth = "oidc"\n[oidc]\nprovider = "http://localhost:{served.server_port}"\nclient_id = "candlewick"\n'
                'viewers = ["*@example.com"]\nanalysts = ["ada@example.com"]\n'
            )
        secret = home / "door" / SECRET_FILE
        secret.parent.mkdir()
        secret.touch(mode=0o600)
        secret.write_text("a secret of the client's\n")
        try:
            start_dashboard(stack)
            yield Guarded(stack, provider)
        finally:
            stack.stop()


def test_whoever_the_provider_knows_and_the_settings_name_is_let_in(guarded: Guarded) -> None:
    with guarded.browser() as browser:
        page = browser.get("/")
        assert page.url.path == "/login"
        assert f"Log in with localhost:{urlsplit(guarded.stack.settings.oidc.provider).port}" in page.text
        welcome = guarded.log_in(browser, ADA)
        assert welcome.status_code == 200, welcome.text
        assert "HttpOnly; Max-Age=43200; Path=/; SameSite=strict" in welcome.headers["set-cookie"]
        assert guarded.is_in(browser)
        assert [cookie.name for cookie in browser.cookies.jar] == [f"candlewick-{guarded.stack.dashboard_port}"]
        login = guarded.journal()[-1]
        assert login.items() >= {"event": "login", "name": "Ada@Example.com", "role": "analyst", "by": "oidc"}.items()
        browser.get("/logout")
        assert not guarded.is_in(browser)


@pytest.mark.parametrize(("who", "problem"), [(EVE, "got none of them"), (MALLORY, "email_verified")])
def test_whom_the_settings_do_not_name_or_nobody_has_verified_is_not(guarded: Guarded, who: str, problem: str) -> None:
    with guarded.browser() as browser:
        page = guarded.log_in(browser, who)
        assert page.status_code == 401
        assert f"{CLAIMS[who]['email']} is not let in here" in page.text
        assert not guarded.is_in(browser)
    refused = guarded.journal()[-1]
    assert (refused["event"], refused["name"]) == ("login refused", CLAIMS[who]["email"])
    assert problem in refused["problem"]


def test_a_login_that_was_denied_forged_or_used_before_is_none(guarded: Guarded) -> None:
    with guarded.browser() as browser, guarded.browser() as other:
        assert guarded.log_in(browser, ADA, action="deny").status_code == 401
        browser.follow_redirects = False
        form = browser.get("/login?go").headers["location"]
        back = browser.post(form, data={"sub": ADA}).headers["location"]
        assert urlsplit(back).path == "/oauth2callback"
        assert other.get(back).status_code == 401, "another browser than the one that was sent there"
        assert browser.get(back.replace("state=", "state=x")).status_code == 401
        form = browser.get("/login?go").headers["location"]
        back = browser.post(form, data={"sub": ADA}).headers["location"]
        assert browser.get(back.replace("code=", "code=x")).status_code == 401
        form = browser.get("/login?go").headers["location"]
        back = browser.post(form, data={"sub": ADA}).headers["location"]
        assert browser.get(back).status_code == 200
        browser.cookies.clear()
        assert browser.get(back).status_code == 401, "the same way a second time"


def test_streamlits_own_cookie_lets_nobody_in(guarded: Guarded) -> None:
    """Not even one that it signed: it lasts for a month, and pieces of two could be put together."""
    claims = CLAIMS[ADA] | {"origin": guarded.url, "is_logged_in": True, "provider": "default"}
    cookie = create_signed_value((guarded.door / KEY_FILE).read_text(), USER_COOKIE_NAME, json.dumps(claims))
    with guarded.browser() as browser:
        browser.cookies.set(USER_COOKIE_NAME, cookie.decode())
        assert not guarded.is_in(browser)
        assert browser.get("/auth/logout").url.path == "/login"


async def test_sockets_are_behind_the_same_door(guarded: Guarded) -> None:
    with guarded.browser() as browser:
        guarded.log_in(browser, ADA)
        known = {"Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)}
    async with aiohttp.ClientSession() as session:
        for path in ("/api/live", "/_stcore/stream"):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(guarded.url + path)
            async with session.ws_connect(guarded.url + path, headers=known | {"Origin": guarded.url}) as socket:
                assert not socket.closed


def test_what_is_kept_of_the_provider_is_for_the_owner_alone(guarded: Guarded) -> None:
    for name in (KEY_FILE, SECRET_FILE, TOLD_FILE):
        assert (guarded.door / name).stat().st_mode & 0o077 == 0, name
    assert "a secret of the client's" not in guarded.stack.log("dashboard")


def test_an_address_that_another_name_leads_to_is_led_to_the_one_that_the_provider_knows(guarded: Guarded) -> None:
    with guarded.browser() as browser:
        form = browser.get(f"http://127.0.0.1:{guarded.stack.dashboard_port}/login?go")
        assert form.url.path == "/oauth2/authorize"
        assert browser.post(form.url, data={"sub": ADA}).status_code == 200


def test_z_a_provider_that_is_away_is_said_to_be(guarded: Guarded) -> None:
    guarded.provider.close()
    with guarded.browser() as browser:
        page = browser.get("/login?go")
        assert page.status_code == 502
        assert "does not answer; try again in a moment" in page.text
