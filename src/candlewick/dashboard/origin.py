"""Who may ask: the same origin, and those that the settings name.

Streamlit checks its own socket only, so our routes are checked here.

One middleware guards every route, Streamlit's included, so that nothing is answered for a foreign page.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from candlewick.process.gate import Gate


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
        address = (scope.get("server") or ("",))[0]
        why = self._gate.refusal(Headers(scope=scope), scheme="https" if secure else "http", address=address)
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
