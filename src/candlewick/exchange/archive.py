"""The archive: `/data/spot/daily/…`, one zip for each past day, with its checksum.

Source: binance-public-data's README. Spot trades are seven columns and klines twelve, without a header; times are in
µs from 2025 on and in ms before. A file is made when it is first asked for, in a temporary folder of this exchange.
"""

import asyncio
import hashlib
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from aiohttp import web

from candlewick.exchange import wire
from candlewick.exchange.candles import Chart
from candlewick.exchange.intervals import Interval, interval
from candlewick.exchange.market import Market, runs
from candlewick.exchange.venue import Venue
from candlewick.exchange.wire import Unit

_DAY_US = 86_400_000_000
_EPOCH = date(1970, 1, 1)
_MICROSECONDS_FROM = date(2025, 1, 1)
_LEVEL = 3
"""zlib's level: the files are for this host, so speed matters more than size."""


@dataclass(frozen=True, slots=True)
class DailyFile:
    """One day of trades (`interval` is None) or klines of a symbol."""

    symbol: str
    day: date
    interval: Interval | None

    @property
    def stem(self) -> str:
        """The name, without its suffix."""
        return f"{self.symbol}-{self.interval.name if self.interval else 'trades'}-{self.day}"

    @property
    def begins(self) -> int:
        """The day's first µs."""
        return (self.day - _EPOCH).days * _DAY_US

    @property
    def ends(self) -> int:
        """The next day's first µs."""
        return self.begins + _DAY_US

    @property
    def unit(self) -> Unit:
        """What its times are in."""
        return Unit.MICROSECOND if self.day >= _MICROSECONDS_FROM else Unit.MILLISECOND

    def text(self, market: Market) -> Iterator[str]:
        """Yield the file's lines, in pieces."""
        first_id, stop_id = market.id_at(self.symbol, self.begins), market.id_at(self.symbol, self.ends)
        pieces = runs(market, self.symbol, first_id, stop_id - 1)
        if self.interval is None:
            yield from (wire.trade_lines(trades, self.unit) for trades in pieces)
            return
        chart = Chart(self.interval)
        for trades in pieces:
            chart.add(trades)
            yield ""
        before = market.trades(self.symbol, first_id - 1, first_id - 1)
        opens = self.interval.series(self.begins, self.ends - 1)
        for candle in chart.rows(opens, int(before.price[0]) if len(before) else None):
            values = wire.kline_values(market.instruments[self.symbol], self.interval, candle, self.unit)
            yield f"{','.join(values)},0\n"


class Archive:
    """Makes and serves the daily files of one venue."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._folder = tempfile.TemporaryDirectory(prefix="candlewick-archive-")
        self._making: dict[DailyFile, asyncio.Task[Path]] = {}
        self._stopping = threading.Event()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes: of each file, and of the checksum beside it."""
        day = r"{day:\d{4}-\d{2}-\d{2}}"
        trades = "/data/spot/daily/trades/{symbol}/{named}-trades-" + day + ".zip"
        klines = "/data/spot/daily/klines/{symbol}/{interval}/{named}-{length}-" + day + ".zip"
        return [
            web.get(path + suffix, answer)
            for path in (trades, klines)
            for suffix, answer in (("", self._zip), (".CHECKSUM", self._checksum))
        ]

    async def close(self) -> None:
        """Stop making files, and delete those there are."""
        self._stopping.set()
        await asyncio.gather(*self._making.values(), return_exceptions=True)
        await asyncio.to_thread(self._folder.cleanup)

    async def _zip(self, request: web.Request) -> web.StreamResponse:
        path = await self._made(self._asked(request))
        return web.FileResponse(path, headers={"Content-Type": "application/zip"})

    async def _checksum(self, request: web.Request) -> web.StreamResponse:
        path = await self._made(self._asked(request))
        digest = await asyncio.to_thread(_sha256, path)
        return web.Response(text=f"{digest}  {path.name}\n")

    def _asked(self, request: web.Request) -> DailyFile:
        """Return the file that is asked for. Raises 404 where there is none: a day is there when it is over."""
        asked = request.match_info
        symbol, length = asked["symbol"], asked.get("interval")
        try:
            file = DailyFile(symbol, date.fromisoformat(asked["day"]), interval(length) if length else None)
        except ValueError:
            raise web.HTTPNotFound from None
        is_named = asked["named"] == symbol and asked.get("length") == length and (file.interval or not length)
        market = self._venue.market
        if not is_named or symbol not in market.instruments:
            raise web.HTTPNotFound
        if market.published_by(symbol, file.ends) > self._venue.now() or market.id_at(symbol, file.ends) <= (
            market.first_id(symbol)
        ):
            raise web.HTTPNotFound
        return file

    async def _made(self, file: DailyFile) -> Path:
        """Return the file's path, made in a thread by whoever asks first."""
        if file not in self._making:
            self._making[file] = asyncio.create_task(asyncio.to_thread(self._make, file))
        return await asyncio.shield(self._making[file])

    def _make(self, file: DailyFile) -> Path:
        path = Path(self._folder.name) / f"{file.stem}.zip"
        entry = zipfile.ZipInfo(f"{file.stem}.csv", (file.day.year, file.day.month, file.day.day, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(path, "w", compresslevel=_LEVEL) as archive, archive.open(entry, "w") as lines:
            for piece in file.text(self._venue.market):
                if self._stopping.is_set():
                    raise web.HTTPServiceUnavailable
                lines.write(piece.encode())
        return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
