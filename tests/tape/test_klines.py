"""Candles from a real HTTP server into a real lake."""

import asyncio
import contextlib
import json
from dataclasses import dataclass

import pytest

from candlewick.binance.budget import WeightBudget
from candlewick.binance.rest import Rest
from candlewick.lake.batch import Batcher, Limits
from candlewick.moments import DAY, MINUTE, at
from candlewick.spans import Spans
from candlewick.tape import checkpoint, doubts, klines
from candlewick.tape.checkpoint import Checkpoint, HistoryMark
from candlewick.tape.coverage import Coverage
from candlewick.tape.klines import KlineFiller
from candlewick.tape.writer import Writer

pytestmark = pytest.mark.usefixtures("no_waiting")
START = 28_719_000
"""A minute of 2024."""


@dataclass
class Clock:
    """The exchange's clock: some minutes after `START`."""

    minutes: float

    def now(self):
        return round((START + self.minutes) * MINUTE)


class Filling:
    """A filler at work for two symbols whose history starts at `START`, and the lake that it fills."""

    def __init__(self, tape, lake, path, state, minutes, confirm_after):
        self.lake, self.path, self.state, self.clock = lake, path, state, Clock(minutes)
        mark = HistoryMark(since=self.clock.now(), target=START * MINUTE)
        self.coverages = {
            symbol: Coverage(history=mark, minutes=state.minutes.get(symbol, ())) for symbol in ("BTCDEMO", "ETHDEMO")
        }
        self.rest = Rest([tape.url], WeightBudget(10_000_000))
        self.writer = Writer(lake, state, path, self.coverages, Batcher(Limits()))
        self.filler = KlineFiller(self.coverages, self.rest, self.writer, self.wanted, confirm_after=confirm_after)

    def wanted(self, symbol):
        return START, klines.over_by(self.clock.now())

    async def __aenter__(self):
        await self.rest.__aenter__()
        self.tasks = [asyncio.create_task(self.filler.run()), asyncio.create_task(self.writer.run())]
        return self

    async def __aexit__(self, *_):
        for task in self.tasks:
            task.cancel()
        for task in self.tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.rest.__aexit__(None, None, None)

    def settled(self, symbol="BTCDEMO"):
        return self.coverages[symbol].minutes.durable.ranges()

    def lines(self):
        return [json.loads(line) for item in self.lake.list_all() for line in self.lake.read_object(item.name).lines]

    def minutes(self, symbol="BTCDEMO"):
        return sorted(line["k"]["t"] // MINUTE for line in self.lines() if (line["s"], line["e"]) == (symbol, "kline"))


@pytest.fixture
def fill(tape, lake, tmp_path, monkeypatch):
    monkeypatch.setattr(klines, "_IDLE", 0.05)
    monkeypatch.setattr(doubts, "LONGEST_PAUSE", 0.1)
    tape.minutes = range(START - 100, START + 100_000)

    def start(minutes, state=None, confirm_after=60.0):
        return Filling(tape, lake, tmp_path / "state.json", state or Checkpoint("r1"), minutes, confirm_after)

    return start


def asked(tape):
    """The minutes that were asked for: symbol, first and last, counted from `START`."""
    queries = [query for path, query in tape.asked if path.endswith("klines")]
    return [(q["symbol"], *(int(q[key]) // 60_000 - START for key in ("startTime", "endTime"))) for q in queries]


async def test_every_minute_of_history_that_is_over_for_long_enough_gets_its_candle_once(tape, fill, until):
    async with fill(minutes=2_503.5) as filling:
        await until(lambda: all(filling.settled(each) == [(START, START + 2_501)] for each in filling.coverages))
        assert filling.filler.missing("BTCDEMO") == 0
        pages = [(1_502, 2_501), (502, 1_501), (0, 501)]
        assert asked(tape) == [(symbol, *page) for symbol in ("BTCDEMO", "ETHDEMO") for page in pages]
        for symbol in filling.coverages:
            assert filling.minutes(symbol) == list(range(START, START + 2_502))


async def test_a_candle_has_the_shape_of_an_event_without_the_ids_that_rest_does_not_state(fill, until):
    async with fill(minutes=2.0) as filling:
        await until(lambda: filling.settled() == [(START, START)])
        line = next(line for line in filling.lines() if line["s"] == "BTCDEMO")
    opens, closes = START * MINUTE, (START + 1) * MINUTE - 1
    assert line.pop("recv") > 0
    assert line == {
        "e": "kline",
        "E": closes,
        "s": "BTCDEMO",
        "k": {"t": opens, "T": closes, "s": "BTCDEMO", "i": "1m"}
        | {"o": "1.0", "c": "1.5", "h": "2.0", "l": "0.5", "v": "9.0", "n": 7, "x": True}
        | {"q": "12.0", "V": "4.0", "Q": "6.0"},
        "src": "rest",
    }


async def test_only_what_no_leg_brought_is_asked_for(tape, fill, until):
    async with fill(minutes=5.0) as filling:
        await until(lambda: filling.settled() == [(START, START + 3)])
        filling.coverages["BTCDEMO"].minutes.secure(START + 4, START + 4)
        tape.asked.clear()
        filling.clock.minutes = 7.0
        await until(lambda: filling.settled("ETHDEMO") == [(START, START + 5)])
    assert asked(tape) == [("BTCDEMO", 5, 5), ("ETHDEMO", 4, 5)]


async def test_a_restart_asks_for_nothing_again_with_or_without_its_file(tape, fill, lake, until):
    async with fill(minutes=100.0) as filling:
        await until(lambda: all(filling.settled(each) for each in filling.coverages))
        await until(lambda: checkpoint.load(filling.path, "r1").minutes.keys() == filling.coverages.keys())
    expected = {symbol: [(START, START + 98)] for symbol in filling.coverages}
    assert checkpoint.load(filling.path, "r1").minutes == expected
    tape.asked.clear()
    state = checkpoint.rebuild(lake, "r1")
    assert state.minutes == expected
    async with fill(minutes=101.0, state=state) as filling:
        await until(lambda: filling.settled() == [(START, START + 99)])
    assert set(asked(tape)) == {("BTCDEMO", 99, 99), ("ETHDEMO", 99, 99)}


async def test_a_minute_that_rest_does_not_have_yet_is_asked_for_again(tape, fill, until):
    tape.minutes = range(START, START + 2)
    async with fill(minutes=4.0) as filling:
        await until(lambda: filling.settled() == [(START, START + 1)])
        assert filling.filler.missing("BTCDEMO") == 1
        tape.minutes = range(START, START + 10)
        await until(lambda: filling.settled() == [(START, START + 2)])
        assert filling.minutes() == [START, START + 1, START + 2]


async def test_a_minute_that_is_left_out_for_long_is_settled_with_the_exchanges_answer(tape, fill, until):
    tape.without_candle = {START, START + 5}
    async with fill(minutes=10.0, confirm_after=0.3) as filling:
        await until(lambda: filling.settled() == [(START, START + 8)])
        assert filling.minutes() == [START + minute for minute in (1, 2, 3, 4, 6, 7, 8)]
        filled = len(asked(tape))
        await until(lambda: filling.settled("ETHDEMO") == [(START, START + 8)])
        assert not [page for page in asked(tape)[filled:] if page[0] == "BTCDEMO"]
        told = [line for line in filling.lines() if (line["s"], line["e"]) == ("BTCDEMO", "no_candle")]
    absent = [(line["first"] // 60_000 - START, line["last"] // 60_000 - START) for line in told]
    assert sorted(absent) == [(0, 0), (5, 5)], "the exchange's answer is kept of each"
    assert all("/api/v3/klines?symbol=BTCDEMO&interval=1m&" in line["asked"] for line in told)


async def test_faults_are_waited_out(tape, fill, until):
    tape.failures = 12
    async with fill(minutes=10.0) as filling:
        await until(lambda: filling.settled("ETHDEMO") == [(START, START + 8)])
        assert filling.minutes("ETHDEMO") == list(range(START, START + 9))


async def test_a_symbol_that_is_refused_does_not_hold_up_the_others(tape, fill, until):
    tape.delisted = {"BTCDEMO"}
    async with fill(30) as filling:
        await until(lambda: filling.settled("ETHDEMO") == [(START, START + 28)])
    assert not filling.settled("BTCDEMO")


async def test_candles_of_other_minutes_than_asked_for_are_refused(tape, fill, until, monkeypatch):
    honest = tape.klines
    monkeypatch.setattr(tape, "klines", lambda query: honest(query | {"startTime": str((START - 5) * 60_000)}))
    async with fill(minutes=3.0) as filling:
        await until(lambda: len(asked(tape)) >= 2)
        assert not filling.settled()
        monkeypatch.undo()
        monkeypatch.setattr(klines, "_IDLE", 0.05)
        await until(lambda: filling.settled() == [(START, START + 1)])


async def test_candles_are_their_own_objects_even_of_the_same_period(fill, lake, until):
    async with fill(minutes=3.0) as filling:
        await until(lambda: filling.settled("ETHDEMO"))
        await filling.writer.backfill(klines.Backfill(_batch("BTCDEMO", START), START * MINUTE, (START + 2) * MINUTE))
        await until(lambda: len(list(lake.list_all())) == 2)
    manifests = [lake.read_object(item.name).manifest for item in lake.list_all()]
    assert {each.seq for each in manifests} == {1, 2}
    assert all(not each.spans and each.minutes for each in manifests)


def _batch(symbol, minute):
    batch = klines.Batch()
    batch.add_klines(symbol, Spans([(minute, minute)]), [b'{"e":"kline"}'])
    return batch


async def test_what_was_missed_for_days_is_an_object_in_each_days_own_folder(fill, lake, until):
    async with fill(minutes=3_000) as filling:
        both = filling.coverages.values()
        await until(lambda: all(each.minutes.durable.count == 2_999 for each in both), 60)
    days = {}
    for item in lake.list_all():
        opens = [json.loads(line)["k"]["t"] for line in lake.read_object(item.name).lines]
        assert len({each // DAY for each in opens}) == 1, item.name
        days.setdefault(f"{at(opens[0]):%Y-%m-%d}", set()).add(item.name.split("/")[2])
    assert len(days) == 3 and all(folders == {day} for day, folders in days.items())
