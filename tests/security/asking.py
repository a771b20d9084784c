"""Asks an ASGI application without a server in between: what would a socket or a request get?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answer:
    """`reached` is what the application behind the door saw; None where the door answered."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    reached: dict[str, str] | None = None


async def ask(
    app: Any,
    path: str,
    headers: Mapping[str, str],
    *,
    kind: str = "http",
    method: str = "GET",
    body: bytes = b"",
    peer: str = "127.0.0.1",
) -> Answer:
    """Return what an application answers; a socket that was refused before it was accepted has the status 403."""
    answer = Answer()
    path, _, query = path.partition("?")
    scope = {
        "type": kind, "method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "scheme": "http" if kind == "http" else "ws", "server": ("127.0.0.1", 8501), "client": (peer, 40_000),
        "answer": answer, "root_path": "", "http_version": "1.1",
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        if kind == "websocket":
            return {"type": "websocket.connect"}
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        elif message["type"] == "http.response.body":
            answer.body += message.get("body", b"")
        elif message["type"] == "websocket.close":
            answer.status = 403
        else:
            assert message["type"] == "websocket.accept", message
            answer.status = 101

    await app(scope, receive, send)
    return answer


async def behind(scope: Any, receive: Any, send: Any) -> None:
    """The application behind the door: it notes what it saw."""
    scope["answer"].reached = {name.decode(): value.decode() for name, value in scope["headers"]}
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})
