"""What the routes answer with: JSON that no cache keeps, and refusals of one line."""

import re
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from candlewick.dashboard.routes.catalogue import RequestError
from candlewick.dashboard.routes.kept import Written
from candlewick.errors import OverloadedError, WarehouseError

_PATH = re.compile(r"(?<![\w:/.])(?:/[^\s/:'\"]+){2,}/?")
"""An absolute path of two parts or more; the path of an address follows its host."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def json_answer(text: str | bytes) -> Response:
    """An answer of JSON that is written already."""
    return Response(text, media_type="application/json", headers={"Cache-Control": "no-store"})


def written_answer(request: Request, written: Written) -> Response:
    """An answer that is kept, compressed where the client takes that."""
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return Response(written.plain, media_type="application/json", headers=headers)
    return Response(written.zipped, media_type="application/json", headers=headers | {"Content-Encoding": "gzip"})


def without_paths(text: str) -> str:
    """Return what an error says without the places of this machine's files: a viewer may be anybody."""
    return _PATH.sub("…", text)


def answering(handle: Handler) -> Handler:
    """Turn a refusal into its answer: 400 with one line, 503 where there is no warehouse yet, or a crowd."""

    async def answer(request: Request) -> Response:
        try:
            return await handle(request)
        except RequestError as error:
            return PlainTextResponse(f"{error}\n", status_code=400)
        except (WarehouseError, OverloadedError) as error:
            return PlainTextResponse(f"{without_paths(str(error))}\n", status_code=503, headers={"Retry-After": "1"})

    return answer
