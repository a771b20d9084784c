"""Who may ask: the same origin, and those that the settings name.

Streamlit checks its own socket only, so our routes are checked here.

One middleware guards every route, Streamlit's included, so that nothing is answered for a foreign page, and a name
that was re-bound to this host (DNS rebinding) finds no dashboard while it listens on localhost.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
FOREIGN = frozenset({"cross-site", "same-site"})
"""What `Sec-Fetch-Site` says of a request that another origin's page caused."""


@dataclass(frozen=True)
class Gate:
    """Whom a dashboard that listens on a host answers; `origins` are the addresses browsers see a proxy by."""

    listens_on: str
    origins: Collection[str] = field(default=())

    def refusal(self, headers: Headers, *, scheme: str = "http") -> str | None:
        """Return one line that says why a request is refused, or None where it may pass.

        A request without an Origin is that of a program, or of a page that embeds what it may not read: an image, a
        script, a style. Browsers say which page caused it; a link that is followed is nobody's doing but the reader's.
        """
        origin, host = headers.get("origin"), headers.get("host", "")
        if self.listens_on in LOOPBACK and _hostname(host) not in LOOPBACK | self._hostnames():
            return f"expected a Host of this machine (localhost), got {host!r}; dashboard.origins can name others"
        if origin is None:
            is_embedded = headers.get("sec-fetch-site") in FOREIGN and headers.get("sec-fetch-mode") != "navigate"
            return "expected a request of the dashboard's own pages, got another page's" if is_embedded else None
        known = {_authority(f"{scheme}://{host}"), *map(_authority, self.origins)}
        if _authority(origin) in known:
            return None
        return (
            f"expected the dashboard's own Origin, {scheme}://{host}, got {origin!r}; dashboard.origins can name others"
        )

    def _hostnames(self) -> frozenset[str]:
        return frozenset(urlsplit(origin).hostname or "" for origin in self.origins)


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _authority(url: str) -> tuple[str, str, int] | str:
    """Scheme, host and port of an origin; an origin that has none, such as `null`, equals no other."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return f"malformed: {url}"
    return (parts.scheme, parts.hostname, port) if parts.hostname else f"opaque: {url}"


class SameOrigin:
    """ASGI middleware: 403 with one line for whom the gate refuses."""

    def __init__(self, app: ASGIApp, *, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it; a WebSocket is refused before it is accepted."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        secure = scope["scheme"] in {"https", "wss"}
        why = self._gate.refusal(Headers(scope=scope), scheme="https" if secure else "http")
        if why is None:
            await self._app(_admitted(scope), receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": why[:120]})
        else:
            await PlainTextResponse(f"{why}\n", status_code=403)(scope, receive, send)


def _admitted(scope: Scope) -> Scope:
    """A request that was let in, in an Origin that Streamlit knows.

    For any but localhost it would ask a server in the internet for this machine's address, to compare it.
    """
    if not any(name == b"origin" for name, _ in scope["headers"]):
        return scope
    admitted = dict(scope) | {"headers": list(scope["headers"])}
    MutableHeaders(scope=admitted)["origin"] = "http://localhost"
    return admitted
