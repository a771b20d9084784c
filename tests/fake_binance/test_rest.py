"""REST over a real socket: Binance's rows, weights, limits and errors."""

import time
from decimal import Decimal
from itertools import pairwise

import pytest

API = "/api/v3"
MICROSECONDS = {"X-MBX-TIME-UNIT": "MICROSECOND"}
HOUR = 3_600_000
pytestmark = pytest.mark.asyncio(loop_scope="module")


def old_minute(hours=3):
    """Return a whole minute (ms) some hours ago."""
    return int(time.time() // 60 - hours * 60) * 60_000


async def test_time_is_this_machines_in_the_unit_that_was_asked_for(client):
    now = time.time()
    ms = await client.rows(f"{API}/time")
    us = await client.rows(f"{API}/time", MICROSECONDS)
    assert abs(ms["serverTime"] / 1e3 - now) < 5
    assert abs(us["serverTime"] / 1e6 - now) < 5
    assert await client.rows(f"{API}/ping") == {}


async def test_exchange_info_says_what_is_traded_and_what_is_allowed(running):
    async with running(weight_limit=1_234) as client:
        info = await client.rows(f"{API}/exchangeInfo")
        assert [one["symbol"] for one in info["symbols"]] == ["BTCDEMO", "ETHDEMO"]
        assert info["symbols"][0]["status"] == "TRADING"
        limits = {(one["rateLimitType"], one["interval"]): one["limit"] for one in info["rateLimits"]}
        assert limits["REQUEST_WEIGHT", "MINUTE"] == 1_234
        one = await client.rows(f"{API}/exchangeInfo?symbol=ETHDEMO")
        some = await client.rows(f'{API}/exchangeInfo?symbols=["ETHDEMO"]')
        assert one["symbols"] == some["symbols"] == info["symbols"][1:]


async def test_historical_trades_are_the_markets_own(client):
    head = client.exchange.head("BTCDEMO")
    rows = await client.rows(f"{API}/historicalTrades?symbol=BTCDEMO&fromId={head - 5_000}&limit=1000", MICROSECONDS)
    truth = client.market.trades("BTCDEMO", head - 5_000, head - 4_001)
    assert [row["id"] for row in rows] == list(range(head - 5_000, head - 4_000))
    assert [row["time"] for row in rows] == truth.traded_at.tolist()
    assert [row["isBuyerMaker"] for row in rows] == truth.buyer_is_maker.tolist()
    for row, price, quantity in zip(rows, truth.price.tolist(), truth.quantity.tolist(), strict=True):
        assert Decimal(row["price"]) == Decimal(price) / 100
        assert Decimal(row["qty"]) == Decimal(quantity) / 100_000
        assert Decimal(row["quoteQty"]) == Decimal(row["price"]) * Decimal(row["qty"])
        assert len(row["price"].partition(".")[2]) == 8


async def test_pages_end_at_the_head_and_nothing_is_shown_before_it_is_public(client):
    for _ in range(20):
        rows = await client.rows(f"{API}/trades?symbol=BTCDEMO&limit=50", MICROSECONDS)
        now = (await client.rows(f"{API}/time", MICROSECONDS))["serverTime"]
        assert len(rows) == 50
        assert rows[-1]["time"] <= now
        assert rows[-1]["id"] <= client.exchange.head("BTCDEMO")
    beyond = client.exchange.head("BTCDEMO") + 1_000_000
    assert await client.rows(f"{API}/historicalTrades?symbol=BTCDEMO&fromId={beyond}") == []


async def test_ids_before_the_history_give_its_oldest_trades(client):
    rows = await client.rows(f"{API}/historicalTrades?symbol=BTCDEMO&fromId=1&limit=3")
    first_id = client.market.first_id("BTCDEMO")
    assert [row["id"] for row in rows] == [first_id, first_id + 1, first_id + 2]


async def test_limits_are_500_by_default_and_1000_at_most(client):
    for path, count in (("", 500), ("&limit=7", 7), ("&limit=5000", 1_000)):
        assert len(await client.rows(f"{API}/trades?symbol=BTCDEMO{path}")) == count


async def test_aggregates_cover_every_trade_once(client):
    start = old_minute()
    pages = await client.rows(f"{API}/aggTrades?symbol=BTCDEMO&startTime={start}&limit=400")
    pages += await client.rows(f"{API}/aggTrades?symbol=BTCDEMO&fromId={pages[-1]['a'] + 1}&limit=400")
    assert len(pages) == 800
    assert [row["a"] for row in pages] == list(range(pages[0]["a"], pages[0]["a"] + 800))
    assert [row["f"] for row in pages[1:]] == [row["l"] + 1 for row in pages[:-1]]
    assert pages[0]["f"] == client.market.id_at("BTCDEMO", start * 1_000)
    trades = await client.rows(f"{API}/historicalTrades?symbol=BTCDEMO&fromId={pages[0]['f']}&limit=1000")
    for row in pages:
        parts = [trade for trade in trades if row["f"] <= trade["id"] <= row["l"]]
        if row["l"] <= trades[-1]["id"]:
            assert {trade["price"] for trade in parts} == {row["p"]}
            assert {(trade["time"], trade["isBuyerMaker"]) for trade in parts} == {(row["T"], row["m"])}
            assert sum(Decimal(trade["qty"]) for trade in parts) == Decimal(row["q"])


async def test_aggregates_between_times_are_inclusive(client):
    start = old_minute()
    rows = await client.rows(f"{API}/aggTrades?symbol=BTCDEMO&startTime={start}&endTime={start + 1_000}&limit=1000")
    first_id = client.market.id_at("BTCDEMO", start * 1_000)
    last_id = client.market.id_at("BTCDEMO", (start + 1_001) * 1_000) - 1
    assert (rows[0]["f"], rows[-1]["l"]) == (first_id, last_id)
    newest = await client.rows(f"{API}/aggTrades?symbol=BTCDEMO&endTime={start + 1_000}&limit=3")
    assert newest[-len(rows) :] == rows[-3:]  # a quiet second has fewer than three, and the ones before it follow


async def aggregates(client, start, end):
    """Return all aggregates with `T` in `[start, end]`, page by page."""
    path = f"{API}/aggTrades?symbol=BTCDEMO&limit=1000"
    found = await client.rows(f"{path}&startTime={start}")
    while found[-1]["T"] <= end:
        found += await client.rows(f"{path}&fromId={found[-1]['a'] + 1}")
    return [row for row in found if row["T"] <= end]


async def test_klines_say_what_their_trades_say(client):
    start = old_minute()
    rows = await client.rows(f"{API}/klines?symbol=BTCDEMO&interval=1m&startTime={start}&limit=3")
    assert [row[0] for row in rows] == [start, start + 60_000, start + 120_000]
    for row in rows:
        trades = await aggregates(client, row[0], row[6])
        prices = [Decimal(trade["p"]) for trade in trades]
        values = [(Decimal(trade["q"]), Decimal(trade["p"]) * Decimal(trade["q"]), trade["m"]) for trade in trades]
        assert row[6] == row[0] + 59_999
        assert [Decimal(value) for value in row[1:5]] == [prices[0], max(prices), min(prices), prices[-1]]
        assert Decimal(row[5]) == sum(quantity for quantity, _, _ in values)
        assert Decimal(row[7]) == sum(quote for _, quote, _ in values)
        assert row[8] == trades[-1]["l"] - trades[0]["f"] + 1
        assert Decimal(row[9]) == sum(quantity for quantity, _, maker in values if not maker)
        assert Decimal(row[10]) == sum(quote for _, quote, maker in values if not maker)
        assert row[11] == "0"


async def test_klines_without_times_are_the_newest_and_end_with_the_forming_one(client):
    rows = await client.rows(f"{API}/klines?symbol=BTCDEMO&interval=1m&limit=5")
    now = (await client.rows(f"{API}/time"))["serverTime"]
    assert [right[0] - left[0] for left, right in pairwise(rows)] == [60_000] * 4
    assert now - 60_000 - 2_000 < rows[-1][0] <= now


async def test_klines_in_microseconds_close_a_microsecond_before_the_next(client):
    start = old_minute() * 1_000
    rows = await client.rows(f"{API}/klines?symbol=BTCDEMO&interval=1m&startTime={start}&limit=1", MICROSECONDS)
    assert (rows[0][0], rows[0][6]) == (start, start + 59_999_999)


async def test_days_of_another_zone_open_at_its_midnight(client):
    rows = await client.rows(f"{API}/klines?symbol=ETHDEMO&interval=1d&limit=2&timeZone=05:30")
    for row in rows:
        assert (row[0] + 5.5 * HOUR) % (24 * HOUR) == 0


async def test_klines_end_at_end_time(client):
    start = old_minute()
    path = f"{API}/klines?symbol=BTCDEMO&interval=1m&endTime={start}"
    assert [row[0] for row in await client.rows(f"{path}&limit=2")] == [start - 60_000, start]
    assert await client.rows(f"{path}&startTime={start + 1}") == []


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("trades", 400, -1102),
        ("trades?symbol=", 400, -1102),
        ("trades?symbol=BTCUSDT", 400, -1121),
        ("exchangeInfo?symbol=BTCUSDT", 400, -1121),
        ('exchangeInfo?symbols=["BTCDEMO","X"]', 400, -1121),
        ("exchangeInfo?symbols=BTCDEMO", 400, -1100),
        ('exchangeInfo?symbols=["BTCDEMO"]&symbol=BTCDEMO', 400, -1128),
        ("trades?symbol=BTCDEMO&limit=ten", 400, -1100),
        ("trades?symbol=BTCDEMO&limit=-1", 400, -1100),
        ("trades?symbol=BTCDEMO&limit=", 400, -1105),
        ("trades?symbol=BTCDEMO&limit=0", 400, -1130),
        ("trades?symbol=BTCDEMO&fromId=7", 400, -1104),
        ("historicalTrades?symbol=BTCDEMO&fromId=99999999999999999999", 400, -1130),
        ("aggTrades?symbol=BTCDEMO&fromId=1&startTime=1", 400, -1128),
        ("klines?symbol=BTCDEMO", 400, -1102),
        ("klines?symbol=BTCDEMO&interval=7m", 400, -1120),
        ("klines?symbol=BTCDEMO&interval=1m&timeZone=99", 400, -1130),
        ("time?x=1", 400, -1104),
    ],
)
async def test_a_wrong_request_gets_binances_code(client, path, status, code):
    assert await client.error(f"{API}/{path}") == (status, code)


async def test_times_of_any_size_are_answered(client):
    for time_ in (0, 1, 10**13, 10**17, 2**62):
        assert await client.rows(f"{API}/aggTrades?symbol=BTCDEMO&startTime={time_}&limit=1") is not None
        for length in ("1m", "1M"):
            await client.rows(f"{API}/klines?symbol=BTCDEMO&interval={length}&startTime={time_}&limit=1")


async def test_every_answer_says_the_weight_used_in_this_minute(running):
    used = []
    async with running() as client:
        for path in ("ping", "trades?symbol=BTCDEMO&limit=1", "klines?symbol=BTCDEMO&interval=1m&limit=1", "time?x=1"):
            _, headers, _ = await client.get(f"{API}/{path}")
            used.append(int(headers["X-MBX-USED-WEIGHT-1M"]))
    within_a_minute, over_its_end = [1, 26, 28, 29], ([1, 25, 27, 28], [1, 26, 2, 3], [1, 26, 28, 1])
    assert used == within_a_minute or used in over_its_end


@pytest.mark.parametrize("path", ["/nothing", f"{API}/time", f"{API}/trades", "/data/spot/daily/nothing.zip", "/ws"])
async def test_every_answer_is_marked(client, path):
    async with client.http.get(client.exchange.rest_url + path) as answer:
        assert answer.headers["X-Candlewick-Exchange"] == "demo"


async def test_past_the_limit_the_answer_is_429_and_says_when_to_come_back(running):
    async with running(weight_limit=60) as client:
        answers = [await client.get(f"{API}/trades?symbol=BTCDEMO&limit=1") for _ in range(6)]
        refused = [(headers, body) for status, headers, body in answers if status == 429]
        assert [status for status, _, _ in answers if status != 429] == [200] * (6 - len(refused))
        assert len(refused) >= 2
        for headers, body in refused:
            assert 1 <= int(headers["Retry-After"]) <= 60
            assert body["code"] == -1003
            assert int(headers["X-MBX-USED-WEIGHT-1M"]) > 60
