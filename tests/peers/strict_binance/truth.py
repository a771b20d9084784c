"""What really happened, for tests: no Binance has this. Plain HTTP, all numbers as strings."""

from decimal import Decimal

from aiohttp import web

from .exchange import Exchange
from .market import MINUTE


def truth(exchange: Exchange) -> web.Application:
    """`/truth`: heads and counters; `/truth/trades` by `symbol, from, to` (ids); `/truth/candles` of 1m by µs."""

    async def summary(_request: web.Request) -> web.Response:
        heads = {
            name: {"first": str(m.trades[0].id), "last": str(m.trades[-1].id)} for name, m in exchange.markets.items()
        }
        return web.json_response({"markets": heads, "seen": dict(exchange.seen)})

    async def trades(request: web.Request) -> web.Response:
        market = exchange.markets[request.query["symbol"]]
        start, end = (market.position(int(request.query[name])) for name in ("from", "to"))
        return web.json_response(
            [
                [str(t.id), f"{t.price:f}", f"{t.quantity:f}", f"{t.quote:f}", str(t.time), str(t.buyer_is_maker)]
                for t in market.trades[max(start, 0) : end + 1]
            ]
        )

    async def candles(request: web.Request) -> web.Response:
        market = exchange.markets[request.query["symbol"]]
        bars = (
            market.candle(opens, opens + MINUTE, len(market.trades))
            for opens in range(int(request.query["from"]), int(request.query["to"]), MINUTE)
        )
        names = ("open_time", "open", "high", "low", "close", "volume", "quote_volume", "count",
                 "taker_volume", "taker_quote_volume", "first", "last")  # fmt: skip
        return web.json_response([{name: f"{Decimal(getattr(bar, name)):f}" for name in names} for bar in bars])

    application = web.Application()
    application.router.add_get("/truth", summary)
    application.router.add_get("/truth/trades", trades)
    application.router.add_get("/truth/candles", candles)
    return application
