"""Backfill from a real HTTP server into a real lake."""

import asyncio
import contextlib
import json

import pytest

from candlewick.binance.budget import WeightBudget
from candlewick.binance.rest import Rest
from candlewick.lake.batch import Batcher, Limits
from candlewick.spans import Spans
from candlewick.tape import backfiller as backfill
from candlewick.tape import doubts
from candlewick.tape.backfiller import Backfiller
from candlewick.tape.checkpoint import Checkpoint, HistoryMark, load
from candlewick.tape.coverage import Coverage
from candlewick.tape.writer import Writer

pytestmark = pytest.mark.usefixtures("no_waiting")


class Filling:
    """A backfiller at work, with its coverage and the lake it fills."""

    def __init__(self, tape, lake, tmp_path, coverage, confirm_after, runs):
        self.coverage, self.lake, self.runs = coverage, lake, runs
        self.rest = Rest([tape.url], WeightBudget(10_000_000))
        self.state = Checkpoint("r1")
        self.writer = Writer(lake, self.state, tmp_path / "state.json", {"BTCDEMO": coverage}, Batcher(Limits()))
        self.backfiller = Backfiller(
            "BTCDEMO", coverage, self.rest, self.writer, asyncio.Semaphore(1), confirm_after=confirm_after
        )

    async def __aenter__(self):
        await self.rest.__aenter__()
        working = [self.writer.run(), *([self.backfiller.run()] if self.runs else [])]
        self.tasks = [asyncio.create_task(each) for each in working]
        return self

    async def __aexit__(self, *_):
        for task in self.tasks:
            task.cancel()
        for task in self.tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.rest.__aexit__(None, None, None)

    def durable(self):
        """Every id in the lake, and the ids that are there twice."""
        ids, twice = Spans(), []
        for item in self.lake.list_all():
            for ranges in self.lake.read_object(item.name).manifest.spans["BTCDEMO"].ranges:
                twice += [r for r in [ranges] if Spans([r]).count != ids.missing(*r).count]
                ids.add(*ranges)
        return ids, twice


@pytest.fixture
def fill(tape, lake, tmp_path, monkeypatch):
    monkeypatch.setattr(doubts, "LONGEST_PAUSE", 0.1)

    def start(coverage, confirm_after=0.2, runs=True):
        return Filling(tape, lake, tmp_path, coverage, confirm_after, runs)

    return start


def tape_to(head, floor, covered=()):
    coverage = Coverage(covered, (), HistoryMark(since=head * 1_000, target=floor * 1_000))
    coverage.secure(head, head)
    coverage.commit(Spans([(head, head)]))
    return coverage


async def test_history_is_filled_backwards_by_pages_of_a_thousand_from_its_first_trade_on(tape, fill, until):
    coverage = tape_to(head=20_000, floor=15_500)
    async with fill(coverage) as filling:
        await until(lambda: coverage.covered.count == 4_501)
        ids, twice = filling.durable()
    assert (ids.ranges(), twice) == ([(15_500, 19_999)], [])
    assert tape.pages() == [(19_000, 1000), (18_000, 1000), (17_000, 1000), (16_000, 1000), (15_500, 500)]
    assert (coverage.history.floor, coverage.history_durable) == (15_500, 1.0)


async def test_a_hole_asks_for_exactly_its_ids(tape, fill, until):
    coverage = tape_to(head=20_000, floor=19_000, covered=[(19_000, 19_500), (19_510, 19_999)])
    async with fill(coverage) as filling:
        await until(lambda: not coverage.holes)
        assert filling.durable()[0].ranges() == [(19_501, 19_509)]
    assert tape.pages() == [(19_501, 9)]


async def test_newer_holes_are_filled_before_history(tape, fill, until):
    coverage = tape_to(head=20_000, floor=18_000, covered=[(19_000, 19_900)])
    async with fill(coverage):
        await until(lambda: coverage.history_durable == 1.0 and not coverage.missing())
    assert tape.pages()[0] == (19_901, 99)


async def test_history_becomes_durable_by_parts(tape, fill, until, monkeypatch):
    monkeypatch.setattr(backfill, "PAGES_PER_OBJECT", 3)
    coverage = tape_to(head=20_000, floor=10_000)
    async with fill(coverage) as filling:
        await until(lambda: not coverage.holes and coverage.covered.count == 10_001)
        objects = [filling.lake.read_object(item.name) for item in filling.lake.list_all()]
    objects.sort(key=lambda each: each.manifest.seq)
    assert [each.manifest.seq for each in objects] == [1, 2, 3, 4]
    assert [each.manifest.lines for each in objects] == [3_000, 3_000, 3_000, 1_000]
    assert objects[0].manifest.spans["BTCDEMO"].ranges == [(17_000, 19_999)]
    for before, after in zip([None, *objects], objects, strict=False):
        assert after.manifest.prev == (before.name if before else None)
    assert objects[-1].manifest.covered["BTCDEMO"] == [(10_000, 20_000)]


async def test_a_head_that_lags_is_asked_again_and_nothing_is_declared(tape, fill, until):
    coverage = tape_to(head=20_000, floor=19_000)
    tape.head = 19_300
    async with fill(coverage):
        await until(lambda: coverage.secured.count == 302)
        asked = len(tape.pages())
        await until(lambda: len(tape.pages()) > asked)
        tape.head = 20_000
        await until(lambda: not coverage.missing())
    assert not coverage.declared


async def test_ids_that_do_not_exist_are_declared_when_that_is_said_again_and_saved(tape, fill, until, tmp_path):
    tape.absent = set(range(19_100, 19_110)) | {19_500}
    coverage = tape_to(head=20_000, floor=19_000)
    async with fill(coverage) as filling:
        await until(lambda: not coverage.missing() and coverage.covered.count == 1_001 - 11)
        assert filling.durable()[1] == []
        declared = {"BTCDEMO": [(19_100, 19_109), (19_500, 19_500)]}
        await until(lambda: load(tmp_path / "state.json", "r1").declared == declared)
    assert {"BTCDEMO": coverage.declared.ranges()} == declared
    assert coverage.holes == 0


async def test_ids_that_no_host_gives_are_not_declared_while_aggregates_show_them(tape, fill, until):
    tape.unserved, tape.absent = set(range(19_100, 19_110)), {19_500}
    coverage = tape_to(head=20_000, floor=19_000)
    async with fill(coverage):
        await until(lambda: coverage.declared.ranges() == [(19_500, 19_500)])
        await until(lambda: sum("endTime" in query for path, query in tape.asked if "aggTrades" in path) >= 3)
        assert coverage.missing().ranges() == [(19_100, 19_109)]
        tape.unserved = set()
        await until(lambda: not coverage.missing())
    assert coverage.declared.ranges() == [(19_500, 19_500)]


@pytest.mark.parametrize("keyed", [False, True])
async def test_to_fill_ends_with_what_no_host_gives_still_missing(tape, fill, keyed):
    tape.unserved, tape.keyed = set(range(19_100, 19_110)), keyed
    coverage = tape_to(head=20_000, floor=19_000)
    coverage.wanted = Spans([(19_000, 20_000)])
    async with fill(coverage, runs=False) as filling:
        await asyncio.wait_for(filling.backfiller.fill(), 60)
        left = [(19_000, 19_999)] if keyed else [(19_100, 19_109)]
        assert filling.backfiller.withheld.ranges() == coverage.missing().ranges() == left
    assert not coverage.declared


async def test_ids_that_appear_after_a_doubt_are_no_declared_hole(tape, fill, until):
    tape.absent = {19_500}
    coverage = tape_to(head=20_000, floor=19_000)
    async with fill(coverage, confirm_after=60.0):
        await until(lambda: coverage.missing().ranges() == [(19_500, 19_500)])
        tape.absent = set()
        await until(lambda: not coverage.missing())
    assert not coverage.declared


async def test_what_the_exchange_has_forgotten_is_declared_not_asked_for_ever(tape, fill, until):
    tape.first = 19_000
    coverage = tape_to(head=20_000, floor=19_000, covered=[(18_500, 18_600)])
    async with fill(coverage):
        await until(lambda: not coverage.missing())
    assert coverage.declared.ranges() == [(18_601, 18_999)]


async def test_thousands_of_ids_that_do_not_exist_cost_a_few_questions(tape, fill, until):
    tape.first = 19_000
    coverage = tape_to(head=20_000, floor=19_000, covered=[(1, 10)])
    async with fill(coverage):
        await until(lambda: not coverage.missing())
    assert coverage.declared.ranges() == [(11, 18_999)]
    assert len(tape.pages()) < 8


async def test_while_the_lake_is_down_few_pages_wait_however_many_symbols_there_are(tape, lake, tmp_path, until):
    coverages = {symbol: tape_to(head=20_000, floor=1_000) for symbol in ("BTCDEMO", "ETHDEMO", "SOLDEMO", "XRPDEMO")}
    slots, budget = asyncio.Semaphore(1), WeightBudget(10_000_000)
    writer = Writer(lake, Checkpoint("r1"), tmp_path / "state.json", coverages, Batcher(Limits()))
    async with Rest([tape.url], budget) as rest:
        fillers = [Backfiller(symbol, each, rest, writer, slots) for symbol, each in coverages.items()]
        tasks = [asyncio.create_task(filler.run()) for filler in fillers]
        await until(lambda: writer._backfills.full() and sum(filler.trades > 0 for filler in fillers) == 3)
        asked = len(tape.pages())
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    assert asked == 3 * 19, "two are queued, one waits with its slot, and the fourth symbol has none"


async def test_a_fault_of_the_exchange_is_waited_out_and_what_came_before_it_is_kept(tape, fill, until):
    coverage = tape_to(head=20_000, floor=17_000)
    async with fill(coverage) as filling:
        await until(tape.pages)
        tape.failures = 12
        await until(lambda: not coverage.missing() and coverage.covered.count == 3_001)
        assert filling.durable() == (Spans([(17_000, 19_999)]), [])
    assert tape.failures == 0


async def test_a_symbol_without_trades_yet_waits_for_its_first_one(tape, fill, until):
    tape.first = tape.head = 30_000
    coverage = Coverage((), (), HistoryMark(since=31_000_000, target=30_500_000))
    async with fill(coverage):
        await until(lambda: len(tape.asked) >= 2)
        assert coverage.history.floor is None
        tape.head = 30_700
        coverage.secure(30_700, 30_700)
        await until(lambda: coverage.history.floor == 30_500 and not coverage.missing())
    assert coverage.secured.ranges() == [(30_500, 30_700)]


async def test_rows_of_other_ids_than_asked_for_are_refused(tape, fill, until, monkeypatch):
    coverage = tape_to(head=20_000, floor=19_990)
    honest = tape.historicalTrades
    monkeypatch.setattr(tape, "historicalTrades", lambda query: honest({"fromId": "19000", "limit": "10"}))
    async with fill(coverage):
        await until(lambda: len(tape.pages()) >= 2)
        assert coverage.secured.ranges() == [(20_000, 20_000)]
        monkeypatch.undo()
        await until(lambda: not coverage.missing())


async def test_what_a_leg_brings_while_rest_answers_is_not_taken_twice(tape, fill, until, monkeypatch):
    coverage = tape_to(head=20_000, floor=19_000)
    honest = tape.historicalTrades

    def and_a_leg_is_quicker(query):
        if int(query["fromId"]) <= 19_500:
            coverage.secure(19_500, 19_509)
        return honest(query)

    monkeypatch.setattr(tape, "historicalTrades", and_a_leg_is_quicker)
    async with fill(coverage) as filling:
        await until(lambda: not coverage.missing() and coverage.covered.count == 1_001 - 10)
        assert filling.durable() == (Spans([(19_000, 19_499), (19_510, 19_999)]), [])


async def test_the_evidence_of_a_declared_hole_is_in_the_object_that_declares_it(tape, fill, until):
    tape.absent = {19_500}
    coverage = tape_to(head=20_000, floor=19_000)
    async with fill(coverage) as filling:
        await until(lambda: coverage.declared and any("/stream_" in item.name for item in filling.lake.list_all()))
        each = next(filling.lake.read_object(item.name) for item in filling.lake.list_all() if "/stream_" in item.name)
    assert each.manifest.declared == {"BTCDEMO": [(19_500, 19_500)]}
    assert [json.loads(line)["e"] for line in each.lines] == ["hole"]


async def test_a_hole_over_midnight_is_an_object_in_each_days_own_folder(tape, fill, until):
    midnight = 86_400_000  # a trade's time is its id in ms
    tape.first, tape.head = midnight - 2_000, midnight + 2_000
    coverage = tape_to(head=midnight + 1_000, floor=midnight - 1_500)
    async with fill(coverage) as filling:
        await until(lambda: coverage.covered.count == 2_501, 60)
        spans = {
            item.name.split("/")[2]: filling.lake.read_object(item.name).manifest.spans["BTCDEMO"].ranges
            for item in filling.lake.list_all()
        }
    assert spans == {"1970-01-01": [(midnight - 1_500, midnight - 1)], "1970-01-02": [(midnight, midnight + 999)]}
