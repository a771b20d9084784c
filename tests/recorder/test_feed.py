"""The feed as its clients see it: over real sockets."""

import asyncio
import json
import socket
import time

import aiohttp
import pytest

from candlewick.errors import CandlewickError, PortTakenError
from candlewick.recorder import feed as feeds
from candlewick.recorder.feed import Feed
from candlewick.recorder.ring import Ring
from candlewick.trade import Trade


def trade(trade_id):
    return Trade(1723161255343000 + trade_id, "BTCDEMO", trade_id, f"{trade_id}.0", "2.0", 1723161255342000, True)


def row(trade_id):
    return [trade_id, f"{trade_id}.0", "2.0", 1723161255342000, 1]


class Client:
    def __init__(self, session, socket):
        self._session, self.socket = session, socket

    async def subscribe(self, **next_ids):
        await self.socket.send_str(json.dumps({"subscribe": next_ids}))

    async def frame(self):
        return json.loads(await asyncio.wait_for(self.socket.receive_str(), 10))

    async def closed(self):
        message = await asyncio.wait_for(self.socket.receive(), 10)
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING), message
        return self.socket.close_code, message.extra or ""


@pytest.fixture
async def rings():
    return {"BTCDEMO": Ring(), "ETHDEMO": Ring()}


@pytest.fixture
async def feed(rings):
    async with Feed("127.0.0.1", 0, rings, lambda: {"state": "recording"}, lambda: b"candlewick_x 1\n") as served:
        yield served


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as each:
        yield each


@pytest.fixture
async def client(feed, session):
    async with session.ws_connect(f"http://127.0.0.1:{feed.port}/feed") as connection:
        yield Client(session, connection)


def push(rings, *ids, symbol="BTCDEMO"):
    for trade_id in ids:
        rings[symbol].push(trade(trade_id))


async def test_trades_follow_from_the_id_asked_for(rings, client):
    push(rings, 1, 2, 3)
    await client.subscribe(BTCDEMO=2)
    before = time.time_ns() // 1_000
    frame = await client.frame()
    assert frame | {"sent": 0} == {"s": "BTCDEMO", "E": 1723161255343003, "sent": 0, "trades": [row(2), row(3)]}
    assert before - 1_000_000 <= frame["sent"] <= time.time_ns() // 1_000
    push(rings, 4)
    assert (await client.frame())["trades"] == [row(4)]


async def test_without_an_id_only_new_trades_come(rings, client):
    push(rings, 1, 2)
    await client.subscribe(BTCDEMO=None, ETHDEMO=None)
    answer = asyncio.create_task(client.frame())
    pushed = 2
    while not answer.done():  # nothing tells when the subscription has arrived
        pushed += 1
        push(rings, pushed)
        await asyncio.sleep(0.01)
    assert (await answer)["trades"][0][0] > 2
    push(rings, 7, symbol="ETHDEMO")
    while (frame := await client.frame())["s"] != "ETHDEMO":
        pass
    assert frame["trades"] == [row(7)]


async def test_what_cannot_be_given_is_a_gap_and_the_tape_goes_on_behind_it(rings, client):
    push(rings, 5, 6, 9)
    await client.subscribe(BTCDEMO=1)
    frames = [await client.frame() for _ in range(4)]
    assert frames[0] == {"s": "BTCDEMO", "gap": [1, 4]}
    assert frames[1]["trades"] == [row(5), row(6)]
    assert frames[2] == {"s": "BTCDEMO", "gap": [7, 8]}
    assert frames[3]["trades"] == [row(9)]


async def test_a_reader_ahead_of_the_recorder_waits(rings, client):
    push(rings, 1)
    await client.subscribe(BTCDEMO=3)
    push(rings, 2, 3)
    assert (await client.frame())["trades"] == [row(3)]


async def test_frames_are_bounded_and_lose_nothing(rings, client):
    push(rings, *range(1, 5_001))
    await client.subscribe(BTCDEMO=1)
    frames = [await client.frame() for _ in range(3)]
    assert [len(frame["trades"]) for frame in frames] == [2_000, 2_000, 1_000]
    assert [each[0] for frame in frames for each in frame["trades"]] == list(range(1, 5_001))


async def test_a_new_subscription_replaces_the_old_one(rings, client):
    push(rings, 1, 2)
    await client.subscribe(BTCDEMO=1)
    await client.frame()
    await client.subscribe(ETHDEMO=1)
    push(rings, 3)
    push(rings, 1, symbol="ETHDEMO")
    assert (await client.frame())["s"] == "ETHDEMO"
    await client.subscribe(BTCDEMO=3)
    assert (await client.frame())["trades"] == [row(3)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "expected"),
        ('{"subscribe":["BTCDEMO"]}', "expected"),
        ('{"subscribe":{"BTCDEMO":"1"}}', "expected"),
        ('{"subscribe":{"XDEMO":1}}', "not recorded here: 'XDEMO'"),
    ],
)
async def test_a_wrong_subscription_is_closed_with_the_reason(client, text, reason):
    await client.socket.send_str(text)
    code, words = await client.closed()
    assert code == 1008
    assert words.startswith(reason)


async def test_a_client_that_does_not_read_is_closed_and_others_go_on(rings, session, monkeypatch):
    async with Feed("127.0.0.1", 0, rings, dict, bytes, slow_seconds=0.3) as feed:
        lazy = socket.create_connection(("127.0.0.1", feed.port))
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        lazy.sendall(
            b"GET /feed HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        text = b'{"subscribe":{"BTCDEMO":1}}'
        lazy.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)
        async with session.ws_connect(f"http://127.0.0.1:{feed.port}/feed") as connection:
            reader = Client(session, connection)
            await reader.subscribe(BTCDEMO=1)
            push(rings, *range(1, 150_001))
            last = 0
            while last < 150_000:
                last = (await reader.frame())["trades"][-1][0]
            deadline = time.monotonic() + 10
            while feed.clients > 1:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)
            push(rings, 150_001)
            assert (await reader.frame())["trades"] == [row(150_001)]
        lazy.close()


async def test_health_and_metrics_are_answered(feed, session):
    async with session.get(f"http://127.0.0.1:{feed.port}/health") as answer:
        assert await answer.json() == {"state": "recording"}
    async with session.get(f"http://127.0.0.1:{feed.port}/metrics") as answer:
        assert (await answer.text(), answer.content_type) == ("candlewick_x 1\n", "text/plain")


async def test_pages_of_other_origins_are_refused(feed, session):
    url = f"http://127.0.0.1:{feed.port}/feed"
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await session.ws_connect(url, headers={"Origin": "https://example.com"})
    async with session.ws_connect(url, headers={"Origin": f"http://127.0.0.1:{feed.port}"}):
        pass


async def test_too_many_clients_are_refused(feed, session, monkeypatch):
    monkeypatch.setattr(feeds, "CLIENTS_AT_MOST", 1)
    async with session.ws_connect(f"http://127.0.0.1:{feed.port}/feed"):
        with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
            await session.ws_connect(f"http://127.0.0.1:{feed.port}/feed")


async def test_a_taken_port_is_one_line(feed):
    with pytest.raises(PortTakenError, match=rf"feed: port {feed.port} on 127\.0\.0\.1 is taken; .* feed\.port"):
        await Feed("127.0.0.1", feed.port, {}, dict, bytes).__aenter__()


async def test_an_address_that_is_not_ours_is_one_line():
    with pytest.raises(CandlewickError, match=r"feed: cannot listen on 192\.0\.2\.1:0"):
        await Feed("192.0.2.1", 0, {}, dict, bytes).__aenter__()
