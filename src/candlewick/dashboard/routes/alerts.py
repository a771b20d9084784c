"""`/api/alerts`: what the server watches for, and what rang.

    GET    /api/alerts?after=N       all alerts, the rings behind number N, what the webhook has not taken
    POST   /api/alerts               {"kind": "cross", "symbol": "BTCUSDT", "level": "97000", …}; the alert with its id
    PATCH  /api/alerts/<id>          what is to be different: level, note, repeats, rest, expires_at, is_armed
    DELETE /api/alerts/<id>

Whoever may look at charts sees them; an analyst may change them.
"""

from functools import wraps
from uuid import uuid4

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from candlewick.dashboard.alerts.alert import Alert, Wanted, problem_of
from candlewick.dashboard.alerts.watch import Watch
from candlewick.dashboard.door.journal import Journal
from candlewick.dashboard.door.visitor import LOCAL, Role, visitor_of
from candlewick.dashboard.routes.answers import Handler, answering, json_answer
from candlewick.dashboard.routes.bodies import body_of
from candlewick.dashboard.routes.catalogue import Catalogue, RequestError
from candlewick.errors import CandlewickError

BODY_BYTES = 4_096
PATH = "/api/alerts"


class Change(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What is to be different."""

    level: str | msgspec.UnsetType = msgspec.UNSET
    note: str | msgspec.UnsetType = msgspec.UNSET
    repeats: bool | msgspec.UnsetType = msgspec.UNSET
    rest: int | msgspec.UnsetType = msgspec.UNSET
    expires_at: int | msgspec.UnsetType | None = msgspec.UNSET
    is_armed: bool | msgspec.UnsetType = msgspec.UNSET


class AlertRoutes:
    """The HTTP routes over a watch."""

    def __init__(self, watch: Watch, catalogue: Catalogue, journal: Journal, *, has_webhook: bool) -> None:
        self._watch, self._catalogue, self._journal = watch, catalogue, journal
        self._has_webhook = has_webhook

    def routes(self) -> list[Route]:
        """The routes to add to the server."""
        return [
            Route(PATH, answering(self.listed), methods=["GET"]),
            Route(PATH, answering(self._by_analysts(self.make)), methods=["POST"]),
            Route(f"{PATH}/{{id}}", answering(self._by_analysts(self.change)), methods=["PATCH"]),
            Route(f"{PATH}/{{id}}", answering(self._by_analysts(self.remove)), methods=["DELETE"]),
        ]

    async def listed(self, request: Request) -> Response:
        """All alerts, and the newest rings."""
        after = self._catalogue.identifier("after", request.query_params.get("after")) or 0
        told = {
            "alerts": self._watch.alerts,
            "rings": [{"number": number, "ring": ring} for number, ring in self._watch.book.rings(after)],
            "webhook": self._has_webhook,
            "undelivered": len(self._watch.book.undelivered()),
        }
        return json_answer(msgspec.json.encode(told))

    async def make(self, request: Request) -> Response:
        """Add an alert."""
        made = msgspec.structs.asdict(await body_of(request, Wanted, "an alert", BODY_BYTES))
        return await self._put(request, Alert(id=uuid4().hex, **made), "alert made")

    async def change(self, request: Request) -> Response:
        """Change an alert; to arm it is to begin anew."""
        old = self._of(request)
        given = msgspec.structs.asdict(await body_of(request, Change, "an alert", BODY_BYTES))
        changes = {name: value for name, value in given.items() if value is not msgspec.UNSET}
        if changes.get("is_armed"):
            changes |= {"rang_at": None, "is_on": False, "seen_at": 0}
        return await self._put(request, msgspec.structs.replace(old, **changes), "alert changed")

    async def remove(self, request: Request) -> Response:
        """Remove an alert."""
        alert = self._of(request)
        await self._watch.remove(alert.id)
        self._note(request, "alert removed", alert)
        return Response(status_code=204)

    async def _put(self, request: Request, alert: Alert, event: str) -> Response:
        if alert.symbol:
            self._catalogue.symbol(alert.symbol)
        if problem := problem_of(alert):
            raise RequestError(problem)
        try:
            kept = await self._watch.put(alert)
        except CandlewickError as error:
            raise RequestError(str(error)) from None
        self._note(request, event, kept)
        return json_answer(msgspec.json.encode(kept))

    def _of(self, request: Request) -> Alert:
        found = next((each for each in self._watch.alerts if each.id == request.path_params["id"]), None)
        if found is None:
            raise RequestError("id: expected that of an alert; this one was removed, or never was")
        return found

    def _note(self, request: Request, event: str, alert: Alert) -> None:
        who = visitor_of(request.headers) or LOCAL
        self._journal.note(event, visitor=who.name, alert=alert.id, kind=alert.kind, symbol=alert.symbol)

    @staticmethod
    def _by_analysts(handle: Handler) -> Handler:
        @wraps(handle)
        async def answer(request: Request) -> Response:
            if (visitor_of(request.headers) or LOCAL).role < Role.ANALYST:
                return PlainTextResponse("changing alerts wants the role analyst\n", status_code=403)
            return await handle(request)

        return answer
