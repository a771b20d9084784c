"""`/api/v3`: the public endpoints of rest-api.md with their weights, limits, sources and errors."""

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal

from aiohttp import web

from .exchange import Exchange, clock
from .market import INTERVALS, SECOND, Candle, Market, Trade, span_of
from .meter import Limited, Meter
from .parameters import Parameters, Refused, refuse

_ORDER_TYPES = ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"]
_STATUSES = ("TRADING", "HALT", "BREAK", "CANCEL_ONLY")


class Rest:
    """One host. The market-data-only host does not list `historicalTrades` (faqs/market_data_only.md)."""

    def __init__(self, exchange: Exchange, meter: Meter, *, by_id: bool, keyed: bool = False):
        self._exchange, self._meter, self._keyed = exchange, meter, keyed
        self.application = web.Application()
        endpoints: list[tuple[str, int, Callable[[Parameters, int], object]]] = [
            ("ping", 1, lambda _parameters, _unit: {}),
            ("time", 1, lambda _parameters, unit: {"serverTime": clock() // unit}),
            ("exchangeInfo", 20, self._exchange_info),
            ("trades", 25, self._trades),
            ("aggTrades", 4, self._aggregates),
            ("klines", 2, self._klines),
            ("uiKlines", 2, self._klines),
        ]
        if by_id:
            endpoints.append(("historicalTrades", 25, self._historical_trades))
        for name, weight, answer in endpoints:
            self.application.router.add_get(f"/api/v3/{name}", self._endpoint(name, weight, answer), allow_head=False)

    def _endpoint(
        self, name: str, weight: int, answer: Callable[[Parameters, int], object]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def respond(request: web.Request) -> web.Response:
            ip, headers, status = request.remote or "", {}, 200
            self._exchange.seen[f"GET {name}"] += 1
            try:
                self._meter.spend(ip, weight, clock() / SECOND)
                unit = _time_unit(request.headers.get("X-MBX-TIME-UNIT"))
                parameters = Parameters(request.query.items())
                body = answer(parameters, unit)
                parameters.done()
            except Refused as refused:
                body, status = {"code": refused.code, "msg": refused.message}, refused.status
                self._exchange.seen[f"error {refused.code} {name}"] += 1
                if isinstance(refused, Limited):
                    headers["Retry-After"] = str(refused.wait)
            headers["X-MBX-USED-WEIGHT"] = headers["X-MBX-USED-WEIGHT-1M"] = str(self._meter.used(ip))
            text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
            return web.Response(
                text=text, status=status, headers=headers, content_type="application/json", charset="utf-8"
            )

        return respond

    def _market(self, symbol: str) -> Market:
        market = self._exchange.markets.get(symbol)
        return market if market is not None else refuse(-1121, "Invalid symbol.")

    def _trades(self, parameters: Parameters, unit: int) -> object:
        market, limit = self._market(parameters.need("symbol")), parameters.limit()
        end = self._exchange.fresh(market)
        return [trade_row(trade, unit) for trade in market.trades[max(end - limit, 0) : end]]

    def _historical_trades(self, parameters: Parameters, unit: int) -> object:
        if self._keyed:
            raise Refused(-2014, "API-key format invalid.", 401)
        market, limit = self._market(parameters.need("symbol")), parameters.limit()
        from_id = parameters.number("fromId")
        end = self._exchange.stored(market)
        start = max(end - limit, 0) if from_id is None else max(market.position(from_id), 0)
        return [trade_row(trade, unit) for trade in market.trades[start : min(start + limit, end)]]

    def _aggregates(self, parameters: Parameters, unit: int) -> object:
        market, limit = self._market(parameters.need("symbol")), parameters.limit()
        from_id, (start, end) = parameters.number("fromId"), parameters.period()
        if from_id is not None and (start, end) != (None, None):
            refuse(-1128, "Combination of optional parameters invalid.")
        stored = self._exchange.stored(market)
        rows = []
        for number, first in enumerate(market.aggregates):
            following = market.aggregates[number + 1] if number + 1 < len(market.aggregates) else len(market.trades)
            time = market.trades[first].time
            if following <= stored and (start is None or time >= start) and (end is None or time <= end):
                rows.append((number, market.trades[first:following]))
        if from_id is not None or start is not None:
            rows = rows[min(from_id or 0, len(rows)) :][:limit]
        return [_aggregate_row(number, trades, unit) for number, trades in rows[-limit:]]

    def _klines(self, parameters: Parameters, unit: int) -> object:
        market, limit = self._market(parameters.need("symbol")), parameters.limit()
        interval = parameters.need("interval")
        if interval not in INTERVALS and interval not in ("1w", "1M"):
            refuse(-1120, "Invalid interval.")
        (start, end), zone = parameters.period(), parameters.zone()
        stored = self._exchange.stored(market)
        now = clock() - self._exchange.database_lag
        earliest = span_of(interval, market.listed, zone)[0]
        until = now if end is None else min(now, end)
        bars: list[tuple[int, int]] = []
        if start is not None:
            bar = span_of(interval, max(start, earliest), zone)
            if bar[0] < start:
                bar = span_of(interval, bar[1], zone)
            while bar[0] <= until and len(bars) < limit:
                bars.append(bar)
                bar = span_of(interval, bar[1], zone)
        else:
            bar = span_of(interval, until, zone)
            while bar[0] >= earliest and len(bars) < limit:
                bars.insert(0, bar)
                bar = span_of(interval, bar[0] - 1, zone)
        return [kline_row(market.candle(opens, closes, stored), unit) for opens, closes in bars]

    def _exchange_info(self, parameters: Parameters, unit: int) -> object:
        symbol, symbols = parameters.take("symbol"), parameters.names("symbols")
        permissions, status = parameters.take("permissions"), parameters.take("symbolStatus")
        if parameters.take("showPermissionSets") not in (None, "true", "false"):
            refuse(-1130, "Data sent for parameter 'showPermissionSets' is not valid.")
        if sum(each is not None for each in (symbol, symbols, permissions or status)) > 1:
            refuse(-1128, "Combination of optional parameters invalid.")
        if status is not None and status not in _STATUSES:
            refuse(-1122, "Invalid symbolStatus.")
        names = [symbol] if symbol is not None else symbols
        markets = list(self._exchange.markets.values()) if names is None else [self._market(name) for name in names]
        shown = [_symbol(market) for market in markets] if status in (None, "TRADING") else []
        return {
            "timezone": "UTC",
            "serverTime": clock() // unit,
            "rateLimits": [
                _limit("REQUEST_WEIGHT", "MINUTE", 1, self._meter.limit),
                _limit("ORDERS", "SECOND", 10, 100),
                _limit("ORDERS", "DAY", 1, 200_000),
                _limit("RAW_REQUESTS", "MINUTE", 5, 300_000),
            ],
            "exchangeFilters": [],
            "symbols": shown,
        }


def padded(number: Decimal) -> str:
    """A number as REST and the archive write it: with eight places."""
    return f"{number:.8f}"


def trade_row(trade: Trade, unit: int) -> dict[str, object]:
    return {
        "id": trade.id, "price": padded(trade.price), "qty": padded(trade.quantity), "quoteQty": padded(trade.quote),
        "time": trade.time // unit, "isBuyerMaker": trade.buyer_is_maker, "isBestMatch": True,
    }  # fmt: skip


def kline_row(candle: Candle, unit: int) -> list[object]:
    return [
        candle.open_time // unit, padded(candle.open), padded(candle.high), padded(candle.low), padded(candle.close),
        padded(candle.volume), candle.close_time // unit, padded(candle.quote_volume), candle.count,
        padded(candle.taker_volume), padded(candle.taker_quote_volume), "0",
    ]  # fmt: skip


def _aggregate_row(number: int, trades: list[Trade], unit: int) -> dict[str, object]:
    first = trades[0]
    return {
        "a": number, "p": padded(first.price), "q": padded(sum((t.quantity for t in trades), Decimal(0))),
        "f": first.id, "l": trades[-1].id, "T": first.time // unit, "m": first.buyer_is_maker, "M": True,
    }  # fmt: skip


def _symbol(market: Market) -> dict[str, object]:
    instrument = market.instrument
    return {
        "symbol": instrument.symbol, "status": "TRADING", "baseAsset": instrument.base, "baseAssetPrecision": 8,
        "quoteAsset": instrument.quote, "quotePrecision": 8, "quoteAssetPrecision": 8, "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8, "orderTypes": _ORDER_TYPES, "icebergAllowed": True, "ocoAllowed": True,
        "otoAllowed": True, "opoAllowed": True, "quoteOrderQtyMarketAllowed": True, "allowTrailingStop": False,
        "cancelReplaceAllowed": False, "amendAllowed": False, "pegInstructionsAllowed": True,
        "isSpotTradingAllowed": True, "isMarginTradingAllowed": False,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": padded(instrument.tick), "maxPrice": "1000000.00000000",
             "tickSize": padded(instrument.tick)},
            {"filterType": "LOT_SIZE", "minQty": padded(instrument.step), "maxQty": "92141578.00000000",
             "stepSize": padded(instrument.step)},
        ],
        "permissions": [], "permissionSets": [["SPOT"]], "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    }  # fmt: skip


def _limit(kind: str, interval: str, number: int, limit: int) -> dict[str, object]:
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}


def _time_unit(header: str | None) -> int:
    """How many µs one unit of time has in this answer."""
    if header in ("MICROSECOND", "microsecond"):
        return 1
    if header not in (None, "MILLISECOND", "millisecond"):
        refuse(-1194, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.")
    return 1000
