"""Replays of a recording, over real sockets."""

import asyncio
import csv
import gzip
import json
import shutil
import time
from itertools import pairwise

import pytest
from aiohttp import WSMsgType

from candlewick.errors import ConfigError, MalformedFrameError
from candlewick.fake_binance.market.replay import ReplayMarket
from candlewick.fake_binance.server.options import MAX_SPEED

SYMBOL = "BTCUSDT"
FIRST_ID, LAST_ID = 3735683259, 3735703162
WHOLE = (1723161300000, 1723161600000)
"""The two 5m candles that the recording covers, by open time."""

FIVE_MINUTES = f"/api/v3/klines?symbol={SYMBOL}&interval=5m"


@pytest.fixture
def frames(recording, tmp_path):
    """The recording's frames alone: no candles of the exchange beside them."""
    for file in recording.glob("*.gz"):
        shutil.copy(file, tmp_path)
    return tmp_path


def recorded_frames(recording):
    for file in sorted(recording.glob("*.gz")):
        with gzip.open(file, "rt") as lines:
            for line in lines:
                yield json.loads(line.partition(" ")[2])


def recorded_trades(recording):
    return [frame["data"] for frame in recorded_frames(recording) if frame.get("stream") == "btcusdt@trade"]


def oracle(recording):
    with (recording / "exchange_klines_5m.csv").open() as file:
        return {int(row[0]): row for row in csv.reader(file)}


async def listen(client, path, last_id=LAST_ID):
    """Return the events on a stream until trade `last_id`."""
    events = []
    async with client.connect(path) as stream:
        async for message in stream:
            assert message.type is WSMsgType.TEXT
            frame = json.loads(message.data)
            events.append(frame.get("data", frame))
            if events[-1].get("t") == last_id:
                return events
    raise AssertionError(f"the connection ended before trade {last_id}")


def numbers(row):
    return [str(value) for value in row[:11]]


async def test_as_recorded_every_trade_comes_once_in_order_and_unchanged(running, recording):
    async with running(replay=recording, speed=MAX_SPEED) as client:
        assert await listen(client, "/ws/btcusdt@trade") == recorded_trades(recording)
        await client.exchange.wait_finished()
        assert client.exchange.finished
        assert client.exchange.head(SYMBOL) == LAST_ID


async def test_klines_made_from_the_trades_equal_the_exchanges_in_nine_fields(running, frames, recording):
    async with running(replay=frames, speed=MAX_SPEED) as client:
        await listen(client, "/ws/btcusdt@trade")
        rows = {row[0]: row for row in await client.rows(FIVE_MINUTES)}
    assert list(rows) == [1723161000000, *WHOLE, 1723161900000]
    for opened in WHOLE:
        assert numbers(rows[opened]) == oracle(recording)[opened][:11]
    for partial in (1723161000000, 1723161900000):
        assert numbers(rows[partial]) != oracle(recording)[partial][:11]


async def test_the_exchanges_own_klines_are_served_for_what_is_over(running, recording):
    async with running(replay=recording, speed=MAX_SPEED) as client:
        before = await client.rows(FIVE_MINUTES)
        assert [row[0] for row in before] == [1723160400000, 1723160700000]
        await listen(client, "/ws/btcusdt@trade")
        await client.exchange.wait_finished()
        rows = await client.rows(FIVE_MINUTES)
        over, forming = rows[:-1], rows[-1]
        assert [numbers(row) for row in over] == [oracle(recording)[row[0]][:11] for row in over]
        assert [row[0] for row in over] == list(range(1723160400000, 1723161900000, 300_000))
        after = [trade for trade in recorded_trades(recording) if trade["T"] >= 1723161900000]
        assert (forming[0], forming[8]) == (1723161900000, len(after))


async def test_closed_minutes_chain_by_id_from_the_first_trade(running, recording):
    async with running(replay=recording, speed=MAX_SPEED) as client:
        events = await listen(client, "/stream?streams=btcusdt@trade/btcusdt@kline_1m")
    closed = [event["k"] for event in events if event["e"] == "kline" and event["k"]["x"]]
    assert closed[0]["f"] == FIRST_ID
    assert [left["L"] + 1 for left in closed[:-1]] == [right["f"] for right in closed[1:]]
    assert [kline["t"] for kline in closed] == list(range(1723161240000, 1723161900000, 60_000))


@pytest.mark.alike
async def test_a_client_that_connects_late_finds_the_rest_over_rest(running, recording, eventually):
    async with running(replay=recording, speed=200) as client:
        first = asyncio.create_task(listen(client, "/ws/btcusdt@trade"))
        await eventually(lambda: client.exchange.head(SYMBOL) > FIRST_ID + 3_000)
        late = await listen(client, "/ws/btcusdt@trade")
        ids = [event["t"] for event in late]
        assert FIRST_ID + 3_000 <= ids[0] < LAST_ID
        assert ids == list(range(ids[0], LAST_ID + 1))
        page = await client.rows(f"/api/v3/historicalTrades?symbol={SYMBOL}&fromId={ids[0] - 1000}&limit=1000")
        events = await first
    missed = events[ids[0] - FIRST_ID - 1_000 : ids[0] - FIRST_ID]
    assert [(row["id"], row["price"], row["time"]) for row in page] == [(e["t"], e["p"], e["T"]) for e in missed]


@pytest.mark.alike
async def test_what_was_not_sent_yet_is_not_served(running, recording):
    async with running(replay=recording, speed=1) as client:
        assert await client.rows(f"/api/v3/trades?symbol={SYMBOL}") == []
        assert (await client.rows("/api/v3/time"))["serverTime"] == 1723161255342
        async with client.connect("/ws/btcusdt@trade") as stream:
            await stream.receive(timeout=10)
            rows = await client.rows(f"/api/v3/historicalTrades?symbol={SYMBOL}&fromId={FIRST_ID}&limit=1000")
            assert FIRST_ID <= rows[-1]["id"] <= client.exchange.head(SYMBOL) < FIRST_ID + 1_000
            assert await client.rows(f"/api/v3/historicalTrades?symbol={SYMBOL}&fromId={LAST_ID}") == []


def stands_still(heads, head):
    """Note a head, and say whether it was the same the last twenty times."""
    heads.append(head)
    return len(heads) > 20 and len(set(heads[-20:])) == 1


@pytest.mark.alike
async def test_a_client_that_does_not_read_holds_a_fast_replay_and_loses_nothing(
    running, recording, slow_http, eventually
):
    async with (
        running(replay=recording, speed=MAX_SPEED) as client,
        slow_http.ws_connect(f"{client.exchange.ws_url}/ws/btcusdt@trade") as slow,
    ):
        fast = asyncio.create_task(listen(client, "/ws/btcusdt@trade"))
        heads = []
        await eventually(lambda: stands_still(heads, client.exchange.head(SYMBOL)))
        assert FIRST_ID < heads[-1] < LAST_ID
        ids = []
        while not ids or ids[-1] < LAST_ID:
            ids.append(json.loads((await slow.receive(timeout=10)).data)["t"])
        assert ids == list(range(FIRST_ID, LAST_ID + 1))
        await fast


@pytest.mark.alike
async def test_after_the_end_connections_stay_open_and_silent(running, recording):
    async with running(replay=recording, speed=MAX_SPEED) as client, client.connect("/ws/btcusdt@trade") as stream:
        last = 0
        while last < LAST_ID:
            last = json.loads((await stream.receive(timeout=10)).data)["t"]
        await client.exchange.wait_finished()
        with pytest.raises(TimeoutError):
            await stream.receive(timeout=0.3)
        await stream.send_str('{"method":"LIST_SUBSCRIPTIONS","id":1}')
        assert json.loads((await stream.receive(timeout=10)).data)["id"] == 1


@pytest.mark.parametrize(("speed", "lasts"), [(MAX_SPEED, 650.0), (300, 650 / 300)])
async def test_moved_to_now_times_are_of_now_and_ids_and_prices_as_recorded(running, recording, speed, lasts):
    async with running(replay=recording, speed=speed, shift_to_now=True) as client:
        before = time.time() * 1e3
        events = await listen(client, "/ws/btcusdt@trade")
    recorded = recorded_trades(recording)
    assert [(e["t"], e["p"], e["q"], e["m"]) for e in events] == [(e["t"], e["p"], e["q"], e["m"]) for e in recorded]
    assert before - 5 <= events[0]["E"] < before + 5_000
    assert (events[-1]["E"] - events[0]["E"]) / 1e3 == pytest.approx(lasts, rel=0.01)
    assert all(left["T"] <= right["T"] for left, right in pairwise(events))


def write(folder, *events, name="frames.gz", tail=b""):
    lines = b"".join(
        b"1 " + json.dumps({"stream": "x", "data": event}, separators=(",", ":")).encode() + b"\n" for event in events
    )
    (folder / name).write_bytes(gzip.compress(lines + tail))
    return folder


def event(trade_id, time_=1723161255342, symbol="ABCUSDT", price="1.5"):
    return {
        "e": "trade",
        "E": time_,
        "s": symbol,
        "t": trade_id,
        "p": price,
        "q": "2",
        "T": time_,
        "m": True,
        "M": True,
    }


def test_copies_of_a_trade_and_other_symbols_and_microseconds_are_read(tmp_path):
    micro = 1723161255342000
    write(tmp_path, event(7), event(8), event(7), event(8), event(1, micro, "XYZUSDT"), event(2, micro + 1, "XYZUSDT"))
    market = ReplayMarket.read(tmp_path)
    assert set(market.instruments) == {"ABCUSDT", "XYZUSDT"}
    assert market.trades("ABCUSDT", 0, 99).traded_at.tolist() == [micro, micro]
    assert market.trades("XYZUSDT", 0, 99).traded_at.tolist() == [micro, micro + 1]


@pytest.mark.parametrize(
    ("events", "error", "says"),
    [
        ([event(7), event(9)], MalformedFrameError, "trade 8 is missing"),
        ([event(7), event(7, price="1.6")], MalformedFrameError, "two different ones"),
        ([event(7), event(8, 1723161255341)], MalformedFrameError, "older"),
        ([], ConfigError, "found none"),
    ],
)
def test_a_capture_that_cannot_be_replayed_is_refused_in_one_line(tmp_path, events, error, says):
    with pytest.raises(error, match=says) as refused:
        ReplayMarket.read(write(tmp_path, *events))
    assert "\n" not in str(refused.value)


def test_a_line_that_is_not_a_frame_is_named(tmp_path):
    with pytest.raises(MalformedFrameError, match=r"frames\.gz:2: "):
        ReplayMarket.read(write(tmp_path, event(7), tail=b'1 {"data":{"e":"trade","t":"x"}}\n'))


@pytest.mark.alike
def test_a_file_that_was_cut_is_named(tmp_path, recording):
    whole = next(recording.glob("*.gz")).read_bytes()
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MalformedFrameError, match=r"cut\.gz:\d+: "):
        ReplayMarket.read(tmp_path)


def test_a_folder_without_a_capture_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="expected a capture"):
        ReplayMarket.read(tmp_path)
