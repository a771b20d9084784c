"""Faults of REST, as a client gets them over a real socket."""

import json
import time
from email.utils import parsedate_to_datetime

import aiohttp
import pytest
import pytest_asyncio

from candlewick.fake_binance.faults import Script

API = "/api/v3"
PAGE = f"{API}/historicalTrades?symbol=BTCDEMO&limit=100"
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def faulty_exchange(running):
    async with running(Script(), symbols=("BTCDEMO",), rate=200.0) as one:
        yield one


async def ask(faulty, path=f"{API}/time"):
    """Return status, headers and text of an answer, asked for on a connection of its own."""
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as http,
        http.get(faulty.exchange.rest_url + path) as answer,
    ):
        return answer.status, answer.headers, await answer.text()


def old_page(faulty):
    """Return the path of a page that is whole, and its ids."""
    first = faulty.exchange.head("BTCDEMO") - 5_000
    return f"{PAGE}&fromId={first}", list(range(first, first + 100))


async def page_ids(faulty, path):
    return [row["id"] for row in await faulty.rows(path)]


@pytest.mark.parametrize("kind", ["rate_limit", "rate_limit_date"])
async def test_too_much_is_429_until_it_may_come_back(faulty, kind, eventually):
    entry = faulty.inject(kind, seconds=1.5)
    began = time.time()
    status, headers, body = await ask(faulty)
    assert status == 429
    assert json.loads(body)["code"] == -1003
    after = headers["Retry-After"]
    wait = int(after) if kind == "rate_limit" else parsedate_to_datetime(after).timestamp() - began
    assert 1.4 <= wait <= 2.6
    await eventually(lambda: time.time() - began > 1.5)
    assert (await ask(faulty))[0] == 200
    assert (entry.hits, entry.notes) == (1, [f"{API}/time"])


async def test_a_ban_is_418_and_says_until_when(faulty, eventually):
    faulty.inject("ban", seconds=1.0)
    began = time.time()
    status, headers, body = await ask(faulty)
    assert (status, headers["Retry-After"]) == (418, "1")
    until = int(json.loads(body)["msg"].split("until ")[1].split(".")[0]) / 1e3
    assert until == pytest.approx(began + 1.0, abs=0.3)
    assert (await ask(faulty, PAGE))[0] == 418
    await eventually(lambda: time.time() > until)
    assert (await ask(faulty))[0] == 200


@pytest.mark.parametrize(
    ("kind", "given", "status", "content_type"),
    [
        ("waf", {}, 403, "text/html"),
        ("blocked", {}, 451, "application/json"),
        ("server_error", {"status": 502}, 502, "text/html"),
        ("server_error", {"status": 503}, 503, "text/html"),
        ("html_page", {}, 200, "text/html"),
        ("wrong_content_type", {}, 200, "text/plain"),
    ],
)
async def test_an_answer_may_be_another_one(faulty, kind, given, status, content_type):
    faulty.inject(kind, count=1, **given)
    got, headers, body = await ask(faulty)
    assert (got, headers["Content-Type"].split(";")[0]) == (status, content_type)
    assert ("serverTime" in body) == (kind == "wrong_content_type")
    assert headers["X-Candlewick-Exchange"] == "demo"
    assert (await ask(faulty))[0] == 200


@pytest.mark.parametrize(("kind", "weight"), [("timeout_before", 0), ("timeout_after", 25)])
async def test_a_timeout_of_the_backend_comes_before_or_after_the_work(faulty, kind, weight):
    async def used():
        return int((await ask(faulty, f"{API}/ping"))[1]["X-MBX-USED-WEIGHT-1M"])

    before = await used()
    faulty.inject(kind, count=1)
    status, _, body = await ask(faulty, PAGE)
    assert (status, json.loads(body)["code"]) == (504, -1007)
    assert await used() - before in {weight + 1, 1 - before}  # another minute may have begun


async def test_a_connection_may_end_in_a_reset_or_in_the_middle_of_the_answer(faulty):
    faulty.inject("reset", count=2)  # an HTTP faulty asks again by itself where a connection was reset
    with pytest.raises(aiohttp.ClientOSError):
        await ask(faulty)
    faulty.exchange.faults.heal()
    faulty.inject("truncated", count=1)
    path, _ = old_page(faulty)
    with pytest.raises(aiohttp.ClientPayloadError):
        await ask(faulty, path)
    assert (await ask(faulty, path))[0] == 200


async def test_an_answer_may_be_late_or_never_come(faulty):
    faulty.inject("late_answer", count=1, value=0.4)
    began = time.monotonic()
    assert (await ask(faulty))[0] == 200
    assert time.monotonic() - began == pytest.approx(0.4, abs=0.2)
    faulty.inject("no_answer", count=2, value=0.4)
    with pytest.raises(aiohttp.ClientError):
        await ask(faulty)
    assert time.monotonic() - began > 0.8


async def test_rest_may_be_seconds_behind_the_stream(faulty):
    async with faulty.connect("/ws/btcdemo@trade") as socket:
        faulty.inject("rest_lag", seconds=60, value=2.0)
        event = json.loads((await socket.receive()).data)
    assert await faulty.rows(f"{PAGE}&fromId={event['t']}") == []
    us = {"X-MBX-TIME-UNIT": "MICROSECOND"}
    now = (await faulty.rows(f"{API}/time", us))["serverTime"]
    rows = await faulty.rows(f"{API}/trades?symbol=BTCDEMO&limit=5", us)
    aggregates = await faulty.rows(f"{API}/aggTrades?symbol=BTCDEMO&limit=1", us)
    for newest in (rows[-1]["time"], aggregates[-1]["T"]):
        assert 1.9e6 < now - newest < 4e6
    assert faulty.exchange.head("BTCDEMO") > rows[-1]["id"] + 50


async def test_a_page_may_be_empty_start_late_or_lack_a_trade_and_is_whole_again_later(faulty):
    path, whole = old_page(faulty)
    faulty.inject("empty_page", count=1)
    assert await page_ids(faulty, path) == []
    faulty.inject("late_start", count=1, value=7)
    assert await page_ids(faulty, path) == [*whole[7:], *range(whole[-1] + 1, whole[-1] + 8)]
    entry = faulty.inject("page_gap", count=1)
    lacking = await page_ids(faulty, path)
    assert entry.notes == ["99 rows of 100"]
    (missing,) = set(whole) - set(lacking)
    assert missing not in {whole[0], whole[-1]}
    assert await page_ids(faulty, path) == whole


async def test_a_fault_of_a_page_waits_for_a_page_that_has_what_it_takes(faulty):
    beyond = faulty.exchange.head("BTCDEMO") + 1_000_000
    entry = faulty.inject("page_gap", count=1)
    assert await faulty.rows(f"{PAGE}&fromId={beyond}") == []
    assert entry.hits == 0
    path, whole = old_page(faulty)
    assert len(await page_ids(faulty, path)) == len(whole) - 1


async def test_the_limits_may_change_and_are_kept_to(running):
    async with running(Script(), symbols=("BTCDEMO",)) as client:

        async def limit():
            info = await client.rows(f"{API}/exchangeInfo")
            return next(one["limit"] for one in info["rateLimits"] if one["rateLimitType"] == "REQUEST_WEIGHT")

        assert await limit() == 6_000
        client.inject("limits", seconds=60, value=80)
        assert await limit() == 80
        answers = [await client.get(f"{API}/trades?symbol=BTCDEMO&limit=1") for _ in range(5)]
        assert 429 in [status for status, _, _ in answers]
        client.exchange.faults.heal()
        assert (await client.get(f"{API}/ping"))[0] == 200


async def test_the_weight_used_may_be_left_unsaid(faulty):
    faulty.inject("no_weight", count=1)
    assert "X-MBX-USED-WEIGHT-1M" not in (await ask(faulty))[1]
    assert "X-MBX-USED-WEIGHT-1M" in (await ask(faulty))[1]


async def test_a_fault_may_be_for_one_path_alone(faulty):
    faulty.inject("server_error", count=5, path="klines")
    assert (await ask(faulty))[0] == 200
    assert (await ask(faulty, f"{API}/klines?symbol=BTCDEMO&interval=1m&limit=1"))[0] == 500
