"""Which proxy is asked, and a recorder's three ways to the exchange through a real one."""

import socket
import ssl
from datetime import date

import aiohttp
import pytest

from candlewick.binance.archive import Archive
from candlewick.binance.budget import WeightBudget
from candlewick.binance.reach import proxy_for, reason_of
from candlewick.binance.rest import Rest
from candlewick.config import ExchangeSettings
from candlewick.errors import UnreachableError
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.fake_binance.server.server import Exchange
from peers.connect_proxy import ConnectProxy

VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_streams_ask_the_proxy_of_the_web(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://secure:1")
    monkeypatch.setenv("HTTP_PROXY", "plain:2")
    assert proxy_for("wss://stream.binance.com:9443") == proxy_for("https://api.binance.com") == "http://secure:1"
    assert proxy_for("ws://stream.binance.com") == proxy_for("http://api.binance.com") == "http://plain:2"


def test_no_proxy_names_what_is_reached_directly_and_this_machine_always_is(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://secure:1")
    monkeypatch.setenv("NO_PROXY", ".binance.vision,api.binance.com:443")
    assert proxy_for("https://data-api.binance.vision") is None
    assert proxy_for("wss://data-stream.binance.vision/stream") is None
    assert proxy_for("https://api.binance.com:443") is None
    assert proxy_for("https://api1.binance.com") == "http://secure:1"
    for url in ("wss://localhost:9443", "https://127.0.0.1:1", "https://[::1]:1"):
        assert proxy_for(url) is proxy_for(url, "http://configured:3") is None


def test_the_settings_proxy_counts_before_the_environments(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://secure:1")
    monkeypatch.setenv("NO_PROXY", "*")
    assert proxy_for("wss://stream.binance.com", "http://configured:3") == "http://configured:3"


@pytest.mark.parametrize("proxy", ["proxy:3128", "socks5://proxy:1", "http://me:secret@proxy:3128"])
def test_a_proxy_in_the_settings_has_a_scheme_and_no_password(proxy):
    with pytest.raises(ValueError, match="HTTPS_PROXY"):
        ExchangeSettings(proxy=proxy)


@pytest.mark.parametrize("password", ["", "p@ss word"])
async def test_rest_and_archive_go_through_the_proxy_that_alone_knows_the_host(password, monkeypatch):
    async with (
        Exchange(ExchangeOptions(port=0, symbols=("BTCDEMO",))) as exchange,
        ConnectProxy(password=password) as proxy,
    ):
        url = f"http://binance.test:{exchange.port}"
        monkeypatch.setenv("HTTP_PROXY", proxy.url.replace(" ", "%20").replace("p@", "p%40"))
        async with Rest([url], WeightBudget(10_000), attempts=1) as rest, Archive(url, attempts=1) as archive:
            await rest.server_time()
            assert await archive.offer("BTCDEMO", date(2020, 1, 1)) is None
        assert proxy.asked == [f"GET binance.test:{exchange.port}"] * 2


async def test_a_proxy_that_refuses_or_is_not_there_is_one_line_that_names_it():
    async with (
        ConnectProxy(refuses=True) as proxy,
        Rest(["https://binance.test"], WeightBudget(10_000), attempts=1, proxy=proxy.url) as rest,
    ):
        with pytest.raises(UnreachableError, match=r"^binance.test cannot be .* \(its proxy answers 403 Forbidden\)$"):
            await rest.server_time()
    async with Rest(["https://binance.test"], WeightBudget(10_000), attempts=1, proxy="http://127.0.0.1:9") as rest:
        with pytest.raises(UnreachableError, match=r"^binance.test cannot be .* \(its proxy: connection refused\)$"):
            await rest.server_time()


async def test_a_name_that_is_not_resolved_is_said_in_words():
    async with Rest(["https://exchange.invalid"], WeightBudget(10_000), attempts=1) as rest:
        with pytest.raises(UnreachableError, match=r"^exchange.invalid cannot be reached \(no name resolution\)$"):
            await rest.server_time()


def test_a_certificate_of_a_strangers_is_told_with_the_way_to_trust_it():
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate in certificate chain"
    assert reason_of(error).endswith("SSL_CERT_FILE can name an authority of yours")
    assert reason_of(socket.gaierror(-2, "Name or service not known")) == "no name resolution"
    assert reason_of(TimeoutError()) == "no answer in time"
    assert reason_of(aiohttp.ServerDisconnectedError()) == "Server disconnected"
