"""`data.binance.vision`: a zip and its checksum for each market and day, laid out as the public-data README says."""

import hashlib
import io
import zipfile
from datetime import UTC, datetime, timedelta

from aiohttp import web

from .exchange import Exchange, clock
from .market import DAY, INTERVALS, Market
from .rest import kline_row, padded

_US = 1  # "The timestamp for SPOT Data from January 1st 2025 onwards will be in microseconds."


class Archive:
    """Daily files of spot trades and klines; a day's files are there from the next day on."""

    def __init__(self, exchange: Exchange):
        self._exchange = exchange
        self._made: dict[str, bytes] = {}
        self.application = web.Application()
        self.application.router.add_get("/data/spot/daily/trades/{symbol}/{file}", self._answer)
        self.application.router.add_get("/data/spot/daily/klines/{symbol}/{interval}/{file}", self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        symbol, interval = request.match_info["symbol"], request.match_info.get("interval")
        name = request.match_info["file"].removesuffix(".CHECKSUM")
        kind = interval or "trades"
        market = self._exchange.markets.get(symbol)
        day = _day_of(name, f"{symbol}-{kind}-")
        if (
            market is None
            or day is None
            or not market.listed <= day <= clock() - DAY
            or kind not in ("trades", *INTERVALS)
        ):
            return web.Response(
                status=404, text="<Error><Code>NoSuchKey</Code></Error>", content_type="application/xml"
            )
        if name not in self._made:
            text = _trades(market, day) if interval is None else _klines(market, interval, day)
            self._made[name] = _zipped(name.replace(".zip", ".csv"), text)
        self._exchange.seen["GET archive"] += 1
        if request.match_info["file"].endswith(".CHECKSUM"):
            return web.Response(text=f"{hashlib.sha256(self._made[name]).hexdigest()}  {name}\n")
        return web.Response(body=self._made[name], content_type="application/zip")


def _day_of(name: str, prefix: str) -> int | None:
    """The first µs of the day in a name such as `ETHBTC-trades-2026-11-26.zip`."""
    date = name.removeprefix(prefix).removesuffix(".zip")
    if name != f"{prefix}{date}.zip":
        return None
    try:
        return int(
            (datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC))
            / timedelta(microseconds=1)
        )
    except ValueError:
        return None


def _trades(market: Market, day: int) -> str:
    return "".join(
        f"{t.id},{padded(t.price)},{padded(t.quantity)},{padded(t.quote)},{t.time},{t.buyer_is_maker},True\n"
        for t in market.trades[market.since(day) : market.since(day + DAY)]
    )


def _klines(market: Market, interval: str, day: int) -> str:
    length = INTERVALS[interval]
    bars = (market.candle(opens, opens + length, len(market.trades)) for opens in range(day, day + DAY, length))
    return "".join(",".join(map(str, kline_row(bar, _US))) + "\n" for bar in bars)


def _zipped(name: str, text: str) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text)
    return whole.getvalue()
