"""Ids that no trade ever has: missing everywhere alike, and told by the truth."""

import json
from datetime import timedelta

import numpy as np
import pytest

from candlewick.fake_binance.faults import Fault, Plan, Script
from candlewick.fake_binance.market.candles import Chart
from candlewick.fake_binance.market.instruments import character
from candlewick.fake_binance.market.intervals import interval
from candlewick.fake_binance.market.market import SyntheticMarket
from candlewick.fake_binance.market.reading import newest, oldest
from candlewick.fake_binance.server.timeline import Timeline

API = "/api/v3"
NOON = 1_768_564_800_000_000
MARKET = SyntheticMarket([character("BTCDEMO", 20)], seed=4)


def holed(*faults, next_id=None):
    """Return a market on virtual time with holes, and its script."""
    script = Script(Plan(faults), clock=lambda: 0.0)
    script.meet(lambda: {"BTCDEMO": MARKET.id_at("BTCDEMO", NOON) if next_id is None else next_id})
    script.advance()
    return script.market(MARKET), script


def test_a_hole_begins_behind_the_next_id_or_so_many_before_it():
    next_id = MARKET.id_at("BTCDEMO", NOON)
    market, script = holed(Fault("hole", count=4), Fault("hole", count=2, value=100))
    assert script.holes.ranges("BTCDEMO") == [(next_id - 100, next_id - 99), (next_id + 1, next_id + 4)]
    trades = market.trades("BTCDEMO", next_id - 101, next_id + 6)
    assert set(range(next_id - 101, next_id + 7)) - set(trades.ids.tolist()) == {
        next_id - 100, next_id - 99, *range(next_id + 1, next_id + 5),
    }  # fmt: skip
    assert [entry.notes for entry in script.journal] == [
        [f"BTCDEMO {next_id + 1}-{next_id + 4}"],
        [f"BTCDEMO {next_id - 100}-{next_id - 99}"],
    ]


def test_pages_walk_over_a_hole_in_both_directions():
    next_id = MARKET.id_at("BTCDEMO", NOON)
    market, _ = holed(Fault("hole", count=500))
    after = oldest(market, "BTCDEMO", next_id + 1, next_id + 10_000, 3)
    assert after.ids.tolist() == [next_id + 501, next_id + 502, next_id + 503]
    assert oldest(market, "BTCDEMO", next_id + 1, next_id + 400, 3).ids.tolist() == []
    before = newest(market, "BTCDEMO", next_id + 500, 2)
    assert before.ids.tolist() == [next_id - 1, next_id]


def test_a_moment_within_a_hole_leads_to_the_trade_behind_it():
    next_id = MARKET.id_at("BTCDEMO", NOON)
    market, _ = holed(Fault("hole", count=500))
    inside = MARKET.trades("BTCDEMO", next_id + 250, next_id + 250)
    assert market.id_at("BTCDEMO", int(inside.traded_at[0])) == next_id + 501
    assert market.id_published_after("BTCDEMO", int(inside.event_at[0])) == next_id + 501
    assert market.first_of_aggregate("BTCDEMO", int(inside.aggregate[0])) in {next_id, next_id + 501}


def test_candles_and_streams_are_made_of_the_trades_that_exist():
    minute = interval("1m")
    next_id = MARKET.id_at("BTCDEMO", NOON + 10_000_000)
    market, _ = holed(Fault("hole", count=200), next_id=next_id)
    fence = market.id_at("BTCDEMO", NOON + 60_000_000)
    trades = market.trades("BTCDEMO", market.id_at("BTCDEMO", NOON), fence - 1)
    chart = Chart(minute)
    chart.add(trades)
    (candle,) = chart.rows([NOON], None)
    assert candle.count == len(trades) == candle.last_id - candle.first_id + 1 - 200
    timeline = Timeline(market, NOON - 1)
    got = []
    while timeline.now < NOON + 60_000_000:
        step = timeline.advance(min(timeline.next_at(), NOON + 60_000_000))
        got += [step.trades["BTCDEMO"].ids] if step.trades else []
    assert set(np.concatenate(got).tolist()) >= set(trades.ids.tolist())
    assert not set(np.concatenate(got).tolist()) & set(range(next_id + 1, next_id + 201))


@pytest.fixture
async def client(running):
    async with running(Script(), symbols=("BTCDEMO",), rate=400.0, history=timedelta(days=1)) as one:
        yield one


async def test_a_hole_to_come_is_the_same_in_stream_and_pages(client):
    async with client.connect("/ws/btcdemo@trade") as socket:
        heard = [json.loads((await socket.receive()).data)["t"]]
        client.exchange.faults.inject(Fault("hole", count=20))
        ((first, last),) = client.exchange.faults.holes.ranges("BTCDEMO")
        assert first > heard[0]
        while heard[-1] <= last + 10:
            heard.append(json.loads((await socket.receive()).data)["t"])
    assert set(range(heard[0], heard[-1] + 1)) - set(heard) == set(range(first, last + 1))
    assert heard == client.market.trades("BTCDEMO", heard[0], heard[-1]).ids.tolist()
    path = f"{API}/historicalTrades?symbol=BTCDEMO&limit=5&fromId="
    assert [row["id"] for row in await client.rows(f"{path}{first - 1}")] == [first - 1, *range(last + 1, last + 5)]
    assert [row["id"] for row in await client.rows(f"{path}{first + 3}")] == list(range(last + 1, last + 6))


async def test_a_hole_in_the_past_is_missing_in_trades_aggregates_klines_and_archive(running):
    plan = Plan([Fault("hole", count=40, value=60_000)])
    async with running(Script(plan), symbols=("BTCDEMO",), history=timedelta(days=1)) as client:
        await client.rows(f"{API}/ping")
        ((first, last),) = client.exchange.faults.holes.ranges("BTCDEMO")
        rows = await client.rows(f"{API}/historicalTrades?symbol=BTCDEMO&fromId={first - 10}&limit=60")
        assert [row["id"] for row in rows] == [*range(first - 10, first), *range(last + 1, last + 51)]
        path = f"{API}/aggTrades?symbol=BTCDEMO&limit=1000&startTime={rows[0]['time']}"
        aggregates = await client.rows(path)
        assert not {one[end] for one in aggregates for end in "fl"} & set(range(first, last + 1))
        opened = rows[0]["time"] // 60_000 * 60_000
        span = f"&interval=1m&startTime={opened}&endTime={rows[-1]['time']}"
        klines = await client.rows(f"{API}/klines?symbol=BTCDEMO{span}")
        ends = [client.market.id_at("BTCDEMO", at * 1_000) for at in (opened, klines[-1][6] + 1)]
        assert sum(row[8] for row in klines) == ends[1] - ends[0] - 40
