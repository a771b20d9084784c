"""The REST side: `/api/v3/…` with Binance's rows, weights, limits and errors. Source: rest-api.md."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from aiohttp import web

from candlewick.fake_binance.faults import Disturbance, Faults
from candlewick.fake_binance.server import endings, queries, wire
from candlewick.fake_binance.server.exchange_info import exchange_info
from candlewick.fake_binance.server.parameters import ApiError, Parameters
from candlewick.fake_binance.server.venue import Venue
from candlewick.fake_binance.server.weights import Weights, retry_after
from candlewick.fake_binance.server.wire import Unit

Query = Callable[[Venue, Parameters, Unit], Awaitable[str]]
_ROWS = msgspec.json.Decoder(list[msgspec.Raw])


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

    def _route(self, weight: int, query: Query) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            trouble = self._faults.request(request.path, request.query_string)
            if trouble.hang_seconds:
                await asyncio.sleep(trouble.hang_seconds)
            return await _send(request, await self._answer(request, weight, query, trouble), trouble.ending)

        return answer

    async def _answer(self, request: web.Request, weight: int, query: Query, trouble: Disturbance) -> web.Response:
        """Count a request's weight and return the answer to it, as far as the exchange gets with it."""
        now = time.time_ns() // 1_000
        used = self._weights.spend(request.remote or "", weight if trouble.is_counted else 0, now)
        limit = self._faults.weight_limit(self._weights.limit)
        headers = {} if trouble.hides_weight else _weight_headers(used)
        if trouble.is_idle:
            return _instead(trouble, headers)
        if used > limit:
            return _refusal(_too_much(limit), headers | {"Retry-After": str(retry_after(now))})
        try:
            venue = self._venue.behind(trouble.behind_us)
            unit = Unit.named(request.headers.get("X-MBX-TIME-UNIT"))
            body = await query(venue, Parameters(_later(request.query, trouble.late_by)), unit)
        except ApiError as error:
            return _refusal(error, headers)
        if trouble.answer is not None:
            return _instead(trouble, headers)
        if trouble.edit is not None:
            body = f"[{','.join(bytes(row).decode() for row in trouble.edit(_ROWS.decode(body)))}]"
        return web.Response(text=body, content_type=trouble.content_type, headers=headers)

    async def _ping(self, venue: Venue, given: Parameters, unit: Unit) -> str:
        given.finish()
        return "{}"

    async def _time(self, venue: Venue, given: Parameters, unit: Unit) -> str:
        given.finish()
        return f'{{"serverTime":{self._venue.now() // unit}}}'

    async def _exchange_info(self, venue: Venue, given: Parameters, unit: Unit) -> str:
        known = venue.market.instruments
        names = given.symbols(known)
        given.finish()
        limit = self._faults.weight_limit(self._weights.limit)
        info = exchange_info([known[name] for name in names], weight_limit=limit, now_ms=self._venue.now() // unit)
        return msgspec.json.encode(info).decode()

    async def _trades(self, venue: Venue, given: Parameters, unit: Unit) -> str:
        symbol, limit = given.symbol(venue.market.instruments), given.limit()
        given.finish()
        return wire.trade_rows(queries.trades(venue, symbol, None, limit), unit)

    async def _historical_trades(self, venue: Venue, given: Parameters, unit: Unit) -> str:
        symbol, limit = given.symbol(venue.market.instruments), given.limit()
        from_id = given.number("fromId")
        given.finish()
        return wire.trade_rows(queries.trades(venue, symbol, from_id, limit), unit)

    async def _aggregates(self, venue: Venue, given: Parameters, unit: Unit) -> str:
        symbol, limit = given.symbol(venue.market.instruments), given.limit()
        from_id, since, until = given.number("fromId"), given.since(), given.until()
        given.finish()
        if from_id is None:
            found = queries.aggregates_between(venue, symbol, since, until, limit)
        elif since is None and until is None:
            found = queries.aggregates_from(venue, symbol, from_id, limit)
        else:
            raise ApiError(-1128, "Combination of optional parameters invalid.")
        return wire.aggregate_rows(found, unit)

    async def _klines(self, venue: Venue, given: Parameters, unit: Unit) -> str:
        symbol, interval, limit = given.symbol(venue.market.instruments), given.interval(), given.limit()
        since, until = given.since(), given.until()
        given.finish()
        rows = await queries.klines(venue, symbol, interval, since, until, limit, unit)
        return f"[{','.join(wire.kline_row(row) for row in rows)}]"


async def _send(request: web.Request, answer: web.Response, ending: str) -> web.StreamResponse:
    """Send an answer whole; or end the connection instead, or in the middle of it."""
    if ending == "reset":
        endings.reset(request.transport)
    elif ending == "truncated":
        body = answer.body if isinstance(answer.body, bytes) else b""
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        endings.break_off(request.transport, body, head=head.encode())
    return answer


def _later(query: Mapping[str, str], late_by: int) -> Mapping[str, str]:
    """Return a query for a page that starts so many ids later."""
    from_id = query.get("fromId", "")
    return {**query, "fromId": str(int(from_id) + late_by)} if late_by and from_id.isdigit() else query


def _weight_headers(used: int) -> dict[str, str]:
    return {"X-MBX-USED-WEIGHT": str(used), "X-MBX-USED-WEIGHT-1M": str(used)}


def _instead(trouble: Disturbance, headers: dict[str, str]) -> web.Response:
    if trouble.answer is None:
        return web.Response(headers=headers)
    return web.Response(
        status=trouble.answer.status, text=trouble.answer.body, headers=headers | dict(trouble.answer.headers)
    )


def _too_much(limit: int) -> ApiError:
    text = (
        f"Too much request weight used; current limit is {limit} request weight per 1 MINUTE. "
        "Please use WebSocket Streams for live updates to avoid polling the API."
    )
    return ApiError(-1003, text, 429)


def _refusal(error: ApiError, headers: dict[str, str]) -> web.Response:
    body = msgspec.json.encode({"code": error.code, "msg": str(error)}).decode()
    return web.Response(status=error.status, text=body, content_type="application/json", headers=headers)
