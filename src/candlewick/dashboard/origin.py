"""Who may ask: the same origin only. Streamlit checks its own socket; routes added to it are unprotected unless we do.

One middleware guards every route, Streamlit's included, so that nothing is answered for a foreign page, and a name
that was re-bound to this host (DNS rebinding) finds no dashboard while it listens on localhost.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def refusal(origin: str | None, host: str, *, listens_on: str, scheme: str = "http") -> str | None:
    """Return one line that says why a request is refused, or None where it may pass.

    `origin` and `host` are the request's headers; a request without an Origin is not a foreign page's.
    """
    name = _hostname(host)
    if listens_on in LOOPBACK and name not in LOOPBACK:
        return f"expected a Host of this machine (localhost), got {host!r}"
    if origin is None or _authority(origin, scheme) == _authority(f"{scheme}://{host}", scheme):
        return None
    return f"expected the dashboard's own Origin, {scheme}://{host}, got {origin!r}"


def _hostname(host: str) -> str:
    return urlsplit(f"//{host}").hostname or ""


def _authority(url: str, scheme: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if (parts.scheme or scheme) in {"https", "wss"} else 80)
    except ValueError:
        return None
    return ((parts.hostname or ""), port) if parts.hostname else None


class SameOrigin:
    """ASGI middleware: 403 with one line for a foreign Origin or, on localhost, a foreign Host."""

    def __init__(self, app: ASGIApp, *, listens_on: str) -> None:
        self._app = app
        self._listens_on = listens_on

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it; a WebSocket is refused before it is accepted."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        secure = scope["scheme"] in {"https", "wss"}
        why = refusal(
            headers.get("origin"),
            headers.get("host", ""),
            listens_on=self._listens_on,
            scheme="https" if secure else "http",
        )
        if why is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": why})
        else:
            await PlainTextResponse(f"{why}\n", status_code=403)(scope, receive, send)
