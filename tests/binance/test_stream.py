"""Legs against a real WebSocket server that is told what to do to them."""

import asyncio
import gc
import random
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from candlewick.binance import stream
from candlewick.binance.stream import Leg, backoff, spread, stream_url
from candlewick.trade import Kline, Trade

KLINE = (
    '{"e":"kline","E":1,"s":"BTCUSDT","k":{"t":0,"T":59,"i":"1m","o":"1","c":"1","h":"1","l":"1","v":"0","n":0,"x":true,'
    '"q":"0","V":"0","Q":"0"}}'
)


def frame(trade_id: int) -> str:
    return f'{{"stream":"btcusdt@trade","data":{event(trade_id)}}}'


def event(trade_id: int) -> str:
    return f'{{"e":"trade","E":1,"s":"BTCUSDT","t":{trade_id},"p":"1","q":"1","T":1,"m":true,"M":true}}'


@dataclass
class Streams:
    """A server of streams: its open connections, and what clients sent."""

    url: str = ""
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    pongs: list[bytes] = field(default_factory=list)
    wires: list[asyncio.Transport] = field(default_factory=list)
    refuses: bool = False
    greeting: bytes = b""
    """What a connection is sent first, as it is on the wire."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request.path_qs)
        if self.refuses:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self.sockets.append(socket)
        assert request.transport
        self.wires.append(request.transport)
        request.transport.write(self.greeting)
        async for message in socket:
            if message.type is WSMsgType.PONG:
                self.pongs.append(message.data)
        return socket

    @property
    def open(self) -> list[web.WebSocketResponse]:
        return [socket for socket in self.sockets if not socket.closed]


@pytest.fixture
async def streams() -> AsyncIterator[Streams]:
    server = Streams()
    app = web.Application()
    app.router.add_get("/stream", server.handle)
    async with TestServer(app) as running:
        server.url = str(running.make_url("")).rstrip("/").replace("http", "ws")
        yield server
        for socket in server.open:
            await socket.close()


@dataclass
class Running:
    leg: Leg
    events: list[tuple[bytes, Trade | Kline, int]]
    task: asyncio.Task[None]

    @property
    def ids(self) -> list[int]:
        return [decoded.trade_id for _, decoded, _ in self.events if isinstance(decoded, Trade)]


@pytest.fixture
async def run(streams: Streams) -> AsyncIterator[Callable[..., Running]]:
    running: list[Running] = []

    def start(**options: float) -> Running:
        events: list[tuple[bytes, Trade | Kline, int]] = []
        leg = Leg(streams.url, ["BTCUSDT"], lambda *args: events.append(args), rng=random.Random(1), **options)
        running.append(Running(leg, events, asyncio.create_task(leg.run())))
        return running[-1]

    yield start
    for each in running:
        each.task.cancel()
    await asyncio.gather(*(each.task for each in running), return_exceptions=True)


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_TICK", 0.05)


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        await asyncio.sleep(0.005)


async def test_events_come_verbatim_decoded_and_with_the_time_they_came(streams: Streams, run) -> None:
    leg = run()
    await until(lambda: streams.open)
    before = time.time_ns() // 1_000
    await streams.sockets[0].send_str(frame(7))
    await streams.sockets[0].send_str(KLINE)
    await until(lambda: len(leg.events) == 2)
    (first, trade, received_at), (second, kline, _) = leg.events
    assert (first, trade.trade_id, second) == (event(7).encode(), 7, KLINE.encode())
    assert isinstance(kline, Kline)
    assert before <= received_at <= time.time_ns() // 1_000
    assert (leg.leg.state, leg.leg.frames, leg.leg.connections) == ("open", 2, 1)
    assert streams.requests == ["/stream?streams=btcusdt@trade/btcusdt@kline_1m&timeUnit=MICROSECOND"]


async def test_a_ping_is_answered_with_its_payload(streams: Streams, run) -> None:
    run()
    await until(lambda: streams.open)
    await streams.sockets[0].ping(b"1723161255343")
    await until(lambda: streams.pongs)
    assert streams.pongs == [b"1723161255343"]


async def test_a_fragmented_message_is_put_together(streams: Streams, run) -> None:
    leg = run()
    await until(lambda: streams.open)
    text = frame(7).encode()
    writer = streams.sockets[0]._writer.transport
    writer.write(bytes([0x01, 100]) + text[:100] + bytes([0x89, 0]) + bytes([0x80, len(text) - 100]) + text[100:])
    await until(lambda: leg.ids == [7])


async def test_a_malformed_frame_is_counted_and_the_next_one_is_read(streams: Streams, run) -> None:
    leg = run()
    await until(lambda: streams.open)
    for text in ("{", frame(1)[:-9], frame(2)):
        await streams.sockets[0].send_str(text)
    await until(lambda: leg.ids == [2])
    assert leg.leg.malformed == 2


@pytest.mark.parametrize("is_clean", [True, False])
async def test_a_lost_connection_is_opened_again(streams: Streams, run, is_clean: bool) -> None:
    leg = run()
    await until(lambda: streams.open)
    if is_clean:
        await streams.sockets[0].close()
    else:
        streams.sockets[0]._writer.transport.abort()
    await until(lambda: len(streams.sockets) == 2)
    await streams.sockets[1].send_str(frame(7))
    await until(lambda: leg.ids == [7])
    assert leg.leg.connections == 2


async def test_refusals_are_waited_out_longer_and_longer(streams: Streams, run, monkeypatch) -> None:
    monkeypatch.setattr(stream, "LONGEST_WAIT", 0.4)
    streams.refuses = True
    leg = run()
    await until(lambda: len(streams.requests) == 4)
    assert leg.leg.state in ("waiting", "connecting")
    streams.refuses = False
    await until(lambda: streams.open)


async def test_shutdown_is_answered_by_opening_first_and_dropping_then(streams: Streams, run) -> None:
    leg = run()
    await until(lambda: streams.open)
    old = streams.sockets[0]
    await old.send_str('{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}')
    await until(lambda: len(streams.open) == 2)
    await old.send_str(frame(1))
    await until(lambda: leg.ids == [1])
    await streams.sockets[1].send_str(frame(2))
    await until(lambda: old.closed)
    assert leg.ids == [1, 2]
    assert (leg.leg.connections, leg.leg.state) == (2, "open")


async def test_a_connection_is_replaced_before_it_is_too_old_and_stays_while_that_fails(streams: Streams, run) -> None:
    leg = run(first_life=0.2)
    await until(lambda: streams.open)
    streams.refuses = True
    await until(lambda: len(streams.requests) == 3)
    await streams.sockets[0].send_str(frame(1))
    await until(lambda: leg.ids == [1])
    streams.refuses = False
    await until(lambda: len(streams.sockets) == 2)
    await streams.sockets[1].send_str(frame(2))
    await until(lambda: streams.sockets[0].closed)
    assert leg.ids == [1, 2]


async def test_silence_ends_a_connection_and_pings_are_no_silence(streams: Streams, run) -> None:
    run(silence=0.6)
    await until(lambda: streams.open)
    for _ in range(8):
        await asyncio.sleep(0.15)
        await streams.sockets[0].ping(b"")
    assert len(streams.sockets) == 1
    await until(lambda: len(streams.sockets) == 2 and streams.sockets[0].closed)


async def test_a_paused_leg_is_cut_at_once_and_connects_again_when_resumed(streams: Streams, run) -> None:
    leg = run()
    await until(lambda: streams.open)
    leg.leg.pause()
    await until(lambda: not streams.open and leg.leg.state == "paused")
    assert len(streams.requests) == 1
    leg.leg.resume()
    await until(lambda: streams.open)


async def test_a_stopped_leg_closes_its_connection(streams: Streams, run) -> None:
    leg = run()
    await until(lambda: streams.open)
    leg.task.cancel()
    await until(lambda: not streams.open)
    assert leg.leg.state == "stopped"


@pytest.mark.parametrize("turns", range(4))
async def test_a_leg_that_is_stopped_while_it_connects_leaves_no_connection(streams: Streams, run, turns) -> None:
    leg = run()
    while not streams.open:  # noqa: ASYNC110 (at the very moment, which is before anything could tell)
        await asyncio.sleep(0)
    for _ in range(turns):
        await asyncio.sleep(0)
    leg.task.cancel()
    await until(lambda: not streams.open)


async def test_a_fault_of_our_own_code_is_raised_not_reconnected(streams: Streams) -> None:
    def broken(event: bytes, decoded: Trade | Kline, received_at: int) -> None:
        raise ZeroDivisionError

    task = asyncio.create_task(Leg(streams.url, ["BTCUSDT"], broken).run())
    await until(lambda: streams.open)
    await streams.sockets[0].send_str(frame(1))
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(task, 10)


async def test_a_peer_that_closes_before_it_answers_is_asked_again(monkeypatch) -> None:
    accepted = 0

    def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        accepted += 1
        writer.close()

    async with await asyncio.start_server(close, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        leg = Leg(f"ws://127.0.0.1:{port}", ["BTCUSDT"], lambda *args: None, rng=random.Random(1))
        task = asyncio.create_task(leg.run())
        await until(lambda: accepted == 3)
        assert leg.state in ("waiting", "connecting") and not task.done()
        task.cancel()


@pytest.mark.parametrize("answer", ["shutdown", "close"])
async def test_a_host_that_refuses_every_replacement_is_not_stormed(streams: Streams, run, answer: str) -> None:
    leg = run(first_life=0.0, life=0.0)
    started, seen = time.monotonic(), 0
    while time.monotonic() < started + 2.0:
        for socket in streams.sockets[seen:]:
            seen += 1
            if answer == "shutdown":
                await socket.send_str('{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}')
            elif seen > 1:
                await socket.close(code=1008)
        await asyncio.sleep(0.01)
    assert 2 <= len(streams.requests) <= 7
    assert leg.leg.connections >= 1


async def test_text_that_is_no_utf8_is_a_malformed_frame(streams: Streams, run) -> None:
    leg = run()
    await until(lambda: streams.open)
    broken = frame(1).encode().replace(b"BTCUSDT", b"BTC\xffUSD")
    streams.sockets[0]._writer.transport.write(bytes([0x81, len(broken)]) + broken)
    await streams.sockets[0].send_str(frame(2))
    await until(lambda: leg.ids == [2])
    assert leg.leg.malformed == 1


def test_waits_double_up_to_a_cap_and_are_jittered_by_half() -> None:
    rng = random.Random(3)
    for attempt, longest in enumerate([0.25, 0.5, 1, 2, 4, 8, 16, 30, 30]):
        waits = [backoff(attempt, rng) for _ in range(200)]
        assert longest / 2 <= min(waits) < max(waits) <= longest
        assert max(waits) - min(waits) > longest / 4
    assert backoff(10_000, rng) <= 30


def test_an_address_names_every_stream_and_asks_for_microseconds() -> None:
    assert stream_url("wss://host", ["BTCUSDT", "币USDT"]) == (
        "wss://host/stream?streams=btcusdt@trade/btcusdt@kline_1m/%E5%B8%81usdt@trade/%E5%B8%81usdt@kline_1m"
        "&timeUnit=MICROSECOND"
    )


def test_many_symbols_are_split_over_connections() -> None:
    symbols = [f"S{n}" for n in range(250)]
    assert [len(group) for group in spread(symbols)] == [100, 100, 50]
    assert [symbol for group in spread(symbols) for symbol in group] == symbols


MASKED = bytes((0x81, 0x82)) + bytes(4) + b"{}"
"""A text frame with a mask, as only a client may send: the connection fails by the protocol (RFC 6455, 5.1)."""


@pytest.mark.parametrize("is_first", [True, False])
async def test_a_masked_frame_ends_a_connection_and_leaves_nothing_behind(streams: Streams, run, is_first) -> None:
    told: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    streams.greeting = MASKED if is_first else b""
    leg = run()
    await until(lambda: streams.sockets)
    if not is_first:
        await until(lambda: leg.leg.state == "open")
        streams.wires[0].write(MASKED)
    await until(lambda: len(streams.sockets) >= 2 + is_first)
    streams.greeting = b""
    await until(lambda: leg.leg.problem is None and leg.leg.state == "open" and streams.open)
    await streams.open[-1].send_str(frame(7))
    await until(lambda: leg.ids == [7])
    await asyncio.sleep(0)
    gc.collect()
    assert told == []


async def test_a_connection_that_fails_while_it_is_replaced_leaves_nothing_behind(streams: Streams, run) -> None:
    told: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    leg = run()
    await until(lambda: leg.leg.state == "open" and streams.open)
    streams.greeting = MASKED
    leg.leg.replace("a test")
    await until(lambda: len(streams.sockets) >= 3)  # the old one goes on while new ones fail
    await streams.sockets[0].send_str(frame(7))
    await until(lambda: leg.ids == [7])
    gc.collect()
    assert told == []
