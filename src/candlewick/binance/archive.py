"""Binance's archive: one zip of trades for each past day, with its checksum beside it.

Source: binance-public-data's README: a file is there on the next day, and may be replaced later. It is downloaded to
disk and proved by its checksum; `daily_file` reads it from there.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, TypeVar
from urllib.parse import quote, urlsplit

import aiohttp
import stamina

from candlewick.binance.reach import proxy_for, unreached
from candlewick.errors import ArchiveError, ExchangeError, UnreachableError, preview

_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)
_CHECKSUM = re.compile(r"([0-9a-f]{64})\s+\*?(\S+)\s*")

T = TypeVar("T")


class Offer(NamedTuple):
    """What the archive has of a day: the zip's size in bytes, and its SHA-256."""

    byte_count: int
    sha256: str


class Archive:
    """A client for one archive host."""

    def __init__(self, url: str, *, attempts: int = 4, proxy: str = "") -> None:
        self.is_demo = False
        self._url = url.rstrip("/")
        self._attempts = attempts
        self._proxy = proxy
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self._session.close()

    async def offer(self, symbol: str, day: date) -> Offer | None:
        """Return what there is of a day; None where the archive has no file of it.

        Raises `UnreachableError`, and `ArchiveError` for a checksum that is none.
        """
        return await self._again(lambda: self._offer(self._address(symbol, day)))

    async def fetch(self, symbol: str, day: date, path: Path) -> str:
        """Download a day's zip to a path, and prove it; return its SHA-256.

        A file may be replaced between the checksum and the zip, so one that does not agree is asked for again, once.
        Raises `ArchiveError` where it does not agree then either, `UnreachableError` where it cannot be had, and
        `OSError` where the path cannot be written.
        """
        address = self._address(symbol, day)
        wanted = got = ""
        for _ in range(2):
            offer = await self.offer(symbol, day)
            if offer is None:
                raise ArchiveError(f"{address}: there is no such file")
            wanted, got = offer.sha256, await self._again(lambda: self._download(address, path))
            if got == wanted:
                return got
        raise ArchiveError(f"{address}: expected SHA-256 {wanted[:12]}…, got {got[:12]}…")

    def _address(self, symbol: str, day: date) -> str:
        name = quote(symbol)
        return f"{self._url}/data/spot/daily/trades/{name}/{name}-trades-{day}.zip"

    async def _again(self, ask: Callable[[], Awaitable[T]]) -> T:
        retries = stamina.retry_context(on=UnreachableError, attempts=self._attempts, timeout=120, wait_max=10)
        async for attempt in retries:
            with attempt:
                return await ask()
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _offer(self, address: str) -> Offer | None:
        async with self._get("GET", f"{address}.CHECKSUM") as answer:
            if answer is None:
                return None
            text = await answer.text()
        match = _CHECKSUM.fullmatch(text)
        if match is None:
            raise ArchiveError(f"{address}.CHECKSUM: expected a SHA-256 and a name, got {preview(text.encode())}")
        async with self._get("HEAD", address) as answer:
            return None if answer is None else Offer(answer.content_length or 0, match[1])

    async def _download(self, address: str, path: Path) -> str:
        digest = hashlib.sha256()
        async with self._get("GET", address) as answer:
            if answer is None:
                raise ArchiveError(f"{address}: there is no such file")
            with path.open("wb") as file:
                async for chunk in answer.content.iter_chunked(1 << 20):
                    digest.update(chunk)
                    await asyncio.to_thread(file.write, chunk)
        return digest.hexdigest()

    @asynccontextmanager
    async def _get(self, method: str, address: str) -> AsyncIterator[aiohttp.ClientResponse | None]:
        """Give the answer, None for a file that is not there; what fails until it is read is an error of ours."""
        try:
            async with self._session.request(method, address, proxy=proxy_for(address, self._proxy)) as answer:
                self.is_demo |= answer.headers.get("X-Candlewick-Exchange") == "demo"
                if answer.status not in (200, 404):
                    kind = UnreachableError if answer.status >= 500 or answer.status == 429 else ExchangeError
                    raise kind(f"{address}: expected 200, got {answer.status}")
                yield None if answer.status == 404 else answer
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError) as error:
            raise UnreachableError(unreached(address, error)) from None
        except (aiohttp.ClientError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise UnreachableError(f"{urlsplit(address).netloc}: the archive does not answer: {reason}") from None
