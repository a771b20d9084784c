"""`/api/lineage`, `/api/proof`, `/api/trades` and `/api/status`: what stands behind the candles, by HTTP."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from candlewick import status
from candlewick.config import Settings
from candlewick.dashboard.reads import Reads
from candlewick.dashboard.routes.answers import answering, json_answer
from candlewick.dashboard.routes.catalogue import Catalogue
from candlewick.dashboard.routes.lineage import Asked, lineage
from candlewick.dashboard.routes.proof import holes, verdicts
from candlewick.dashboard.routes.shelf import Shelf
from candlewick.dashboard.routes.trades import page, page_json
from candlewick.moments import instant
from candlewick.warehouse.contract import Viewed

_FOR_EVER = "9" * 15


class Evidence:
    """The HTTP routes over a reader of the warehouse; `reads` are threads of their own, apart from the charts'."""

    def __init__(self, reader: Viewed, reads: Reads, catalogue: Catalogue, settings: Settings) -> None:
        self._reader, self._reads, self._catalogue = reader, reads, catalogue
        self._settings = settings
        self._shelf = Shelf(settings)

    def routes(self) -> list[Route]:
        """The routes to add to the server."""
        handlers = {"lineage": self.lineage, "proof": self.proof, "trades": self.trades, "status": self.status}
        return [Route(f"/api/{name}", answering(handle), methods=["GET"]) for name, handle in handlers.items()]

    async def lineage(self, request: Request) -> Response:
        """`?symbol=&timeframe=&t=`: what the candle that holds the instant `t` (s) is made of, or null."""
        asked, catalogue = request.query_params, self._catalogue
        symbol, timeframe = catalogue.symbol(asked.get("symbol")), catalogue.timeframe(asked.get("timeframe"))
        candle = Asked.at(symbol, timeframe, catalogue.needed_second("t", asked.get("t")), self._settings.zone)
        told = await self._reads(lineage, self._reader, candle, shelf=self._shelf)
        return json_answer(msgspec.json.encode(told))

    async def proof(self, request: Request) -> Response:
        """`?symbol=&since=&before=`: the holes of a tape, and the audit's verdicts on since <= minute < before (s)."""
        asked, catalogue = request.query_params, self._catalogue
        symbol = catalogue.symbol(asked.get("symbol"))
        since = instant(catalogue.second("since", asked.get("since")) or 0)
        before = instant(catalogue.second("before", asked.get("before") or _FOR_EVER) or 0)
        told = {
            "holes": await self._reads(holes, self._reader, symbol),
            "verdicts": await self._reads(verdicts, self._reader, symbol, since, before),
        }
        return json_answer(msgspec.json.encode(told))

    async def trades(self, request: Request) -> Response:
        """`?symbol=&from=&from_id=&limit=`: trades from `from` (s) on, or from an id that was traded about then."""
        asked, catalogue = request.query_params, self._catalogue
        symbol, limit = catalogue.symbol(asked.get("symbol")), catalogue.limit(asked.get("limit"))
        start = instant(catalogue.needed_second("from", asked.get("from")))
        first_id = catalogue.identifier("from_id", asked.get("from_id"))
        table = await self._reads(page, self._reader, symbol, start, first_id, limit)
        return json_answer(page_json(table))

    async def status(self, _: Request) -> Response:
        """What `candlewick status --json` says: processes, symbols, audit, freshness."""
        return json_answer(status.to_json(await self._reads(status.collect, self._settings)))
