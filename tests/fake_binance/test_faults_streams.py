"""Faults of streams and handshakes, as a client hears them over a real socket."""

import asyncio
import errno
import json
import socket
import time
from functools import partial

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import WSMsgType

from candlewick.fake_binance.faults import Fault, Plan, Script

STREAM = "/stream?streams=btcdemo@trade&timeUnit=MICROSECOND"
HANDSHAKE = (
    b"GET /ws/btcdemo@trade HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def faulty_exchange(running):
    async with running(Script(), symbols=("BTCDEMO",), rate=400.0, ping_seconds=0.25, pong_seconds=5.0) as one:
        yield one


async def hear(socket, seconds=None, until=lambda event: False):
    """Return the events (and the names of control frames) of a connection for a time, or until something comes."""
    heard = []
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await socket.receive()
                if message.type is WSMsgType.PING:
                    await socket.pong(message.data)
                heard.append(json.loads(message.data)["data"] if message.type is WSMsgType.TEXT else message)
                if message.type in {WSMsgType.CLOSED, WSMsgType.CLOSE, WSMsgType.ERROR} or until(heard[-1]):
                    return heard
    except TimeoutError:
        return heard


async def trades_come(socket):
    """Whether a trade comes: a market has quiet seconds, but not many."""
    return bool(ids(await hear(socket, 10, until=lambda event: isinstance(event, dict))))


def ids(heard):
    return [event["t"] for event in heard if isinstance(event, dict) and event["e"] == "trade"]


def pings(heard):
    return [message for message in heard if getattr(message, "type", None) is WSMsgType.PING]


def holes(numbers):
    return sorted(set(range(min(numbers), max(numbers) + 1)) - set(numbers))


async def test_a_script_that_injects_nothing_lets_everything_through(faulty):
    async with faulty.connect(STREAM) as one:
        first = ids(await hear(one, until=lambda event: True))[0]
        heard = ids(await hear(one, until=lambda event: event["t"] > first + 100))
    assert [first, *heard] == list(range(first, first + 102))


async def test_a_drop_is_a_reset_without_a_close_frame(faulty):
    async with faulty.connect(STREAM) as one, faulty.connect(STREAM) as other:
        await hear(one, until=lambda event: True)
        faulty.inject("drop", leg=0)
        heard = await hear(one, 5)
        assert heard[-1].type in {WSMsgType.CLOSED, WSMsgType.ERROR}
        assert one.close_code == 1006
        assert await trades_come(other)


async def test_a_drop_is_a_tcp_reset_on_the_wire(faulty):
    reader, writer = await asyncio.open_connection("127.0.0.1", faulty.exchange.port)
    writer.write(HANDSHAKE)
    await reader.readuntil(b"\r\n\r\n")
    faulty.inject("drop")
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()


@pytest.mark.parametrize("code", [1000, 1001, 1012])
async def test_a_close_has_its_code(faulty, code):
    async with faulty.connect(STREAM) as one:
        faulty.inject("close", status=code)
        await hear(one, 5)
        assert one.close_code == code


async def test_half_a_frame_is_cut_in_the_middle(faulty):
    reader, writer = await asyncio.open_connection("127.0.0.1", faulty.exchange.port)
    writer.write(HANDSHAKE)
    await reader.readuntil(b"\r\n\r\n")
    faulty.inject("half_frame")
    sent = await reader.read()
    writer.close()
    assert sent[-1:] != b"}"
    last = sent[sent.rindex(b'{"e":"trade"') :]
    with pytest.raises(json.JSONDecodeError):
        json.loads(last)


async def test_after_half_a_frame_a_client_sees_1006(faulty):
    async with faulty.connect(STREAM) as one:
        faulty.inject("half_frame")
        await hear(one, 5)
        assert one.close_code == 1006


@pytest.mark.parametrize(("warning", "path"), [(0.5, STREAM), (0.0, "/ws/btcdemo@trade")])
async def test_a_shutdown_is_announced_and_then_comes(faulty, warning, path):
    async with faulty.connect(path) as one:
        await one.receive()
        faulty.inject("shutdown", value=warning)
        frames = []
        async for message in one:
            frames.append((time.monotonic(), json.loads(message.data)))
        ended = time.monotonic()
        assert one.close_code == 1001
    if not warning:
        assert frames[-1][1]["e"] == "serverShutdown"
        return
    (announced,) = [(at, frame) for at, frame in frames if frame["stream"] == "!serverShutdown"]
    assert list(announced[1]["data"]) == ["e", "E"]
    assert ended - announced[0] == pytest.approx(warning, abs=0.3)
    assert len([at for at, _ in frames if at > announced[0]]) > 5


async def test_connections_live_no_longer_than_their_day(faulty):
    faulty.inject("life", value=0.5)
    for _ in range(2):
        async with faulty.connect(STREAM) as one:
            opened = time.monotonic()
            await hear(one, 5)
            assert time.monotonic() - opened == pytest.approx(0.5, abs=0.25)
            assert one.close_code == 1008


@pytest.mark.parametrize(
    ("kind", "frames", "pinged"),
    [("silence", False, True), ("mute", False, False), ("no_pings", True, False)],
)
async def test_a_connection_may_be_open_and_say_nothing(faulty, kind, frames, pinged):
    async with faulty.connect(STREAM, autoping=False) as one:
        await hear(one, until=lambda event: True)
        faulty.inject(kind, seconds=1.0)
        await hear(one, 0.2)
        heard = await hear(one, 0.6)
        assert (bool(ids(heard)), bool(pings(heard))) == (frames, pinged)
        assert not one.closed
        assert await trades_come(one)
        assert pings(await hear(one, 10, until=lambda event: pings([event])))


async def test_a_deaf_connection_acknowledges_and_sends_nothing(faulty):
    faulty.inject("deaf", seconds=0.3)
    async with faulty.connect("/ws") as deaf:
        await deaf.send_str('{"method":"SUBSCRIBE","params":["btcdemo@trade"],"id":1}')
        assert json.loads((await deaf.receive()).data) == {"result": None, "id": 1}
        assert ids(await hear(deaf, 0.5)) == []
        async with faulty.connect(STREAM) as other:
            assert await trades_come(other)
            assert ids(await hear(deaf, 0.1)) == []


async def test_lag_delivers_seconds_later_and_everything(faulty):
    async with faulty.connect(STREAM) as late, faulty.connect(STREAM) as other:
        entry = faulty.inject("lag", leg=0, seconds=0.5, value=0.8)
        delays = []

        def has_caught_up(event):
            delays.append(time.time() - event["E"] / 1e6)
            return max(delays) > 0.8 and delays[-1] < 0.4

        slow, fast = await asyncio.gather(hear(late, 20, has_caught_up), hear(other, 1))
    assert has_caught_up(slow[-1]) or delays[-2] < 0.4
    assert holes(ids(slow)) == holes(ids(fast)) == []
    assert entry.hits > 1


async def test_a_trickle_keeps_its_pace_and_catches_up(faulty):
    async with faulty.connect(STREAM) as one:
        await hear(one, until=lambda event: True)
        entry = faulty.inject("trickle", seconds=0.8, value=20.0)
        await hear(one, 0.1)
        slow = ids(await hear(one, 0.5))
        rest = ids(await hear(one, 20, until=lambda event: time.time() - event["E"] / 1e6 < 0.1))
    assert len(slow) <= 14
    assert entry.hits > len(slow)
    assert holes(slow + rest) == []


@pytest.mark.parametrize("kind", ["reorder", "duplicate"])
async def test_order_and_number_of_frames_may_be_wrong_but_none_is_lost(faulty, kind):
    async with faulty.connect(STREAM) as one:
        await hear(one, until=lambda event: True)
        entry = faulty.inject(kind)
        heard = ids(await hear(one, 10, until=lambda event: entry.hits >= 50))
        faulty.inject("silence", seconds=60)
        heard += ids(await hear(one, 0.5))
    assert holes(heard) == []
    assert heard != sorted(heard)
    assert len(heard) - len(set(heard)) == (50 if kind == "duplicate" else 0)


@pytest.mark.parametrize("kind", ["conflict", "conflict_first"])
async def test_two_trades_may_have_one_id(faulty, kind):
    async with faulty.connect(STREAM) as one:
        entry = faulty.inject(kind)
        heard = await hear(one, 10, until=partial(is_behind, entry))
    numbers = [event["t"] for event in heard]
    (doubled,) = {number for number in numbers if numbers.count(number) > 1}
    copies = [event for event in heard if event["t"] == doubled]
    truth = faulty.market.trades("BTCDEMO", doubled, doubled)
    true_price = f"{int(truth.price[0]) * 1_000_000 / 1e8:.8f}"
    assert [copy["p"] == true_price for copy in copies] == [kind == "conflict", kind != "conflict"]


@pytest.mark.parametrize("kind", ["cut_json", "wrong_types", "unknown_event"])
async def test_frames_may_be_no_events(faulty, kind):
    async with faulty.connect(STREAM) as one:
        texts = [(await one.receive()).data]
        entry = faulty.inject(kind, count=4)
        good = list(texts)
        while len(texts) - len(good) < 4 or len(good) < 40 or texts[-1] != good[-1]:
            texts.append((await one.receive()).data)
            good += texts[-1:] if is_trade(texts[-1]) else []
    assert entry.hits == len(texts) - len(good) == 4
    assert len(holes([json.loads(text)["data"]["t"] for text in good])) == (0 if kind == "unknown_event" else 4)


def is_trade(text):
    try:
        event = json.loads(text)["data"]
    except (json.JSONDecodeError, KeyError):
        return False
    shape = {"e": str, "E": int, "s": str, "t": int, "p": str, "q": str, "T": int, "m": bool, "M": bool}
    return {name: type(value) for name, value in event.items()} == shape


def is_behind(entry, event):
    """Whether an event comes behind the ids that a fault left out."""
    return bool(entry.notes) and isinstance(event, dict) and event["t"] > int(entry.notes[0].rpartition(" ")[2]) + 20


@pytest.mark.parametrize("leg", [0, None])
async def test_ids_may_be_left_out_on_one_leg_or_on_both(faulty, leg):
    async with faulty.connect(STREAM) as one, faulty.connect(STREAM) as other:
        before = [ids(await hear(socket, until=lambda event: True)) for socket in (one, other)]
        entry = faulty.inject("skip", leg=leg, count=12)
        behind = partial(is_behind, entry)
        heard = await asyncio.gather(hear(one, until=behind), hear(other, until=behind))
        left, right = (first + ids(events) for first, events in zip(before, heard, strict=True))
    assert len(holes(left)) == 12
    assert holes(right) == ([] if leg == 0 else holes(left))
    assert entry.notes == [f"BTCDEMO from {holes(left)[0]}"] * (1 if leg == 0 else 2)
    rows = await faulty.rows(f"/api/v3/historicalTrades?symbol=BTCDEMO&fromId={holes(left)[0]}&limit=12")
    assert [row["id"] for row in rows] == holes(left)


@pytest.mark.parametrize("status", [403, 503])
async def test_a_handshake_may_be_refused_for_a_while(faulty, status, eventually):
    entry = faulty.inject("refuse", seconds=0.4, status=status)
    began = time.monotonic()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await faulty.connect(STREAM)
    assert refused.value.status == status
    await eventually(lambda: time.monotonic() - began > 0.4)
    async with faulty.connect(STREAM) as one:
        assert await trades_come(one)
    assert entry.hits == 1


@pytest.mark.parametrize("kind", ["refuse_reset", "refuse_half"])
async def test_a_handshake_may_break_off(faulty, kind):
    faulty.inject(kind)
    with pytest.raises(aiohttp.ClientError):
        await faulty.connect(STREAM)


async def test_a_handshake_may_never_be_answered(faulty):
    faulty.inject("refuse_hang", seconds=0.4)
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", faulty.exchange.port)
    writer.write(HANDSHAKE)
    with pytest.raises(ConnectionResetError):
        await reader.read()
    assert time.monotonic() - began == pytest.approx(0.4, abs=0.2)
    writer.close()


def is_refused(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


async def test_nobody_listens_while_it_is_down_and_open_connections_go_on(faulty, eventually):
    async with faulty.connect(STREAM) as one:
        faulty.inject("down", seconds=0.5)
        await eventually(lambda: is_refused(faulty.exchange.port))
        heard = ids(await hear(one, 10, until=lambda event: is_refused(faulty.exchange.port)))
        assert heard
        await eventually(lambda: not is_refused(faulty.exchange.port))
        assert not faulty.exchange.faults.is_down
        assert await faulty.rows("/api/v3/ping") == {}


async def test_a_skewed_clock_is_that_of_times_and_trades_alike(running):
    async with running(Script(Plan([Fault("skew", value=30.0, seconds=60.0)])), symbols=("BTCDEMO",)) as faulty:
        us = {"X-MBX-TIME-UNIT": "MICROSECOND"}
        ahead = (await faulty.rows("/api/v3/time", us))["serverTime"] / 1e6 - time.time()
        assert ahead == pytest.approx(30.0, abs=0.5)
        async with faulty.connect(STREAM) as one:
            event = (await hear(one, until=lambda event: True))[0]
            assert event["E"] / 1e6 - time.time() == pytest.approx(30.0, abs=0.5)


async def test_a_clock_that_jumps_ahead_makes_what_lies_between_public_at_once(faulty):
    async with faulty.connect(STREAM) as one:
        before = (await hear(one, until=lambda event: True))[0]
        faulty.inject("skew", value=5.0, seconds=60.0)
        after = await hear(one, 20, until=lambda event: event["E"] / 1e6 - time.time() > 4.5)
    assert after[-1]["E"] - before["E"] > 4.5e6
    assert holes([before["t"], *ids(after)]) == []


async def test_a_plan_plays_at_its_times_by_itself(running):
    plan = Plan([Fault("skip", at=0.2, count=2), Fault("close", at=1.5, leg=0, status=1012)])
    async with running(Script(plan), symbols=("BTCDEMO",), rate=400.0) as faulty, faulty.connect(STREAM) as one:
        heard = ids(await hear(one, 5))
        assert one.close_code == 1012
        journal = list(faulty.exchange.faults.journal)
        first = int(journal[0].notes[0].rpartition(" ")[2])
        assert not {first, first + 1} & set(heard)
        assert [(entry.fault.kind, entry.hits) for entry in journal] == [("skip", 2), ("close", 1)]
        lateness = [entry.at - at for entry, at in zip(journal, (0.2, 1.5), strict=True)]
        assert all(-0.01 <= late < 10.0 for late in lateness), "never before its time, and on a busy machine soon after"
