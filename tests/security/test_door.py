"""Nobody is let in who is not known: every route, socket and page, with every credential, from every origin."""

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Mount, Route, WebSocketRoute
from streamlit.web.server.starlette import starlette_routes

from candlewick import config
from candlewick.dashboard.app import guards, routes
from candlewick.dashboard.door import door
from candlewick.dashboard.door.arrivals import Arrivals
from candlewick.dashboard.door.door import CLOSED, LOGIN, LOGOUT, OPEN
from candlewick.dashboard.door.keeper import JOURNAL_FILE, KEY_FILE, USERS_FILE, Keeper
from candlewick.dashboard.door.session import Session, opened, sealed
from candlewick.dashboard.door.tries import TRIES
from candlewick.dashboard.door.users import SHORTEST, Users
from candlewick.dashboard.door.visitor import HEADER, Role, Visitor, told, visitor_of
from candlewick.dashboard.serve import check_exposure
from candlewick.dashboard.site import Site
from candlewick.errors import ConfigError
from candlewick.mart.reader import Mart
from candlewick.process.keyfile import key_in
from security.asking import Answer, ask, behind

OURS = {"host": "localhost:8501", "origin": "http://localhost:8501"}
ORIGINS = {
    "right": OURS,
    "foreign origin": {"host": "localhost:8501", "origin": "http://evil.example"},
    "foreign host": {"host": "evil.example", "origin": "http://evil.example"},
}
PASSWORD = "correct horse battery"
ROLES = {"ada": Role.VIEWER, "bob": Role.ANALYST, "eve": Role.ADMIN}


class Dashboard:
    """The guards of a dashboard of some settings, and a note of who comes through."""

    def __init__(self, data: Path, oidc: dict[str, Any] | None = None, **dashboard: Any) -> None:
        self.settings = config.load(None, data=data, dashboard=dashboard, oidc=oidc or {})
        self.site = Site(self.settings, Mart(self.settings.mart_path))
        self.keeper = Keeper(self.settings)
        self.app: Any = behind
        for guard in reversed(guards(self.site)):
            self.app = guard.cls(self.app, *guard.args, **guard.kwargs)

    async def ask(self, path: str, headers: dict[str, str] | None = None, **more: Any) -> Answer:
        return await ask(self.app, path, OURS | (headers or {}), **more)

    def cookie(self, session: Session, key: str | None = None) -> dict[str, str]:
        key = key or key_in(self.settings.door_path / KEY_FILE)
        return {"cookie": f"{self.keeper.cookie}={sealed(session, key)}"}

    def journal(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.settings.door_path / JOURNAL_FILE).read_text().splitlines()]


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Dashboard:
    data = tmp_path_factory.mktemp("door")
    users = Users(data / "door" / USERS_FILE)
    for name, role in ROLES.items():
        users.add(name, role, PASSWORD)
    return Dashboard(data, auth="password")


def sockets_and_paths(site: Site) -> list[tuple[str, str]]:
    """Every route of ours and of Streamlit's, and the pages."""
    found = [("http", path) for path in ("/", "/chart-page", "/pipeline", "/data", LOGIN, LOGOUT, *OPEN)]
    for route in routes(site):
        assert isinstance(route, Route | WebSocketRoute | Mount)
        found.append(("websocket" if isinstance(route, WebSocketRoute) else "http", route.path))
    streamlit = {
        value.strip("/")
        for name, value in vars(starlette_routes).items()
        if name.startswith(("ROUTE_", "BASE_ROUTE_")) and isinstance(value, str)
    }
    assert {"_stcore/health", "_stcore/upload_file"} <= streamlit
    return [*found, *(("http", f"/{path}") for path in sorted(streamlit)), ("websocket", "/_stcore/stream")]


def credentials(dashboard: Dashboard) -> dict[str, tuple[dict[str, str], Role | None]]:
    """What a request may show, and the role that it proves."""
    users = dashboard.keeper.users
    later = round(time.time()) + 600
    viewer = Session("password", users.all()["ada"].visitor, later, users.all()["ada"].stamp)
    forged = replace(viewer, visitor=Visitor("ada", Role.ADMIN))
    shown: dict[str, tuple[dict[str, str], Role | None]] = {
        "none": ({}, None),
        "a cookie of nothing": ({"cookie": f"{dashboard.keeper.cookie}=nothing.nothing"}, None),
        "a cookie signed with another key": (dashboard.cookie(viewer, "k" * 43), None),
        "an expired cookie": (dashboard.cookie(replace(viewer, ends_at=round(time.time()) - 1)), None),
        "a cookie of another way in": (dashboard.cookie(replace(viewer, way="token")), None),
        "a cookie of an older password": (dashboard.cookie(replace(viewer, stamp="older")), None),
        "a cookie of an older role": (dashboard.cookie(forged), None),
        "a header of ours": ({HEADER: told(Visitor("eve", Role.ADMIN))}, None),
        "a header of a proxy": ({"x-forwarded-user": "eve", "x-forwarded-for": "127.0.0.1"}, None),
        "basic": ({"authorization": "Basic ZXZlOnB3"}, None),
    }
    for name, role in ROLES.items():
        user = users.all()[name]
        shown[role.name] = (dashboard.cookie(Session("password", user.visitor, later, user.stamp)), role)
    return shown


async def test_every_door_times_every_credential_times_every_origin(dashboard: Dashboard) -> None:
    table = [
        (kind, path, name, shown, role, whence)
        for kind, path in sockets_and_paths(dashboard.site)
        for name, (shown, role) in credentials(dashboard).items()
        for whence in ORIGINS
    ]
    assert len(table) > 500
    for kind, path, name, shown, role, whence in table:
        answer = await ask(dashboard.app, path, ORIGINS[whence] | shown, kind=kind)
        case = f"{kind} {path} with {name} from {whence}: {answer.status}"
        if whence != "right" or path.startswith(CLOSED):
            assert (answer.reached, answer.status) == (None, 403), case
        elif path in {LOGIN, LOGOUT}:
            assert answer.reached is None and answer.status in {200, 303}, case
        elif path in OPEN:
            assert answer.reached is not None and HEADER not in answer.reached, case
        elif role is not None:
            assert answer.reached is not None, case
            assert visitor_of(answer.reached) == next(Visitor(n, r) for n, r in ROLES.items() if r is role), case
        else:
            assert (answer.reached, answer.status) == (None, 403 if kind == "websocket" else 401), case


async def test_a_person_is_led_to_the_login_and_back(dashboard: Dashboard) -> None:
    sent_away = await dashboard.ask("/", {"accept": "text/html"})
    assert (sent_away.status, sent_away.headers["location"]) == (303, LOGIN)
    assert b'name="secret"' in (await dashboard.ask(LOGIN)).body
    form = f"name=bob&secret={PASSWORD.replace(' ', '+')}".encode()
    came_in = await dashboard.ask(LOGIN, method="POST", body=form)
    assert (came_in.status, came_in.headers["location"]) == (303, "/")
    cookie = came_in.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"))
    known = await dashboard.ask("/data", {"cookie": cookie.partition(";")[0]})
    assert known.reached is not None
    assert visitor_of(known.reached) == Visitor("bob", Role.ANALYST)
    assert [line["event"] for line in dashboard.journal()][-1] == "login"


WRONG = b"secret=guess"


def right(made: Dashboard) -> bytes:
    return f"secret={key_in(made.settings.token_path)}".encode()


async def test_an_address_may_be_wrong_a_few_times_and_others_are_not_locked_out(tmp_path: Path) -> None:
    made = Dashboard(tmp_path, auth="token")
    for _ in range(TRIES):
        assert (await made.ask(LOGIN, method="POST", body=WRONG, peer="192.0.2.7")).status == 401
    for _ in range(3):
        refused = await made.ask(LOGIN, method="POST", body=right(made), peer="192.0.2.7")
        assert refused.status == 429
    assert int(refused.headers["retry-after"]) > 0
    assert (await made.ask(LOGIN, method="POST", body=right(made), peer="192.0.2.8")).status == 303
    events = [line["event"] for line in made.journal()]
    assert events == ["login refused"] * (TRIES + 1) + ["login"], "nobody fills the log by asking on"
    assert key_in(made.settings.token_path) not in str(made.journal())


async def test_tries_at_once_count_as_those_one_after_the_other_do(tmp_path: Path) -> None:
    made = Dashboard(tmp_path, auth="token")
    tried = [made.ask(LOGIN, method="POST", body=WRONG) for _ in range(3 * TRIES)]
    assert sorted(answer.status for answer in await asyncio.gather(*tried)) == [401] * TRIES + [429] * 2 * TRIES


async def test_a_login_of_ones_own_buys_no_more_guesses_at_others(tmp_path: Path) -> None:
    made = Dashboard(tmp_path, auth="token")
    for _ in range(TRIES - 1):
        await made.ask(LOGIN, method="POST", body=WRONG)
        assert (await made.ask(LOGIN, method="POST", body=right(made))).status == 303
    await made.ask(LOGIN, method="POST", body=WRONG)
    assert (await made.ask(LOGIN, method="POST", body=right(made))).status == 429


async def test_a_large_form_is_not_read_to_its_end(dashboard: Dashboard) -> None:
    assert (await dashboard.ask(LOGIN, method="POST", body=b"x" * 100_000)).status == 413


async def test_the_printed_link_lets_in_once_it_is_right_and_a_program_by_the_same_token(tmp_path: Path) -> None:
    made = Dashboard(tmp_path, auth="token")
    token = key_in(made.settings.token_path)
    assert (await made.ask(f"{LOGIN}?token=wrong")).status == 401
    came_in = await made.ask(f"{LOGIN}?token={token}")
    cookie = came_in.headers["set-cookie"].partition(";")[0]
    for shown in ({"cookie": cookie}, {"authorization": f"Bearer {token}"}):
        assert (await made.ask("/api/candles", shown)).reached is not None
    assert (await made.ask("/api/candles", {"authorization": "Bearer wrong"})).status == 401


async def test_a_programs_token_has_a_role_until_it_is_taken_back(tmp_path: Path) -> None:
    made = Dashboard(tmp_path, auth="token")
    shown = {"authorization": f"Bearer {made.keeper.users.add_token('grafana', Role.VIEWER)}"}
    known = await made.ask("/api/candles", shown)
    assert known.reached is not None
    assert visitor_of(known.reached) == Visitor("grafana", Role.VIEWER)
    made.keeper.users.remove("grafana")
    assert (await made.ask("/api/candles", shown)).status == 401


async def test_a_proxy_is_believed_by_its_address_alone(tmp_path: Path) -> None:
    made = Dashboard(tmp_path, auth="proxy", trusted_proxies=["10.0.0.9"])
    shown = {"x-forwarded-user": "ada", "x-forwarded-for": "10.0.0.9"}
    assert (await made.ask("/", shown, peer="10.0.0.8")).status == 401
    assert (await made.ask("/", {}, peer="10.0.0.9")).status == 401
    known = await made.ask("/", shown, peer="10.0.0.9")
    assert known.reached is not None
    assert visitor_of(known.reached) == Visitor("ada", Role.VIEWER)


async def test_whom_a_proxy_or_a_token_names_is_in_the_audit_log_once(tmp_path: Path) -> None:
    made = Dashboard(tmp_path, auth="proxy", trusted_proxies=["10.0.0.9"])
    token = made.keeper.users.add_token("grafana", Role.VIEWER)
    for _ in range(3):
        for name in ("ada", "bob"):
            await made.ask("/", {"x-forwarded-user": name, "x-forwarded-for": "192.0.2.7"}, peer="10.0.0.9")
        await made.ask("/", {"x-forwarded-user": "eve"}, peer="10.0.0.8")
        await made.ask("/api/candles", {"authorization": f"Bearer {token}"})
    noted = [(line["event"], line["name"], line["role"], line["address"], line["by"]) for line in made.journal()]
    assert noted == [
        ("login", "ada", "viewer", "192.0.2.7", "proxy"),
        ("login", "bob", "viewer", "192.0.2.7", "proxy"),
        ("login", "grafana", "viewer", "127.0.0.1", "token"),
    ]


def test_somebody_is_new_again_after_a_sessions_time_and_few_are_remembered() -> None:
    arrivals = Arrivals(60.0, most=2)
    assert [arrivals.is_new("ada", "::1", now) for now in (0.0, 59.0, 60.0, 61.0)] == [True, False, True, False]
    assert [arrivals.is_new(name, "::1", 62.0) for name in ("bob", "eve", "ada")] == [True, True, True]


OIDC = {"provider": "https://idp.example", "client_id": "c", "viewers": ["*@example.com"]}


async def test_a_session_by_a_provider_ends_when_the_settings_let_in_others(tmp_path: Path) -> None:
    made = Dashboard(tmp_path, auth="oidc", oidc=OIDC)
    session = made.keeper.log_in_by({"email": "ada@example.com", "email_verified": True})
    assert (await made.ask("/api/candles", made.cookie(session))).reached is not None
    for other in (replace(session, ends_at=1), replace(session, way="password"), replace(session, stamp="")):
        assert (await made.ask("/api/candles", made.cookie(other))).status == 401
    changed = Dashboard(tmp_path, auth="oidc", oidc=OIDC | {"viewers": ["*@example.org"]})
    assert (await changed.ask("/api/candles", made.cookie(session))).status == 401


async def test_without_a_login_whoever_sits_here_may_do_everything_and_no_header_is_believed(tmp_path: Path) -> None:
    known = await Dashboard(tmp_path).ask("/", {HEADER: told(Visitor("ada", Role.VIEWER))})
    assert known.reached is not None
    assert visitor_of(known.reached) == Visitor("local", Role.ADMIN)


async def test_a_sessions_end_closes_its_sockets(dashboard: Dashboard) -> None:
    user = dashboard.keeper.users.all()["ada"]
    said: list[dict[str, Any]] = []

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        said.append(await receive())

    async def silence() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    guard = guards(dashboard.site)[-1]
    cookie = dashboard.cookie(Session("password", user.visitor, round(time.time()) + 2, user.stamp))["cookie"]
    scope = {"type": "websocket", "path": "/api/live", "headers": [(b"cookie", cookie.encode())], "client": ("::1", 1)}
    await guard.cls(waits, *guard.args, **guard.kwargs)(scope, silence, send)
    assert [message["type"] for message in said] == ["websocket.close", "websocket.disconnect"]


async def test_a_user_who_is_removed_loses_open_sockets_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "CHECK_SECONDS", 0.05)
    dashboard = Dashboard(tmp_path, auth="password")
    token = dashboard.keeper.users.add_token("grafana", Role.VIEWER)
    said: list[dict[str, Any]] = []
    is_in = asyncio.Event()

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        is_in.set()
        said.append(await receive())

    async def silence() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    guard = guards(dashboard.site)[-1]
    headers = [(b"authorization", f"Bearer {token}".encode())]
    scope = {"type": "websocket", "path": "/api/live", "headers": headers, "client": ("::1", 1)}
    socket = asyncio.create_task(guard.cls(waits, *guard.args, **guard.kwargs)(scope, silence, send))
    await is_in.wait()
    dashboard.keeper.users.remove("grafana")
    await asyncio.wait_for(socket, 60)
    assert [message["type"] for message in said] == ["websocket.close", "websocket.disconnect"]


def test_what_a_dashboard_keeps_is_for_its_owner_and_logs_nobody_in(dashboard: Dashboard) -> None:
    folder = dashboard.settings.door_path
    for file in folder.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file
    kept = (folder / USERS_FILE).read_text()
    assert PASSWORD not in kept
    assert len({user.digest for user in dashboard.keeper.users.all().values()}) == len(ROLES)


@pytest.mark.parametrize("cookie", ["", ".", "é.é", "a" * 5_000, "WyJ0b2tlbiJd.", "W" * 9 + "." + "A" * 43])
def test_no_text_is_a_session_that_was_not_sealed(cookie: str) -> None:
    assert opened(cookie, "k" * 43, 0.0) is None


def test_a_short_password_and_an_unknown_user_are_refused_in_one_line(tmp_path: Path) -> None:
    users = Users(tmp_path / "users.json")
    with pytest.raises(ConfigError, match=f"at least {SHORTEST} characters, got 5"):
        users.add("ada", Role.VIEWER, "short")
    with pytest.raises(ConfigError, match="no users at all, got 'ada'"):
        users.remove("ada")
    assert users.of_password("ada", "anything at all") is None


@pytest.mark.parametrize(
    ("dashboard", "says"),
    [
        ({"host": "0.0.0.0"}, "--insecure"),
        ({"host": "192.168.1.5", "origins": ["http://tape.lan:8501"]}, "--insecure"),
        ({"host": "0.0.0.0", "insecure": True}, "dashboard.origins"),
        ({"host": "::", "auth": "token"}, "dashboard.origins"),
    ],
)
def test_others_are_not_let_in_by_leaving_something_out(tmp_path: Path, dashboard: dict[str, Any], says: str) -> None:
    settings = config.load(None, data=tmp_path, dashboard=dashboard)
    with pytest.raises(ConfigError, match=says):
        check_exposure(settings.dashboard)


@pytest.mark.parametrize(
    "dashboard",
    [
        {},
        {"host": "::1"},
        {"host": "127.0.0.2"},
        {"host": "0.0.0.0", "auth": "token", "origins": ["http://tape.lan:8501"]},
        {"host": "0.0.0.0", "insecure": True, "origins": ["http://tape.lan:8501"]},
    ],
)
def test_what_is_said_out_loud_is_served(tmp_path: Path, dashboard: dict[str, Any]) -> None:
    check_exposure(config.load(None, data=tmp_path, dashboard=dashboard).dashboard)


def test_a_proxy_without_an_address_is_no_way_in(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="trusted_proxies"):
        config.load(None, data=tmp_path, dashboard={"auth": "proxy"})
