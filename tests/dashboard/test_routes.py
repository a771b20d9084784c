"""The dashboard's own routes on a real server: exact history, plain refusals, capped connections."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute

from candlewick import config
from candlewick.dashboard.bars import Bar, FeedTrade, decimal_text
from candlewick.dashboard.live.socket import SERIES_PER_VIEWER, Live
from candlewick.dashboard.origin import SameOrigin
from candlewick.dashboard.reads import Reads
from candlewick.dashboard.routes.candles import Api
from candlewick.dashboard.routes.catalogue import Catalogue
from candlewick.dashboard.routes.evidence import Evidence
from candlewick.dashboard.serve import bind
from candlewick.dashboard.site import Site
from candlewick.process.gate import Gate
from dashboard.served import serving
from dashboard.test_bars import UTC_ZONE, aggregate
from dashboard.test_hub import until
from dashboard.warehouse import SYMBOL, Warehouse, tape

START = 1_732_233_600_000_000
VIEWERS = 3


class Server:
    """The routes over a warehouse, served by uvicorn on a free port."""

    def __init__(self, warehouse: Warehouse, data: Path) -> None:
        settings = config.load(None, data=data, symbols=(SYMBOL,), timezone="UTC", feed={"port": 1})
        self.site = Site(settings, warehouse)
        self.listener = bind("127.0.0.1", 0)
        self.port = self.listener.getsockname()[1]
        self.failures: list[BaseException] = []
        self._server = uvicorn.Server(
            uvicorn.Config(self._app(), log_config=None, ws="websockets-sansio", timeout_graceful_shutdown=1)
        )
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self.listener]})

    def _app(self) -> Starlette:
        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            async with self.site.hub.running(self.failures.append):
                yield
            self.site.close()

        live = Live(self.site.hub, self.site.catalogue, viewers=VIEWERS)
        routes = Api(self.site.reader, self.site.reads, self.site.catalogue).routes()
        evidence = Evidence(self.site.reader, self.site.evidence_reads, self.site.catalogue, self.site.settings)
        return Starlette(
            routes=[*routes, *evidence.routes(), WebSocketRoute("/api/live", live.serve)],
            middleware=[Middleware(SameOrigin, gate=Gate("127.0.0.1"))],
            lifespan=lifespan,
        )

    def start(self) -> None:
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        assert not self._thread.is_alive()
        assert not self.failures


@pytest.fixture
def warehouse() -> Warehouse:
    return Warehouse()


@pytest.fixture
def server(warehouse: Warehouse, tmp_path: Path) -> Iterator[Server]:
    server = Server(warehouse, tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as session:
        yield session


async def get(client: aiohttp.ClientSession, path: str, **headers: str) -> tuple[int, str]:
    async with client.get(path, headers=headers) as answer:
        return answer.status, await answer.text()


def exact(text: str) -> dict[str, Any]:
    return json.loads(text, parse_float=Decimal)


def rows(columns: dict[str, Any]) -> list[list[str]]:
    return [[str(columns[name][i]) for name in "tohlcvqn"] for i in range(len(columns["t"]))]


def expected(trades: list[FeedTrade], timeframe: str) -> list[list[str]]:
    def row(bar: Bar) -> list[str]:
        amounts = [decimal_text(amount) for amount in (bar.open, bar.high, bar.low, bar.close, bar.volume)]
        return [str(bar.open_time // 10**6), *amounts, decimal_text(bar.quote_volume), str(bar.trade_count)]

    return [row(bar) for bar in aggregate(trades, timeframe, UTC_ZONE)]


@pytest.mark.parametrize("timeframe", ["1s", "1m", "5m", "1h", "1d"])
async def test_candles_equal_the_tapes_to_the_last_digit(
    client: aiohttp.ClientSession, warehouse: Warehouse, timeframe: str
) -> None:
    trades = tape(3_000, start=START)
    warehouse.load(trades)
    status, text = await get(client, f"/api/candles?symbol={SYMBOL}&timeframe={timeframe}&limit=5000")
    assert status == 200
    assert rows(exact(text)) == expected(trades, timeframe)
    assert exact(text)["more"] is False


async def test_pages_going_back_meet_without_a_gap_until_there_are_no_more(
    client: aiohttp.ClientSession, warehouse: Warehouse
) -> None:
    trades = tape(3_000, start=START)
    warehouse.load(trades)
    pages: list[list[str]] = []
    before = ""
    while True:
        _, text = await get(client, f"/api/candles?symbol={SYMBOL}&timeframe=1m&limit=7{before}")
        page = exact(text)
        pages = rows(page) + pages
        if not page["more"]:
            break
        before = f"&before={page['t'][0]}"
    assert pages == expected(trades, "1m")


async def test_states_say_what_is_forming_closed_and_complete(
    client: aiohttp.ClientSession, warehouse: Warehouse
) -> None:
    warehouse.load(tape(600, start=START))
    _, text = await get(client, f"/api/candles?symbol={SYMBOL}&timeframe=1m")
    assert exact(text)["x"] == [1, 2, 2, 0]


async def test_the_day_sums_the_newest_24_hours(client: aiohttp.ClientSession, warehouse: Warehouse) -> None:
    trades = tape(2_000, start=START, step_us=60_000_000)
    warehouse.load(trades)
    _, text = await get(client, f"/api/day?symbol={SYMBOL}")
    day, newest = exact(text), trades[-1_440:]
    assert day["t"] == [newest[0].traded_at // 10**6]
    assert str(day["o"][0]) == decimal_text(newest[0].price)
    assert str(day["h"][0]) == decimal_text(max(trade.price for trade in newest))
    assert str(day["v"][0]) == decimal_text(sum(trade.quantity for trade in newest))
    assert day["n"] == [1_440]


async def test_candles_that_the_browser_has_are_not_sent_again_until_they_change(
    client: aiohttp.ClientSession, warehouse: Warehouse
) -> None:
    trades, path = tape(3_000, start=START), f"/api/candles?symbol={SYMBOL}&timeframe=1m"
    warehouse.load(trades[:2_000])
    async with client.get(path) as first:
        tag = first.headers["ETag"]
    async with client.get(path, headers={"If-None-Match": f'"other", {tag}'}) as second:
        assert (second.status, second.headers["ETag"], await second.read()) == (304, tag, b"")
    warehouse.load(trades[2_000:])
    async with client.get(path, headers={"If-None-Match": tag}) as third:
        assert (third.status, third.headers["ETag"] == tag) == (200, False)
        assert rows(exact(await third.text())) == expected(trades, "1m")


async def test_what_was_asked_before_is_answered_while_every_thread_is_busy(warehouse: Warehouse) -> None:
    warehouse.load(tape(3_000, start=START))
    reads, release = Reads(threads=1), threading.Event()
    path = f"/api/candles?symbol={SYMBOL}&timeframe="
    async with (
        serving(Api(warehouse, reads, Catalogue([SYMBOL])).routes()) as url,
        aiohttp.ClientSession(url) as client,
    ):
        known = await get(client, path + "1m")
        busy = asyncio.create_task(reads(release.wait))
        try:
            waiting = asyncio.create_task(get(client, path + "5m"))
            async with asyncio.timeout(30):
                assert await get(client, path + "1m") == known
            assert not waiting.done(), "what nobody asked for yet needs a thread"
        finally:
            release.set()
        assert (await waiting)[0] == 200 and await busy
    reads.close()


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/api/candles?symbol=DOGE&timeframe=1m", "expected a symbol of BTCDEMO, got 'DOGE'"),
        ("/api/candles?timeframe=1m", "expected a symbol"),
        (f"/api/candles?symbol={SYMBOL}&timeframe=2s", "expected a timeframe of 1s, 1m"),
        (f"/api/candles?symbol={SYMBOL}&timeframe=1m&limit=all", "limit: expected a whole number, got 'all'"),
        (f"/api/candles?symbol={SYMBOL}&timeframe=1m&before=yesterday", "before: expected a whole number"),
        ("/api/day?symbol=%27%20or%201%3D1", "expected a symbol"),
        ("/api/proof?symbol=DOGE", "expected a symbol"),
        (f"/api/proof?symbol={SYMBOL}&since=ever", "since: expected a whole number"),
        (f"/api/lineage?symbol={SYMBOL}&timeframe=2s&t=1", "expected a timeframe"),
        (f"/api/lineage?symbol={SYMBOL}&timeframe=1m", "t: expected seconds since the epoch, got nothing"),
        ("/api/trades?symbol=DOGE&from=1", "expected a symbol"),
        (f"/api/trades?symbol={SYMBOL}", "from: expected seconds since the epoch, got nothing"),
        (f"/api/trades?symbol={SYMBOL}&from=1&from_id=first", "from_id: expected a whole number"),
    ],
)
async def test_what_does_not_exist_is_refused_in_one_line(client: aiohttp.ClientSession, path: str, says: str) -> None:
    status, text = await get(client, path)
    assert status == 400
    assert says in text
    assert text.count("\n") == 1


async def test_a_candle_that_is_not_there_has_no_lineage(client: aiohttp.ClientSession, warehouse: Warehouse) -> None:
    warehouse.load(tape(100, start=START))
    status, text = await get(client, f"/api/lineage?symbol={SYMBOL}&timeframe=1m&t=99999999999999")
    assert (status, json.loads(text)) == (200, None)


async def test_the_status_is_that_of_the_command(client: aiohttp.ClientSession) -> None:
    status, text = await get(client, "/api/status")
    assert status == 200
    assert [symbol["symbol"] for symbol in json.loads(text)["symbols"]] == [SYMBOL]


async def test_times_beyond_the_calendar_are_clamped(client: aiohttp.ClientSession, warehouse: Warehouse) -> None:
    warehouse.load(tape(100, start=START))
    query = f"symbol={SYMBOL}&timeframe=1m&since=-5&before=99999999999999"
    status, text = await get(client, f"/api/candles?{query}")
    assert status == 200
    assert len(exact(text)["t"]) == 1


async def test_before_the_first_version_the_answer_is_503(client: aiohttp.ClientSession) -> None:
    for path in (f"/api/candles?symbol={SYMBOL}&timeframe=1m", f"/api/day?symbol={SYMBOL}"):
        status, text = await get(client, path)
        assert status == 503
        assert "published" in text


async def test_a_foreign_origin_gets_403_from_every_route(client: aiohttp.ClientSession, warehouse: Warehouse) -> None:
    warehouse.load(tape(100, start=START))
    for path in (f"/api/candles?symbol={SYMBOL}&timeframe=1m", "/api/day", "/nothing"):
        status, text = await get(client, path, Origin="http://evil.example")
        assert (status, "evil.example" in text) == (403, True)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await client.ws_connect("/api/live", headers={"Origin": "http://evil.example"})
    assert refused.value.status == 403


async def test_a_browser_that_subscribes_gets_a_status_and_its_bars(
    client: aiohttp.ClientSession, warehouse: Warehouse
) -> None:
    trades = tape(600, start=START)
    warehouse.load(trades)
    async with client.ws_connect("/api/live") as socket:
        await socket.send_json({"subscribe": [[SYMBOL, "1m"]]})
        frames: list[dict[str, Any]] = []
        async with asyncio.timeout(30):  # a busy machine says how it is more than once before the bars are there
            while not any("b" in frame for frame in frames) or not any("i" in frame for frame in frames):
                frames.append(json.loads((await socket.receive()).data))
        bars = next(frame for frame in frames if "b" in frame)
        assert [bar[0] for bar in bars["b"]] == [int(row[0]) for row in expected(trades, "1m")]
        assert any(frame.get("i", {}).get("source") == "settled" for frame in frames)
        await socket.send_json({"ping": 7})
        pong = await answer(socket, "pong")
        assert pong["pong"] == 7
        assert abs(pong["now"] / 1_000 - time.time()) < 5


async def answer(socket: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    """The next frame of a kind."""
    async with asyncio.timeout(5):
        while True:
            frame: dict[str, Any] = json.loads((await socket.receive()).data)
            if kind in frame:
                return frame


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("not json", "malformed"),
        ('{"subscribe": "everything"}', "Expected `array"),
        ('{"unsubscribe": []}', "unknown field"),
        ('{"subscribe": [["DOGE", "1m"]]}', "expected a symbol"),
        (json.dumps({"subscribe": [[SYMBOL, "2s"]]}), "expected a timeframe"),
        (json.dumps({"subscribe": [[SYMBOL, "1m"]] * (SERIES_PER_VIEWER + 1)}), f"at most {SERIES_PER_VIEWER} series"),
    ],
)
async def test_a_message_that_makes_no_sense_is_answered_in_one_line_and_harms_nobody(
    client: aiohttp.ClientSession, message: str, says: str
) -> None:
    async with client.ws_connect("/api/live") as socket:
        await socket.send_str(message)
        assert says in (await answer(socket, "error"))["error"]
        await socket.send_json({"ping": 1})
        assert (await answer(socket, "pong"))["pong"] == 1


async def test_connections_are_capped_and_a_place_left_is_free_again(client: aiohttp.ClientSession) -> None:
    sockets = [await client.ws_connect("/api/live") for _ in range(VIEWERS)]
    refused = await client.ws_connect("/api/live")
    assert (await refused.receive()).type is aiohttp.WSMsgType.CLOSE
    assert refused.close_code == 1013
    await sockets.pop().close()
    async with asyncio.timeout(5):
        while True:
            socket = await client.ws_connect("/api/live")
            await socket.send_json({"ping": 1})
            if (await socket.receive()).type is aiohttp.WSMsgType.TEXT:
                break
            await asyncio.sleep(0.05)
    for open_socket in [*sockets, socket]:
        await open_socket.close()


async def test_a_browser_that_says_too_much_is_closed(client: aiohttp.ClientSession) -> None:
    async with client.ws_connect("/api/live") as socket:
        for _ in range(60):
            await socket.send_json({"ping": 1})
        while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
            continue
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 1008


async def test_viewers_who_leave_leave_nothing_behind(
    client: aiohttp.ClientSession, server: Server, warehouse: Warehouse
) -> None:
    warehouse.load(tape(100, start=START))
    async with client.ws_connect("/api/live") as socket:
        await socket.send_json({"subscribe": [[SYMBOL, "1m"], [SYMBOL, "5m"]]})
        await answer(socket, "b")
        assert server.site.hub.numbers()["viewers"] == 1
    await until(lambda: not server.site.hub.numbers()["topics"], "the hub to forget it")


async def test_the_watchlist_tells_a_day_of_each_symbol(client: aiohttp.ClientSession, warehouse: Warehouse) -> None:
    trades = tape(20_000, start=START)
    warehouse.load(trades)
    status, text = await get(client, f"/api/watchlist?symbol={SYMBOL}")
    day = exact(text)[SYMBOL]
    assert status == 200
    span = trades[-1].traded_at - trades[0].traded_at
    assert span < 86_400_000_000
    assert day["open"] == decimal_text(trades[0].price)
    assert day["last"] == day["spark"][-1] == decimal_text(trades[-1].price)
    assert Decimal(day["volume"]) == sum(Decimal(decimal_text(trade.quantity)) for trade in trades)
    halves = {trade.traded_at // 1_800_000_000: trade.price for trade in trades}  # the last of each half hour
    assert day["spark"][:-1] == [decimal_text(price) for _, price in sorted(halves.items())]


async def test_the_watchlist_refuses_what_is_not_recorded_and_waits_for_the_warehouse(
    client: aiohttp.ClientSession, warehouse: Warehouse
) -> None:
    assert (await get(client, f"/api/watchlist?symbol={SYMBOL}"))[0] == 503
    warehouse.load(tape(100, start=START))
    status, text = await get(client, f"/api/watchlist?symbol={SYMBOL}&symbol=NOPE")
    assert (status, "NOPE" in text) == (400, True)
    assert (await get(client, "/api/watchlist"))[1] == "{}"
