"""A running exchange, and clients to ask it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import aiohttp
import pytest
import pytest_asyncio

from candlewick.fake_binance.faults import Fault
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.fake_binance.server.server import Exchange

_DEADLINE = 60
_DEFAULTS = {"port": 0, "symbols": ("BTCDEMO", "ETHDEMO"), "rate": 60.0, "history": timedelta(hours=6)}


@dataclass
class Client:
    """Asks one exchange."""

    exchange: Exchange
    http: aiohttp.ClientSession

    @property
    def market(self):
        """The truth."""
        return self.exchange.market

    async def get(self, path, headers=None):
        """Return status, headers and JSON of a REST answer."""
        async with self.http.get(self.exchange.rest_url + path, headers=headers) as answer:
            return answer.status, answer.headers, json.loads(await answer.read() or "null")

    async def rows(self, path, headers=None):
        """Return the JSON of an answer that must be 200."""
        status, _, body = await self.get(path, headers)
        assert status == 200, body
        return body

    async def error(self, path, headers=None):
        """Return status and code of an error answer."""
        status, _, body = await self.get(path, headers)
        return status, body["code"]

    def inject(self, *args, **kwargs):
        """Begin a fault; return its entry in the journal."""
        return self.exchange.faults.inject(Fault(*args, **kwargs))[0]

    def connect(self, path, **options):
        """Return a WebSocket connection, as a context manager."""
        return self.http.ws_connect(self.exchange.ws_url + path, **options)


@asynccontextmanager
async def _running(faults=None, **options) -> AsyncIterator[Client]:
    """Run an exchange on a free port."""
    async with (
        asyncio.timeout(_DEADLINE),
        Exchange(ExchangeOptions(**_DEFAULTS | options), faults) as exchange,
        aiohttp.ClientSession() as http,
    ):
        yield Client(exchange, http)


@pytest.fixture
def eventually():
    """Wait, with a deadline, until a condition gives something true, and return that."""
    return _eventually


async def _eventually(condition):
    async with asyncio.timeout(_DEADLINE):
        while not (found := condition()):  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.02)
    return found


@pytest.fixture
async def slow_http():
    """A client session whose sockets take little before somebody reads from them."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(socket_factory=_small_socket)) as http:
        yield http


def _small_socket(address):
    family, kind, protocol, _, _ = address
    small = socket.socket(family, kind, protocol)
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    return small


@pytest.fixture(scope="session")
def running():
    """Run an exchange with given options: an async context manager that gives its client."""
    return _running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client():
    """A client of an exchange with two synthetic markets, which a module's tests share: they run in one loop."""
    async with _running() as one:
        yield one


@pytest_asyncio.fixture(loop_scope="module")
async def faulty(faulty_exchange):
    """A client of an exchange whose faults end with the test; `inject` begins one."""
    yield faulty_exchange
    faulty_exchange.exchange.faults.heal()
    await _eventually(lambda: not faulty_exchange.exchange.hub.connections)
