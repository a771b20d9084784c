"""What a browser sends: JSON of a bounded size and a known shape, or a refusal of one line."""

from typing import TypeVar

import msgspec
from starlette.requests import Request

from candlewick.dashboard.routes.catalogue import RequestError
from candlewick.errors import UNREADABLE

T = TypeVar("T")


async def body_of(request: Request, kind: type[T], what: str, most_bytes: int) -> T:
    """Decode a request's JSON. Raises `RequestError`."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise RequestError("expected a body of the type application/json")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > most_bytes:
            raise RequestError(f"expected a body of at most {most_bytes} bytes")
    try:
        return msgspec.json.decode(body, type=kind)
    except UNREADABLE as error:
        raise RequestError(f"expected {what}: {error}") from None
