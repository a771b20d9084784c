"""`/api/layouts`: the layouts, templates and watchlists of whoever asks.

    GET    /api/layouts                  {"layout": {name: {…}}, "template": {name: {…}}, "watchlist": {name: {…}}}
    PUT    /api/layouts/<kind>/<name>    a JSON object, kept under that name
    DELETE /api/layouts/<kind>/<name>

Each visitor has their own, whatever their role: nobody else sees them.
"""

from typing import Any, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from candlewick.dashboard.door.visitor import LOCAL, visitor_of
from candlewick.dashboard.keeping.layouts import BODY_BYTES, Kind, Layouts
from candlewick.dashboard.reads import Reads
from candlewick.dashboard.routes.answers import answering, json_answer, of_what_is_kept
from candlewick.dashboard.routes.bodies import body_of
from candlewick.dashboard.routes.catalogue import RequestError

PATH = "/api/layouts"


class LayoutRoutes:
    """The HTTP routes over the files."""

    def __init__(self, layouts: Layouts, reads: Reads) -> None:
        self._layouts, self._reads = layouts, reads

    def routes(self) -> list[Route]:
        """The routes to add to the server."""
        one = f"{PATH}/{{kind}}/{{name}}"
        return [
            Route(PATH, answering(self.listed), methods=["GET"]),
            Route(one, answering(self.put), methods=["PUT"]),
            Route(one, answering(self.remove), methods=["DELETE"]),
        ]

    async def listed(self, request: Request) -> Response:
        """All of a visitor's."""
        kept = await of_what_is_kept(self._reads, self._layouts.of, _user(request))
        return json_answer(msgspec.json.encode({kind: getattr(kept, kind) for kind in get_args(Kind)}))

    async def put(self, request: Request) -> Response:
        """Keep one."""
        content = await body_of(request, dict[str, Any], "an object", BODY_BYTES)
        await self._change(self._layouts.put, request, content)
        return Response(status_code=204)

    async def remove(self, request: Request) -> Response:
        """Remove one."""
        await self._change(self._layouts.remove, request)
        return Response(status_code=204)

    async def _change(self, change: Any, request: Request, *more: Any) -> None:  # noqa: ANN401 - `put` or `remove`
        kind, name = request.path_params["kind"], request.path_params["name"]
        if kind not in get_args(Kind):
            raise RequestError(f"expected a layout, a template or a watchlist, got {kind[:40]!r}")
        await of_what_is_kept(self._reads, change, _user(request), kind, name, *more)


def _user(request: Request) -> str:
    return (visitor_of(request.headers) or LOCAL).name
