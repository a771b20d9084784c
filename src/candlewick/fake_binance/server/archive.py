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
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from aiohttp import web

from candlewick.fake_binance.faults import Faults, FileFault
from candlewick.fake_binance.market.candles import Chart
from candlewick.fake_binance.market.intervals import Interval, interval
from candlewick.fake_binance.market.market import Market
from candlewick.fake_binance.market.reading import newest, runs
from candlewick.fake_binance.market.trades import Trades
from candlewick.fake_binance.server import wire
from candlewick.fake_binance.server.venue import Venue
from candlewick.fake_binance.server.wire import Unit

_DAY_US = 86_400_000_000
_EPOCH = date(1970, 1, 1)
_MICROSECONDS_FROM = date(2025, 1, 1)
_LEVEL = 3
"""zlib's level: the files are for this host, so speed matters more than size."""

_LACKED = 100
"""An incomplete file lacks so many trades."""


@dataclass(frozen=True, slots=True)
class DailyFile:
    """One day of trades (`interval` is None) or klines of a symbol."""

    symbol: str
    day: date
    interval: Interval | None
    edition: int = 0
    """Another edition has the same rows in other bytes."""

    lacks: int = 0
    """So many trades are missing from its middle."""

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
        pieces = self._pieces(market, first_id, stop_id)
        if self.interval is None:
            yield from (wire.trade_lines(trades, self.unit) for trades in pieces)
            return
        chart = Chart(self.interval)
        for trades in pieces:
            chart.add(trades)
            yield ""
        before = newest(market, self.symbol, first_id - 1)
        opens = self.interval.series(self.begins, self.ends - 1)
        for candle in chart.rows(opens, int(before.price[0]) if len(before) else None):
            values = wire.kline_values(market.instruments[self.symbol], self.interval, candle, self.unit)
            yield f"{','.join(values)},0\n"

    def _pieces(self, market: Market, first_id: int, stop_id: int) -> Iterator[Trades]:
        middle = (first_id + stop_id) // 2
        for trades in runs(market, self.symbol, first_id, stop_id - 1):
            yield trades.without([(middle, middle + self.lacks - 1)]) if self.lacks else trades


class Archive:
    """Makes and serves the daily files of one venue."""

    def __init__(self, venue: Venue, faults: Faults) -> None:
        self._venue = venue
        self._faults = faults
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
        file, fault = self._asked(request)
        path = await self._made(file)
        headers = {"Content-Type": "application/zip"}
        if fault == "truncated_zip":
            content = await asyncio.to_thread(path.read_bytes)
            return web.Response(body=content[: len(content) // 2], headers=headers)
        return web.FileResponse(path, headers=headers)

    async def _checksum(self, request: web.Request) -> web.StreamResponse:
        file, fault = self._asked(request)
        path = await self._made(file)
        digest = await asyncio.to_thread(_sha256, path)
        if fault == "wrong_checksum":
            digest = digest[::-1]
        return web.Response(text=f"{digest}  {file.stem}.zip\n")

    def _asked(self, request: web.Request) -> tuple[DailyFile, FileFault | None]:
        """Return the file that is asked for, and what is wrong with it. Raises 404 where there is none."""
        file = self._existing(request)
        match self._faults.file(request.path):
            case "missing_day":
                raise web.HTTPNotFound
            case "replaced_file":
                return replace(file, edition=1), None
            case "incomplete_day":
                return replace(file, lacks=_LACKED), None
            case fault:
                return file, fault

    def _existing(self, request: web.Request) -> DailyFile:
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
        path = Path(self._folder.name) / f"{file.stem}~{file.edition}~{file.lacks}.zip"
        made_on = (file.day.year, file.day.month, file.day.day, file.edition, 0, 0)
        entry = zipfile.ZipInfo(f"{file.stem}.csv", made_on)
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
