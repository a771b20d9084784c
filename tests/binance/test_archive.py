"""The archive's client against a real HTTP server."""

import hashlib
from datetime import date

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from candlewick.binance.archive import Archive
from candlewick.errors import ArchiveError, ExchangeError, UnreachableError

pytestmark = pytest.mark.usefixtures("no_waiting")
DAY = date(2024, 8, 8)
PATH = "/data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-2024-08-08.zip"


class Host:
    """Serves one day; each entry of `editions` is served once, the last one for ever; `failures` come first."""

    def __init__(self):
        self.editions = [b"one"]
        self.checksum = None
        self.failures = []
        self.asked = []

    async def handle(self, request):
        self.asked.append((request.method, request.path))
        if self.failures:
            return web.Response(status=self.failures.pop(0))
        if request.path == f"{PATH}.CHECKSUM":
            digest = hashlib.sha256(self.editions[0]).hexdigest()
            return web.Response(text=self.checksum or f"{digest}  BTCUSDT-trades-2024-08-08.zip\n")
        if request.path != PATH:
            return web.Response(status=404)
        if request.method == "GET" and len(self.editions) > 1:
            self.editions.pop(0)
        return web.Response(body=self.editions[0])


@pytest.fixture
async def host():
    handler = Host()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler.handle)
    async with TestServer(app) as server:
        handler.url = str(server.make_url(""))
        yield handler


@pytest.fixture
async def archive(host):
    async with Archive(host.url) as client:
        yield client


async def test_an_offer_has_size_and_checksum_and_a_day_without_a_file_has_none(archive, host):
    host.editions = [b"a file of 20 bytes.."]
    offer = await archive.offer("BTCUSDT", DAY)
    assert offer == (20, hashlib.sha256(host.editions[0]).hexdigest())
    assert await archive.offer("BTCUSDT", date(2024, 8, 9)) is None
    assert not archive.is_demo


async def test_a_file_is_downloaded_and_proved(archive, host, tmp_path):
    host.editions = [b"x" * 3_000_000]
    assert await archive.fetch("BTCUSDT", DAY, tmp_path / "zip") == hashlib.sha256(host.editions[0]).hexdigest()
    assert (tmp_path / "zip").read_bytes() == host.editions[0]


async def test_a_file_that_is_replaced_while_it_is_fetched_is_fetched_again(archive, host, tmp_path):
    host.editions = [b"old", b"new"]
    assert await archive.fetch("BTCUSDT", DAY, tmp_path / "zip") == hashlib.sha256(b"new").hexdigest()
    assert (tmp_path / "zip").read_bytes() == b"new"


async def test_a_checksum_that_does_not_agree_is_an_error_that_names_both(archive, host, tmp_path):
    host.checksum = f"{'0' * 64}  BTCUSDT-trades-2024-08-08.zip"
    with pytest.raises(ArchiveError, match=r"trades-2024-08-08\.zip: expected SHA-256 000000000000…, got 7692c3ad3540"):
        await archive.fetch("BTCUSDT", DAY, tmp_path / "zip")
    assert host.asked.count(("GET", PATH)) == 2


async def test_a_checksum_that_is_none_is_an_error(archive, host):
    host.checksum = "<html>not today</html>"
    with pytest.raises(ArchiveError, match="expected a SHA-256 and a name"):
        await archive.offer("BTCUSDT", DAY)


async def test_faults_are_tried_again_and_a_host_that_is_down_is_named(archive, host, tmp_path):
    host.failures = [503, 500]
    assert await archive.fetch("BTCUSDT", DAY, tmp_path / "zip")
    host.failures = [500] * 50
    with pytest.raises(UnreachableError, match="expected 200, got 500"):
        await archive.offer("BTCUSDT", DAY)
    host.failures = [403]
    with pytest.raises(ExchangeError, match="expected 200, got 403"):
        await archive.offer("BTCUSDT", DAY)


async def test_a_host_that_does_not_listen_is_named(no_waiting):
    async with Archive("http://127.0.0.1:9") as archive:
        with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:9 cannot be reached \("):
            await archive.offer("BTCUSDT", DAY)
