"""The REST side: `/api/v3/…` with Binance's rows, weights, limits and errors. Source: rest-api.md."""

import time
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from candlewick.exchange import queries, wire
from candlewick.exchange.exchange_info import exchange_info
from candlewick.exchange.faults import Faults
from candlewick.exchange.parameters import ApiError, Parameters
from candlewick.exchange.venue import Venue
from candlewick.exchange.weights import Weights, retry_after
from candlewick.exchange.wire import Unit

Query = Callable[[Parameters, Unit], Awaitable[str]]


class Rest:
    """Answers REST requests about one venue."""

    def __init__(self, venue: Venue, weights: Weights, faults: Faults) -> None:
        self._venue = venue
        self._weights = weights
        self._faults = faults

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, each with its weight."""
        queries: list[tuple[str, int, Query]] = [
            ("ping", 1, self._ping),
            ("time", 1, self._time),
            ("exchangeInfo", 20, self._exchange_info),
            ("trades", 25, self._trades),
            ("historicalTrades", 25, self._historical_trades),
            ("aggTrades", 4, self._aggregates),
            ("klines", 2, self._klines),
            ("uiKlines", 2, self._klines),
        ]
        return [web.get(f"/api/v3/{name}", self._route(weight, query)) for name, weight, query in queries]

    def _route(self, weight: int, query: Query) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            now = time.time_ns() // 1_000
            used = self._weights.spend(request.remote or "", weight, now)
            headers = {"X-MBX-USED-WEIGHT": str(used), "X-MBX-USED-WEIGHT-1M": str(used)}
            fault = self._faults.answers(request.path, request.query_string)
            if fault is not None:
                return web.Response(status=fault.status, text=fault.body, headers=headers | dict(fault.headers))
            if used > self._weights.limit:
                return _refusal(_too_much(self._weights.limit), headers | {"Retry-After": str(retry_after(now))})
            try:
                body = await query(Parameters(request.query), Unit.named(request.headers.get("X-MBX-TIME-UNIT")))
            except ApiError as error:
                return _refusal(error, headers)
            return web.Response(text=body, content_type="application/json", headers=headers)

        return answer

    async def _ping(self, given: Parameters, unit: Unit) -> str:
        given.finish()
        return "{}"

    async def _time(self, given: Parameters, unit: Unit) -> str:
        given.finish()
        return f'{{"serverTime":{self._venue.now() // unit}}}'

    async def _exchange_info(self, given: Parameters, unit: Unit) -> str:
        known = self._venue.market.instruments
        names = given.symbols(known)
        given.finish()
        info = exchange_info(
            [known[name] for name in names], weight_limit=self._weights.limit, now_ms=self._venue.now() // unit
        )
        return msgspec.json.encode(info).decode()

    async def _trades(self, given: Parameters, unit: Unit) -> str:
        symbol, limit = given.symbol(self._venue.market.instruments), given.limit()
        given.finish()
        return wire.trade_rows(queries.trades(self._venue, symbol, None, limit), unit)

    async def _historical_trades(self, given: Parameters, unit: Unit) -> str:
        symbol, limit = given.symbol(self._venue.market.instruments), given.limit()
        from_id = given.number("fromId")
        given.finish()
        return wire.trade_rows(queries.trades(self._venue, symbol, from_id, limit), unit)

    async def _aggregates(self, given: Parameters, unit: Unit) -> str:
        symbol, limit = given.symbol(self._venue.market.instruments), given.limit()
        from_id, since, until = given.number("fromId"), given.since(), given.until()
        given.finish()
        if from_id is None:
            found = queries.aggregates_between(self._venue, symbol, since, until, limit)
        elif since is None and until is None:
            found = queries.aggregates_from(self._venue, symbol, from_id, limit)
        else:
            raise ApiError(-1128, "Combination of optional parameters invalid.")
        return wire.aggregate_rows(found, unit)

    async def _klines(self, given: Parameters, unit: Unit) -> str:
        symbol, interval, limit = given.symbol(self._venue.market.instruments), given.interval(), given.limit()
        since, until = given.since(), given.until()
        given.finish()
        rows = await queries.klines(self._venue, symbol, interval, since, until, limit, unit)
        return f"[{','.join(wire.kline_row(row) for row in rows)}]"


def _too_much(limit: int) -> ApiError:
    text = (
        f"Too much request weight used; current limit is {limit} request weight per 1 MINUTE. "
        "Please use WebSocket Streams for live updates to avoid polling the API."
    )
    return ApiError(-1003, text, 429)


def _refusal(error: ApiError, headers: dict[str, str]) -> web.Response:
    body = msgspec.json.encode({"code": error.code, "msg": str(error)}).decode()
    return web.Response(status=error.status, text=body, content_type="application/json", headers=headers)
