"""The WebSocket streams over a real socket."""

import asyncio
import json
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import WSMsgType

TRADE = ["e", "E", "s", "t", "p", "q", "T", "m", "M"]
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def take(socket, count, wanted=lambda frame: True):
    """Return the next `count` frames that are wanted, as JSON."""
    frames = []
    while len(frames) < count:
        message = await socket.receive(timeout=20)
        assert message.type is WSMsgType.TEXT, message
        frame = json.loads(message.data)
        if wanted(frame):
            frames.append(frame)
    return frames


async def ask(socket, **request):
    await socket.send_str(json.dumps(request))
    (answer,) = await take(socket, 1, lambda frame: frame.get("id") == request["id"])
    return answer


async def test_a_combined_stream_wraps_every_event_in_its_name(client):
    async with client.connect("/stream?streams=btcdemo@trade/ethdemo@trade") as socket:
        for frame in await take(socket, 40):
            assert list(frame) == ["stream", "data"]
            assert list(frame["data"]) == TRADE
            assert frame["stream"] == f"{frame['data']['s'].lower()}@trade"


async def test_a_raw_stream_is_bare_and_equal_to_what_rest_says(client):
    async with client.connect("/ws/btcdemo@trade") as socket:
        events = await take(socket, 30)
    assert [event["t"] for event in events] == list(range(events[0]["t"], events[0]["t"] + 30))
    rows = await client.rows(f"/api/v3/historicalTrades?symbol=BTCDEMO&fromId={events[0]['t']}&limit=30")
    for event, row in zip(events, rows, strict=True):
        assert list(event) == TRADE
        assert (event["t"], event["p"], event["q"], event["T"], event["m"]) == (
            row["id"], row["price"], row["qty"], row["time"], row["isBuyerMaker"],
        )  # fmt: skip
        assert event["E"] >= event["T"]


async def test_times_are_in_microseconds_when_asked_for(client):
    async with client.connect("/stream?streams=btcdemo@trade/btcdemo@kline_1s&timeUnit=MICROSECOND") as socket:
        frames = await take(socket, 30)
    truth = [frame["data"] for frame in frames if frame["data"]["e"] == "trade"]
    trades = client.market.trades("BTCDEMO", truth[0]["t"], truth[-1]["t"])
    assert [event["T"] for event in truth] == trades.traded_at.tolist()
    assert [event["E"] for event in truth] == trades.event_at.tolist()
    klines = [frame["data"]["k"] for frame in frames if frame["data"]["e"] == "kline"]
    assert all(kline["T"] - kline["t"] == 999_999 for kline in klines)


async def test_streams_are_added_and_dropped_while_connected(client):
    async with client.connect("/ws") as socket:
        assert await ask(socket, method="SUBSCRIBE", params=["ethdemo@trade"], id=1) == {"result": None, "id": 1}
        assert {event["s"] for event in await take(socket, 5)} == {"ETHDEMO"}
        await ask(socket, method="SUBSCRIBE", params=["btcdemo@aggTrade"], id=2)
        await ask(socket, method="UNSUBSCRIBE", params=["ethdemo@trade"], id=3)
        assert {event["e"] for event in await take(socket, 5)} == {"aggTrade"}
        assert (await ask(socket, method="LIST_SUBSCRIPTIONS", id=4))["result"] == ["btcdemo@aggTrade"]


async def test_properties_and_errors_are_answered(client):
    async with client.connect("/ws/btcdemo@trade") as socket:
        await ask(socket, method="SET_PROPERTY", params=["combined", True], id=1)
        assert (await take(socket, 1))[0]["stream"] == "btcdemo@trade"
        assert (await ask(socket, method="GET_PROPERTY", params=["combined"], id=2))["result"] is True
        assert (await ask(socket, method="FLY", id=3))["code"] == 2


async def test_a_second_kline_closes_once_each_second_and_chains_by_id(client):
    async with client.connect("/ws/btcdemo@kline_1s") as socket:
        klines = [event["k"] for event in await take(socket, 4)]
    assert [kline["x"] for kline in klines] == [True] * 4
    assert [kline["t"] - klines[0]["t"] for kline in klines] == [0, 1_000, 2_000, 3_000]
    full = [kline for kline in klines if kline["n"]]
    assert [left["L"] + 1 for left in full[:-1]] == [right["f"] for right in full[1:]]
    rows = await client.rows(f"/api/v3/klines?symbol=BTCDEMO&interval=1s&startTime={klines[0]['t']}&limit=4")
    for kline, row in zip(klines, rows, strict=True):
        fields = [kline[name] for name in ("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q")]
        assert fields == row[:11]


async def test_two_connections_get_the_same_trades(client):
    async with client.connect("/ws/btcdemo@trade") as one, client.connect("/ws/btcdemo@trade") as other:
        left, right = await asyncio.gather(take(one, 40), take(other, 40))
    first_id = max(left[0]["t"], right[0]["t"])
    both = min(left[-1]["t"], right[-1]["t"]) - first_id + 1
    assert both > 20
    assert [e for e in left if e["t"] >= first_id][:both] == [e for e in right if e["t"] >= first_id][:both]


async def test_the_server_pings_and_a_copied_payload_keeps_the_connection(running):
    async with (
        running(ping_seconds=0.3, pong_seconds=0.5) as client,
        client.connect("/ws/btcdemo@trade", autoping=False) as socket,
    ):
        pings = []
        while len(pings) < 4:
            message = await socket.receive(timeout=5)
            assert message.type in {WSMsgType.PING, WSMsgType.TEXT}
            if message.type is WSMsgType.PING:
                pings.append(bytes(message.data))
                await socket.pong(message.data)
        assert all(payload.isdigit() for payload in pings)
        assert not socket.closed


@pytest.mark.parametrize("pong", [None, b""])
async def test_without_a_pong_or_with_an_empty_one_the_server_hangs_up(running, pong):
    async with (
        running(ping_seconds=0.2, pong_seconds=0.5) as client,
        client.connect("/ws/btcdemo@trade", autoping=False) as socket,
    ):
        async for message in socket:
            if message.type is WSMsgType.PING and pong is not None:
                await socket.pong(pong)
        assert socket.close_code == 1008


async def test_too_many_messages_in_a_second_end_the_connection(client):
    async with client.connect("/ws/btcdemo@trade") as socket:
        for number in range(6):
            await socket.send_str(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": number}))
        async with asyncio.timeout(10):
            async for _ in socket:
                pass
        assert socket.close_code == 1008


@pytest.mark.asyncio(loop_scope="function")
async def test_a_live_market_cuts_off_who_does_not_read_and_goes_on_for_the_others(
    running, slow_http, eventually, monkeypatch
):
    monkeypatch.setattr("candlewick.fake_binance.server.connection.MAX_WAITING", 200)
    async with (
        running(symbols=("BTCDEMO=2000",), history=timedelta(hours=1)) as client,
        slow_http.ws_connect(f"{client.exchange.ws_url}/ws/btcdemo@trade") as slow,
        client.connect("/ws/btcdemo@kline_1s") as other,
    ):
        await slow.receive()
        await eventually(lambda: len(client.exchange.hub.connections) == 1)
        assert (await take(other, 1))[0]["k"]["x"]
        async for _ in slow:
            pass
        assert slow.closed


async def test_more_than_1024_streams_are_refused(client):
    names = "/".join(f"s{number}@trade" for number in range(1_025))
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with client.connect(f"/stream?streams={names}"):
            pass
    assert refused.value.status == 400


async def test_the_handshake_is_marked(client):
    async with client.connect("/ws/btcdemo@trade") as socket:
        assert socket._response.headers["X-Candlewick-Exchange"] == "demo"
