import time

import pytest
from aiohttp import web

from candlewick import trade as trades
from candlewick.binance import rest as rests
from candlewick.binance.budget import WeightBudget
from candlewick.binance.rest import Rest, retry_after
from candlewick.errors import (
    BlockedRegionError,
    ExchangeError,
    NotServedError,
    RateLimitedError,
    UnknownSymbolError,
    UnreachableError,
)
from candlewick.trade import Trade

pytestmark = pytest.mark.usefixtures("no_waiting")
ROW = {
    "id": 7,
    "price": "61837.63000000",
    "qty": "0.02000000",
    "quoteQty": "1236.75260000",
    "time": 1723161255342817,
    "isBuyerMaker": True,
    "isBestMatch": True,
}


def ok(body, **headers):
    return lambda request: web.json_response(body, headers=headers)


def refuse(status, code=-1000, message="no", **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: web.json_response({"code": code, "msg": message}, status=status, headers=names)


def clock(nanoseconds, ahead):
    """A clock that ticks every so many ns and is so many ticks ahead."""
    return lambda request: web.json_response({"serverTime": time.time_ns() // nanoseconds + ahead})


def info(*symbols, limit=6_000):
    return {
        "timezone": "UTC",
        "rateLimits": [
            {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 300_000},
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": limit},
        ],
        "symbols": [{"symbol": symbol, "status": "TRADING"} for symbol in symbols],
    }


@pytest.fixture
async def rest(server):
    async with Rest([server.url], WeightBudget(10_000)) as client:
        yield client


async def test_a_page_of_trades_is_asked_for_by_id_in_microseconds(server, rest) -> None:
    server.script("historicalTrades", ok([ROW]))
    [row] = await rest.historical_trades("BTCUSDT", 7)
    assert dict(server.requests[0].query) == {"symbol": "BTCUSDT", "fromId": "7", "limit": "1000"}
    assert server.requests[0].headers["X-MBX-TIME-UNIT"] == "MICROSECOND"
    assert trades.decode_trade(row.line("BTCUSDT", 1)) == Trade(
        1723161255342817, "BTCUSDT", 7, "61837.63000000", "0.02000000", 1723161255342817, True
    )


async def test_the_published_limit_is_the_budgets(server, rest) -> None:
    server.script("exchangeInfo", ok(info("BTCUSDT", limit=1_234)))
    assert [symbol.symbol for symbol in (await rest.exchange_info(["BTCUSDT"])).symbols] == ["BTCUSDT"]
    assert rest.budget.limit == 1_234
    assert server.requests[0].query["symbols"] == '["BTCUSDT"]'


async def test_without_a_published_limit_the_cautious_one_stays(server, rest) -> None:
    server.script("exchangeInfo", ok(info("BTCUSDT") | {"rateLimits": []}))
    await rest.exchange_info(["BTCUSDT"])
    assert rest.budget.limit == 10_000


async def test_an_unknown_symbol_is_named(server, rest) -> None:
    def answer(request):
        known = "BTCUSTD" not in request.query["symbols"]
        return ok(info("BTCUSDT"))(request) if known else refuse(400, -1121, "Invalid symbol.")(request)

    server.script("exchangeInfo", answer)
    with pytest.raises(UnknownSymbolError, match="does not know 'BTCUSTD'"):
        await rest.exchange_info(["BTCUSDT", "BTCUSTD", "ETHUSDT"])


async def test_weights_are_spent_and_what_the_exchange_says_is_watched(server, rest) -> None:
    server.script("historicalTrades", ok([], **{"X-MBX-USED-WEIGHT-1M": "77"}))
    await rest.historical_trades("BTCUSDT", 1)
    await rest.historical_trades("BTCUSDT", 1)
    assert rest.budget.used(time.monotonic()) == 50
    assert rest.budget.used_by_all == 77


async def test_the_clock_is_estimated_between_question_and_answer(server, rest) -> None:
    server.script("time", clock(1_000, 3_600_000_000))
    estimate = await rest.server_time()
    assert abs(estimate.offset - 3_600_000_000) <= estimate.uncertainty
    server.script("time", clock(1_000_000, -60_000))
    estimate = await rest.server_time()
    assert abs(estimate.offset + 60_000_000) <= estimate.uncertainty + 1_000


async def test_the_head_and_the_first_trade_at_a_time_come_from_aggregates(server, rest) -> None:
    void = {"a": 1, "p": "0", "q": "0", "f": -1, "l": -1, "T": 1, "m": True, "M": True}
    server.script("aggTrades", ok([void, void | {"f": 10, "l": 12, "T": 5_000}]))
    first = await rest.first_at("BTCUSDT", 4_999_999)
    assert (first.first_id, first.traded_at) == (10, 5_000)
    assert server.requests[0].query["startTime"] == "4999"
    assert await rest.head("BTCUSDT") == 12
    server.script("aggTrades", ok([]))
    assert await rest.first_at("BTCUSDT", 0) is None
    assert await rest.head("BTCUSDT") is None


@pytest.mark.parametrize(
    "fault",
    [
        refuse(500),
        refuse(503, -1008),
        lambda request: web.Response(text="<html>", content_type="text/html"),
        lambda request: web.Response(text="[{", content_type="application/json"),
        ok([{"id": "seven"}]),
    ],
    ids=["500", "503", "html", "half a body", "another shape"],
)
async def test_a_passing_fault_is_asked_again(server, rest, fault) -> None:
    server.script("historicalTrades", fault, fault, ok([ROW]))
    assert len(await rest.historical_trades("BTCUSDT", 7)) == 1
    assert len(server.requests) == 3


async def test_a_fault_that_stays_ends_in_one_line_that_names_the_host(server, rest) -> None:
    server.script("historicalTrades", refuse(502))
    with pytest.raises(
        UnreachableError, match=r"127\.0\.0\.1:\d+/api/v3/historicalTrades: expected 200, got 502"
    ) as caught:
        await rest.historical_trades("BTCUSDT", 7)
    assert "\n" not in str(caught.value)
    assert len(server.requests) == 5


async def test_nobody_listening_is_one_line() -> None:
    async with Rest(["http://127.0.0.1:9"], WeightBudget(10_000)) as rest:
        with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:9 cannot be reached \(connection refused\)"):
            await rest.server_time()


async def test_the_next_host_is_asked_when_one_fails_or_does_not_serve_the_endpoint(server) -> None:
    server.script("historicalTrades", ok([ROW]))
    hosts = ["http://127.0.0.1:9", f"{server.url}/elsewhere", server.url]
    async with Rest(hosts, WeightBudget(10_000)) as rest:
        assert len(await rest.historical_trades("BTCUSDT", 7)) == 1
        await rest.historical_trades("BTCUSDT", 7)
    assert len(server.requests) == 3


async def test_a_host_that_wants_a_key_is_passed_over(server) -> None:
    server.script("historicalTrades", refuse(401, -2014, "API-key format invalid."), ok([ROW]))
    async with Rest([server.url, server.url.replace("127.0.0.1", "localhost")], WeightBudget(10_000)) as rest:
        assert len(await rest.historical_trades("BTCUSDT", 7)) == 1
    assert len(server.requests) == 2


async def test_where_no_host_gives_trades_by_id_it_is_said_and_not_tried_again(server) -> None:
    server.script("historicalTrades", refuse(401, -2014, "API-key format invalid."))
    async with Rest([server.url, f"{server.url}/elsewhere"], WeightBudget(10_000)) as rest:
        with pytest.raises(NotServedError, match="no host gives trades by id without a key"):
            await rest.historical_trades("BTCUSDT", 7)
    assert len(server.requests) == 2


async def test_a_host_that_is_down_may_be_the_one_that_gives_trades_by_id(server) -> None:
    async with Rest(["http://127.0.0.1:9", f"{server.url}/elsewhere"], WeightBudget(10_000), attempts=3) as rest:
        with pytest.raises(UnreachableError):
            await rest.historical_trades("BTCUSDT", 7)


async def test_aggregates_show_that_an_id_exists_where_one_begins_or_ends_with_it(server, rest) -> None:
    server.script("aggTrades", ok([{"f": 5, "l": 9, "T": 1723161255342817}, {"f": 14, "l": 14, "T": 1723161255342818}]))
    shown = [await rest.aggregates_show("BTCUSDT", ids, 1723161255342818) for ids in ((1, 4), (1, 5), (6, 8), (10, 14))]
    assert shown == [False, True, False, True]
    assert server.requests[0].query["endTime"] == "1723161255343"


async def test_quote_amounts_that_are_not_cut_as_ours_are_counted(server, rest) -> None:
    fine = ROW | {"price": "0.03577000", "qty": "0.12670000", "quoteQty": "0.00453205"}
    server.script("historicalTrades", ok([ROW, fine, fine | {"quoteQty": "0.00453206"}]))
    await rest.historical_trades("ETHBTC", 7)
    assert rest.other_quote_amounts == 1


@pytest.mark.parametrize(("status", "is_banned"), [(429, False), (418, True)])
async def test_being_asked_to_wait_stops_every_request(server, status, is_banned) -> None:
    server.script("historicalTrades", refuse(status, -1003, Retry_After="120"))
    async with Rest([server.url], WeightBudget(10_000), attempts=1) as rest:
        with pytest.raises(RateLimitedError, match="asked us to wait 120 s") as caught:
            await rest.historical_trades("BTCUSDT", 7)
        assert (caught.value.retry_after, caught.value.banned) == (120.0, is_banned)
        assert 119 < rest.budget.wait(1, time.monotonic()) <= 120


async def test_after_the_wait_the_request_is_sent_again(server, rest) -> None:
    server.script("historicalTrades", refuse(429, -1003, Retry_After="0.2"), ok([ROW]))
    started = time.monotonic()
    assert len(await rest.historical_trades("BTCUSDT", 7)) == 1
    assert time.monotonic() - started >= 0.2


async def test_a_blocked_region_is_told_at_once(server, rest) -> None:
    server.script("time", refuse(451))
    with pytest.raises(BlockedRegionError, match="does not serve the place"):
        await rest.server_time()
    assert len(server.requests) == 1


async def test_where_one_host_is_blocked_another_one_is_asked(server) -> None:
    server.script("time", refuse(451), ok({"serverTime": 1}))
    other = server.url.replace("127.0.0.1", "localhost")
    async with Rest([server.url, other], WeightBudget(10_000)) as rest:
        await rest.server_time()
        server.script("time", refuse(451))
        with pytest.raises(BlockedRegionError):
            await rest.server_time()


async def test_after_a_firewalls_refusal_nobody_asks_for_a_while(server, rest, monkeypatch) -> None:
    monkeypatch.setattr(rests, "FORBIDDEN_PAUSE", 0.3)
    server.script("time", refuse(403), ok({"serverTime": 1}))
    started = time.monotonic()
    await rest.server_time()
    assert time.monotonic() - started >= 0.3


async def test_a_refusal_for_its_limits_casts_doubt_on_them_until_they_are_read(server, rest) -> None:
    server.script("historicalTrades", refuse(429, -1003, Retry_After="0"), ok([ROW]))
    await rest.historical_trades("BTCUSDT", 7)
    assert rest.was_limited
    server.script("exchangeInfo", ok(info("BTCUSDT", limit=3_000)))
    await rest.exchange_info(["BTCUSDT"])
    assert not rest.was_limited
    assert rest.budget.limit == 3_000


async def test_for_many_symbols_everything_is_asked_for_and_an_unknown_one_is_named(server, rest) -> None:
    symbols = [f"COIN{number}USDT" for number in range(150)]
    server.script("exchangeInfo", ok(info(*symbols)))
    assert len((await rest.exchange_info(symbols)).symbols) == 150
    assert "symbols" not in server.requests[-1].query
    with pytest.raises(UnknownSymbolError, match="'NOUSDT'"):
        await rest.exchange_info([*symbols, "NOUSDT"])


async def test_a_refusal_is_not_asked_again_and_shows_the_exchanges_words(server, rest) -> None:
    server.script("historicalTrades", refuse(400, -1100, "Illegal characters found in parameter 'fromId'"))
    with pytest.raises(ExchangeError, match=r"got 400: Illegal characters .*\(-1100\)"):
        await rest.historical_trades("BTCUSDT", 7)
    assert len(server.requests) == 1


async def test_the_demo_exchange_is_recognised(server, rest) -> None:
    server.script("time", ok({"serverTime": 1}))
    await rest.server_time()
    assert not rest.is_demo
    server.script("time", ok({"serverTime": 1}, **{"X-Candlewick-Exchange": "demo"}))
    await rest.server_time()
    assert rest.is_demo


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("2.5", 2.5),
        ("0", 1.0),
        ("-3", 1.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 1.0),
        ("soon", 60.0),
        ("nan", 60.0),
        ("1e400", 60.0),
        ("99999999", 345_600.0),
        (None, 60.0),
    ],
)
def test_retry_after_is_a_number_or_a_date(header, seconds) -> None:
    assert retry_after(header, now=10.0) == seconds
