"""`/api/v3/exchangeInfo`: the limits, and what each symbol may trade in. Source: rest-api.md, filters.md."""

from collections.abc import Iterable
from typing import Any

from candlewick.fake_binance.market.instruments import Instrument, decimal


def exchange_info(instruments: Iterable[Instrument], *, weight_limit: int, now_ms: int) -> dict[str, Any]:
    """Return the answer for some symbols, with the request weight that a minute allows."""
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "rateLimits": [
            _limit("REQUEST_WEIGHT", "MINUTE", 1, weight_limit),
            _limit("ORDERS", "SECOND", 10, 100),
            _limit("ORDERS", "DAY", 1, 200_000),
            _limit("RAW_REQUESTS", "MINUTE", 5, 300_000),
        ],
        "exchangeFilters": [],
        "symbols": [_symbol(one) for one in instruments],
    }


def _limit(kind: str, interval: str, count: int, limit: int) -> dict[str, Any]:
    return {"rateLimitType": kind, "interval": interval, "intervalNum": count, "limit": limit}


def _symbol(one: Instrument) -> dict[str, Any]:
    return {
        "symbol": one.symbol,
        "status": "TRADING",
        "baseAsset": one.base,
        "baseAssetPrecision": 8,
        "quoteAsset": one.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "MARKET"],
        "icebergAllowed": False,
        "ocoAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": decimal(one.tick),
                "maxPrice": decimal(10**16),
                "tickSize": decimal(one.tick),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": decimal(one.lot),
                "maxQty": decimal(10**12),
                "stepSize": decimal(one.lot),
            },
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
    }
