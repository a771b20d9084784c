"""`/api/drawings`: what whoever asks has drawn, where people log in.

    GET    /api/drawings/<symbol>    {"owner": "3f…", "drawings": {id: {…}}}
    PATCH  /api/drawings/<symbol>    {"put": {id: {…}}, "remove": [id]}; the answer is that of GET, after it

Each visitor has their own, whatever their role: nobody else sees them, and `owner` does not tell who that is. Without a
login there is no owner: then drawings stay in the browser. A page whose owner has drawn hears of it over `/api/live`.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from candlewick.dashboard.door.visitor import LOCAL, visitor_of
from candlewick.dashboard.keeping.drawings import BODY_BYTES, Drawings, Page
from candlewick.dashboard.reads import Reads
from candlewick.dashboard.routes.answers import answering, json_answer, of_what_is_kept
from candlewick.dashboard.routes.bodies import body_of
from candlewick.dashboard.routes.catalogue import Catalogue, RequestError

PATH = "/api/drawings"

Tell = Callable[[str], None]
"""Gives a frame to every page."""


class Changes(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be different."""

    put: dict[str, dict[str, Any]] = {}
    remove: list[str] = []


class DrawingRoutes:
    """The HTTP routes over the files."""

    def __init__(self, drawings: Drawings, reads: Reads, catalogue: Catalogue, tell: Tell) -> None:
        self._drawings, self._reads, self._catalogue, self._tell = drawings, reads, catalogue, tell

    def routes(self) -> list[Route]:
        """The routes to add to the server."""
        one = f"{PATH}/{{symbol}}"
        return [
            Route(one, answering(self.listed), methods=["GET"]),
            Route(one, answering(self.change), methods=["PATCH"]),
        ]

    async def listed(self, request: Request) -> Response:
        """A visitor's drawings of a symbol."""
        user, symbol = self._asked(request)
        return _answer(
            user, {} if user is None else await of_what_is_kept(self._reads, self._drawings.of, user, symbol)
        )

    async def change(self, request: Request) -> Response:
        """Put drawings in and take others out."""
        user, symbol = self._asked(request)
        if user is None:
            raise RequestError("nobody logs in here: drawings stay in the browser")
        changes = await body_of(request, Changes, "drawings", BODY_BYTES)
        page, is_changed = await of_what_is_kept(
            self._reads, self._drawings.change, user, symbol, changes.put, changes.remove
        )
        if is_changed:
            self._tell(msgspec.json.encode({"drawings": [_tag(user), symbol]}).decode())
        return _answer(user, page)

    def _asked(self, request: Request) -> tuple[str | None, str]:
        visitor = visitor_of(request.headers) or LOCAL
        return None if visitor == LOCAL else visitor.name, self._catalogue.symbol(request.path_params["symbol"])


def _answer(user: str | None, page: Page) -> Response:
    return json_answer(msgspec.json.encode({"owner": None if user is None else _tag(user), "drawings": page}))


def _tag(user: str) -> str:
    """Tells one user from another, and nobody who they are."""
    return sha256(f"drawings of {user}".encode()).hexdigest()[:16]
