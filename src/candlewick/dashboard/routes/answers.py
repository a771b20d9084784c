"""What the routes answer with: JSON that no cache gives away unasked, and refusals of one line."""

import re
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from candlewick.dashboard.reads import Reads
from candlewick.dashboard.routes.catalogue import RequestError
from candlewick.dashboard.routes.kept import Written
from candlewick.errors import CandlewickError, OverloadedError, WarehouseError

_PATH = re.compile(r"(?<![\w:/.])(?:/[^\s/:'\"]+){2,}/?")
"""An absolute path of two parts or more; the path of an address follows its host."""

P = ParamSpec("P")
T = TypeVar("T")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def json_answer(text: str | bytes) -> Response:
    """An answer of JSON that is written already."""
    return Response(text, media_type="application/json", headers={"Cache-Control": "no-store"})


def written_answer(request: Request, written: Written) -> Response:
    """An answer that is kept: nothing where the client has it, else compressed where the client takes that.

    A browser may keep it, and asks each time whether it still is the answer.
    """
    asked = request.headers
    headers = {"Cache-Control": "private, no-cache", "Vary": "Accept-Encoding", "ETag": written.tag}
    if written.tag in asked.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" not in asked.get("Accept-Encoding", ""):
        return Response(written.plain, media_type="application/json", headers=headers)
    return Response(written.zipped, media_type="application/json", headers=headers | {"Content-Encoding": "gzip"})


def without_paths(text: str) -> str:
    """Return what an error says without the places of this machine's files: a viewer may be anybody."""
    return _PATH.sub("…", text)


async def of_what_is_kept(reads: Reads, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Await a call on what people keep; what it refuses is a `RequestError` that names no file."""
    try:
        return await reads(call, *args, **kwargs)
    except CandlewickError as error:
        raise RequestError(without_paths(str(error))) from None


def answering(handle: Handler) -> Handler:
    """Turn a refusal into its answer: 400 with one line, 503 where there is no warehouse yet, or a crowd."""

    @wraps(handle)
    async def answer(request: Request) -> Response:
        try:
            return await handle(request)
        except RequestError as error:
            return PlainTextResponse(f"{error}\n", status_code=400)
        except (WarehouseError, OverloadedError) as error:
            return PlainTextResponse(f"{without_paths(str(error))}\n", status_code=503, headers={"Retry-After": "1"})

    return answer
