"""`/api/footprint`, `/api/profile` and `/api/tape`: order flow by HTTP, with its standing and the reasons."""

import json
from collections.abc import Callable, Coroutine
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from candlewick.dashboard.live.hub import Hub
from candlewick.dashboard.reads import Reads
from candlewick.dashboard.routes import tape
from candlewick.dashboard.routes.answers import answering, json_answer, written_answer
from candlewick.dashboard.routes.catalogue import Catalogue, RequestError
from candlewick.dashboard.routes.columns import array, object_json, plain, seconds
from candlewick.dashboard.routes.kept import Kept, Written
from candlewick.errors import RangeError
from candlewick.moments import instant
from candlewick.warehouse.contract import Viewed
from candlewick.warehouse.flow.levels import SMALLEST, checked_step
from candlewick.warehouse.flow.reading import Flow, Footprints, Profile

AMOUNTS = {"bv": "buy_volume", "sv": "sell_volume", "bq": "buy_quote_volume", "sq": "sell_quote_volume"}
PRICES = {"p": "price", "h": "high", "lo": "low"}
COUNTS = {"bn": "buy_count", "sn": "sell_count"}
MOST_TAPE = 1_000

Handler = Callable[[Any, Request], Coroutine[Any, Any, Response]]


def _refusing(handle: Handler) -> Handler:
    """Turn a range that cannot be answered into the answer that says so."""

    @wraps(handle)
    async def answer(self: Any, request: Request) -> Response:  # noqa: ANN401 - the routes' own object
        try:
            return await handle(self, request)
        except RangeError as error:
            raise RequestError(str(error)) from None

    return answer


class FlowRoutes:
    """The HTTP routes over a reader of the warehouse, and the hub's newest trades."""

    def __init__(self, reader: Viewed, reads: Reads, catalogue: Catalogue, hub: Hub, zone: ZoneInfo) -> None:
        self._reader, self._reads, self._catalogue = reader, reads, catalogue
        self._hub, self._zone = hub, zone
        self._kept = Kept()

    def routes(self) -> list[Route]:
        """The routes to add to the server."""
        handlers = {"footprint": self.footprint, "profile": self.profile, "tape": self.tape}
        return [Route(f"/api/{name}", answering(handle), methods=["GET"]) for name, handle in handlers.items()]

    @_refusing
    async def footprint(self, request: Request) -> Response:
        """`?symbol=&timeframe=&since=&before=&step=`: the footprints of bars with since <= open time < before (s).

        A bar's own step is `step`, or that of its roll-ups where that is larger. Its amounts are text, so that a
        browser adds up what the exchange said and not the nearest float.
        """
        asked = request.query_params
        timeframe = self._catalogue.timeframe(asked.get("timeframe"))
        start, end, step = self._range(request)
        flow = Flow(self._reader, self._catalogue.symbol(asked.get("symbol")), self._zone)

        def work_out() -> str:
            return footprints_json(flow.footprints(timeframe, start, end, step))

        question = ("footprint", flow.symbol, timeframe, start, end, step)
        return written_answer(request, await self._answer(question, work_out))

    @_refusing
    async def profile(self, request: Request) -> Response:
        """`?symbol=&since=&before=&step=`: what was traded at each price from `since` to `before` (s).

        With `exact=1` it is made of the trades themselves, of any step.
        """
        start, end, step = self._range(request)
        of_trades = request.query_params.get("exact") == "1"
        flow = Flow(self._reader, self._catalogue.symbol(request.query_params.get("symbol")), self._zone)

        def work_out() -> str:
            return profile_json(flow.profile(start, end, step, of_trades=of_trades))

        question = ("profile", flow.symbol, start, end, step, of_trades)
        return written_answer(request, await self._answer(question, work_out))

    async def tape(self, request: Request) -> Response:
        """`?symbol=&before=&limit=&least=`: trades with an id below `before`, the newest first.

        Without `before` they begin with the newest that is known, be it of the feed. With `least`, those of at least
        so much of the base asset. `missing` names the ids that lack among those that the page reaches over.
        """
        asked, catalogue = request.query_params, self._catalogue
        symbol = catalogue.symbol(asked.get("symbol"))
        before = catalogue.identifier("before", asked.get("before"))
        limit = min(MOST_TAPE, catalogue.limit(asked.get("limit") or "200"))
        least = _decimal("least", asked.get("least") or "0")
        newest = self._hub.recent(symbol)
        return json_answer(await self._reads(tape.page_json, self._reader, symbol, before, limit, least, newest))

    async def _answer(self, question: object, work_out: Callable[[], str]) -> Written:
        return await self._kept.given(self._reads, self._reader.current().version, question, work_out)

    def _range(self, request: Request) -> tuple[datetime, datetime, Decimal]:
        asked = request.query_params
        since, before = (self._catalogue.needed_second(name, asked.get(name)) for name in ("since", "before"))
        step = _decimal("step", asked.get("step") or str(SMALLEST))
        return instant(since), instant(before), checked_step(step)


def _decimal(name: str, text: str) -> Decimal:
    try:
        return Decimal(text[:40])
    except InvalidOperation:
        raise RequestError(f"{name}: expected a number such as 0.5, got {text[:40]!r}") from None


def footprints_json(made: Footprints) -> str:
    """Write bars and their levels: `b` of a level is the place of its bar.

    Of a bar: `t` its open time, `s` its step, `d lo hi` its delta and how far that went, `f l` its first and last id,
    `x` its standing. Of a level: `p` its lowest price, `h lo` the highest and lowest traded in it, `bv sv` what takers
    bought and sold, `bq sq` that of the quote, `bn sn` in how many trades. `why` has reasons where not all is proved.
    """
    bars, levels = made.bars, made.levels
    places = pc.index_in(levels.column("open_time"), value_set=bars.column("open_time").combine_chunks())
    steps = _steps(bars, levels)
    return object_json(
        {
            "bars": object_json(
                {
                    "t": array(seconds(bars.column("open_time"))),
                    "s": json.dumps([plain(step) for step in steps]),
                    "d": array(bars.column("delta"), quoted=True),
                    "lo": array(bars.column("min_delta"), quoted=True),
                    "hi": array(bars.column("max_delta"), quoted=True),
                    "f": array(bars.column("first_trade_id"), quoted=True),
                    "l": array(bars.column("last_trade_id"), quoted=True),
                    "x": json.dumps(made.standings),
                }
            ),
            "levels": object_json({"b": array(places), **_levels(levels)}),
            "why": json.dumps(made.why),
        }
    )


def profile_json(made: Profile) -> str:
    """Write a profile: its levels, and as indexes of them the point of control and the ends of the value area."""
    return object_json(
        {
            "step": json.dumps(plain(made.step)),
            "levels": object_json(_levels(made.levels)),
            "area": json.dumps(made.area),
            "x": json.dumps(made.standing),
            "why": json.dumps(made.why),
        }
    )


def _levels(levels: pa.Table) -> dict[str, str]:
    amounts = {short: array(levels.column(name), quoted=True) for short, name in AMOUNTS.items()}
    counts = {short: array(levels.column(name)) for short, name in COUNTS.items()}
    prices = {short: array(levels.column(name), quoted=True) for short, name in PRICES.items()}
    return prices | amounts | counts


def _steps(bars: pa.Table, levels: pa.Table) -> list[Decimal]:
    known = dict(zip(levels.column("open_time").to_pylist(), levels.column("step").to_pylist(), strict=True))
    return [known[opened] for opened in bars.column("open_time").to_pylist()]
