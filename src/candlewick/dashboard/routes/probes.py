"""`/healthz` and `/metrics`: what orchestrators and Prometheus ask. Streamlit's own page would answer any address."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from candlewick.config import Settings
from candlewick.dashboard.reads import Reads
from candlewick.status import collect
from candlewick.status.probe import TEXT, health, metrics

_NO_STORE = {"Cache-Control": "no-store"}


class Probes:
    """The routes; `reads` are the threads they read on."""

    def __init__(self, reads: Reads, settings: Settings) -> None:
        self._reads, self._settings = reads, settings

    def routes(self) -> list[Route]:
        """The routes to add to the server."""
        return [Route("/healthz", self.healthz, methods=["GET"]), Route("/metrics", self.metrics, methods=["GET"])]

    async def healthz(self, request: Request) -> Response:
        """`?expect=&max_age=`: 200 or 503, with the numbers."""
        status, body = health(await self._reads(collect, self._settings), request.query_params)
        return Response(body, status_code=status, media_type="application/json", headers=_NO_STORE)

    async def metrics(self, _: Request) -> Response:
        """Prometheus' text."""
        body = await self._reads(lambda: metrics(collect(self._settings)))
        return Response(body, headers=_NO_STORE | {"Content-Type": TEXT})
