"""The archive: `/data/spot/daily/…`, one zip a past day, with its checksum. Source: binance-public-data's README.

Spot trades are seven columns without a header, klines twelve; times are in µs from 2025 on and in ms before. A file
is made when it is first asked for, in a temporary folder, and stays there until the exchange stops.
"""

import asyncio
import hashlib
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from aiohttp import web

from candlewick.exchange import wire
from candlewick.exchange.candles import Chart
from candlewick.exchange.intervals import Interval, interval
from candlewick.exchange.market import Market, runs
from candlewick.exchange.venue import Venue
from candlewick.exchange.wire import Unit

_DAY_US = 86_400_000_000
_MICROSECONDS_SINCE = date(2025, 1, 1)
_FAST = 3
"""zlib's level: a third of the bytes of level 0, at three times the speed of level 6."""


class Archive:
    """Makes and serves the daily files of one venue."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._folder = tempfile.TemporaryDirectory(prefix="candlewick-archive-")
        self._making: dict[str, asyncio.Task[Path]] = {}

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of trades and klines."""
        daily = "/data/spot/daily"
        return [
            web.get(daily + r"/trades/{symbol}/{name:.+\.zip}{checksum:(\.CHECKSUM)?}", self._answer),
            web.get(daily + r"/klines/{symbol}/{interval}/{name:.+\.zip}{checksum:(\.CHECKSUM)?}", self._answer),
        ]

    async def close(self) -> None:
        """Stop making files and delete those there are."""
        for task in self._making.values():
            task.cancel()
        await asyncio.gather(*self._making.values(), return_exceptions=True)
        await asyncio.to_thread(self._folder.cleanup)
