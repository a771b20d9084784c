"""Logins with an OpenID provider: Streamlit's own way there and back (`st.login`), walked at the door.

Streamlit sends somebody to the provider, checks what comes back (state, nonce, the token's signature, issuer and
audience, by Authlib), and signs a cookie of their claims. That cookie is verified here, and exchanged for a session of
ours: theirs lasts for thirty days, whoever may be let in by then, and in pieces where it is long, which a person could
put together anew.
"""

import json
import os
from collections.abc import Iterable, Iterator
from http.cookies import CookieError, SimpleCookie
from importlib.util import find_spec
from urllib.parse import urlencode, urlsplit

import msgspec
import structlog
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message

from candlewick.config import Settings
from candlewick.dashboard.door.claims import Claims
from candlewick.errors import UNREADABLE, ConfigError
from candlewick.process.files import replace_atomically
from candlewick.process.keyfile import key_in

ROUTE, CALLBACK = "/auth/login", "/oauth2callback"
SECRET_VARIABLE, SECRET_FILE, TOLD_FILE = "OIDC_CLIENT_SECRET", "oidc.secret", "oidc.toml"
KEY_FILE = "oidc.key"
FRESH_SECONDS = 60
"""The cookie is seconds old when it is exchanged; an older one is somebody else's."""

log = structlog.get_logger(__name__)


class Provider:
    """The provider that the settings name, by way of the application behind the door."""

    def __init__(self, settings: Settings) -> None:
        self._base = settings.dashboard.path
        self.origin = origin_of(settings)
        self.host = urlsplit(settings.oidc.provider).netloc

    async def lead(self, app: ASGIApp, request: Request) -> Response | None:
        """Return the way to the provider; None where it does not answer."""
        from streamlit.auth_util import encode_provider_token  # noqa: PLC0415 - imports all of Streamlit

        query = urlencode({"provider": encode_provider_token("default")})
        status, headers = await self._behind(app, request, ROUTE, query)
        to = headers.get("location", "")
        if not 300 <= status < 400 or not urlsplit(to).netloc:
            return None
        return with_cookies(RedirectResponse(to, status_code=303), headers.getlist("set-cookie"), self.origin)

    async def back(self, app: ASGIApp, request: Request) -> tuple[Claims | None, list[str]]:
        """Return what the provider says of who came back, and the cookies that forget the way; None for nobody."""
        query = request.scope["query_string"].decode("latin-1")
        _, headers = await self._behind(app, request, CALLBACK, query)
        cookies = headers.getlist("set-cookie")
        return _claims(cookies), [cookie for cookie in cookies if not cookie.startswith(_user_cookie())]

    async def _behind(self, app: ASGIApp, request: Request, path: str, query: str) -> tuple[int, Headers]:
        """What the application answers to a path, its body left out."""
        path = self._base + path
        scope = dict(request.scope) | {"path": path, "raw_path": path.encode(), "query_string": query.encode("latin-1")}
        started: Message = {"status": 500, "headers": []}

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.update(message)

        await app(scope, request.receive, keep)
        return int(started["status"]), Headers(raw=list(started["headers"]))


def prepare(settings: Settings) -> None:
    """Tell Streamlit of the provider, before its application is built. Raises `ConfigError`.

    It knows of providers by a file of secrets alone: this one is the dashboard's own, and for its owner alone.
    """
    from streamlit import config  # noqa: PLC0415

    if find_spec("authlib") is None or find_spec("httpx") is None:
        raise ConfigError("auth = 'oidc' needs the extra `login`: pip install 'candlewick[login]'")
    told = {
        "redirect_uri": f"{origin_of(settings)}{settings.dashboard.path}{CALLBACK}",
        "cookie_secret": key_in(settings.door_path / KEY_FILE),
        "client_id": settings.oidc.client_id,
        "client_secret": _secret(settings),
        "server_metadata_url": f"{settings.oidc.provider}/.well-known/openid-configuration",
    }
    path = settings.door_path / TOLD_FILE
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in told.items()]
    replace_atomically(path, "\n".join(["[auth]", *lines, ""]).encode(), mode=0o600)
    config.set_option("secrets.files", [str(path)])


def origin_of(settings: Settings) -> str:
    """Return the origin by which browsers see the dashboard, and to which the provider sends them back."""
    dashboard = settings.dashboard
    return dashboard.origins[0] if dashboard.origins else f"http://localhost:{dashboard.port}"


def _secret(settings: Settings) -> str:
    """The client's secret, from the environment or a file that nobody else may read."""
    if secret := os.environ.get(SECRET_VARIABLE, ""):
        return secret
    path = settings.door_path / SECRET_FILE
    try:
        status = path.stat()
        secret = path.read_text(encoding="utf-8").strip()
    except OSError:
        secret = ""
    if not secret:
        raise ConfigError(f"auth = 'oidc' needs the client's secret: in {SECRET_VARIABLE}, or in {path}")
    if status.st_mode & 0o077:
        raise ConfigError(f"{path}: expected a secret that only this user may read (chmod 600)")
    return secret


def _claims(cookies: Iterable[str]) -> Claims | None:
    """The claims in a cookie that Streamlit has just signed; it may come in pieces, each signed."""
    from streamlit.auth_util import get_cookie_with_chunks  # noqa: PLC0415
    from streamlit.web.server.server_util import get_cookie_secret  # noqa: PLC0415
    from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value  # noqa: PLC0415

    values = dict(pair for cookie in cookies for pair in _pairs(cookie))
    secret, days = get_cookie_secret(), FRESH_SECONDS / 86_400

    def verified(name: str) -> bytes | None:
        return decode_signed_value(secret, name, values.get(name, ""), max_age_days=days)

    written = get_cookie_with_chunks(verified, _user_cookie())
    try:
        return msgspec.json.decode(written, type=dict) if written else None
    except UNREADABLE as error:
        log.warning("the provider's claims cannot be read", problem=str(error))
        return None


def with_cookies(response: Response, cookies: Iterable[str], origin: str) -> Response:
    """The response with cookies of Streamlit's, which travel by https alone where the dashboard does."""
    secure = "; secure" if origin.startswith("https://") else ""
    for cookie in cookies:
        response.headers.append("set-cookie", f"{cookie}{secure}")
    return response


def _pairs(cookie: str) -> Iterator[tuple[str, str]]:
    try:
        return iter([(name, morsel.value) for name, morsel in SimpleCookie(cookie).items()])
    except CookieError:
        return iter(())


def _user_cookie() -> str:
    from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME  # noqa: PLC0415

    return str(USER_COOKIE_NAME)
