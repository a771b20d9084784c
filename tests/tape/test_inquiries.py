"""What is asked a second time, against a real HTTP server."""

import json

import pytest

from candlewick.binance.budget import WeightBudget
from candlewick.binance.rest import Rest
from candlewick.binance.rows import TradeRow
from candlewick.errors import ExchangeError
from candlewick.lake.batch import Batcher, Limits
from candlewick.tape.checkpoint import Checkpoint
from candlewick.tape.coverage import MOST_DISPUTED, Coverage
from candlewick.tape.inquiries import FIRST_WAIT, Inquiries
from candlewick.tape.writer import Writer

pytestmark = pytest.mark.usefixtures("no_waiting")
ROW = TradeRow(1_030, "1.0", "2.0", 5, True, True)


class Asking:
    """Inquiries on virtual time; `lines` is what they put into the next object."""

    def __init__(self, tape, rest, lake, tmp_path, declared=()):
        self.now = 0.0
        self.coverage = Coverage([(1_000, 1_100)], declared)
        self.batcher = Batcher(Limits())
        writer = Writer(lake, Checkpoint("r1"), tmp_path / "state.json", {"BTCDEMO": self.coverage}, self.batcher)
        self.inquiries = Inquiries("BTCDEMO", self.coverage, rest, writer, clock=lambda: self.now)
        self.tape = tape

    async def ask_at(self, now):
        """Let time pass; return the pages that were asked for."""
        self.now = now
        self.tape.asked.clear()
        await self.inquiries.ask()
        return self.tape.pages()

    @property
    def lines(self):
        return [json.loads(line) for line in self.batcher.batch.lines]


@pytest.fixture
async def asking(tape, lake, tmp_path):
    async with Rest([tape.url], WeightBudget(10_000_000)) as rest:
        yield lambda **options: Asking(tape, rest, lake, tmp_path, **options)


async def test_of_a_dispute_the_exchanges_own_copy_is_kept_once(asking):
    each = asking()
    each.coverage.dispute(1_007)
    assert await each.ask_at(1.0) == [(1_007, 1)]
    (line,) = each.lines
    assert (line["e"], line["t"], line["p"], line["src"]) == ("trade", 1_007, "1007.0", "rest")
    assert not each.coverage.disputed
    assert await each.ask_at(2.0) == []


async def test_a_dispute_about_a_trade_that_rest_does_not_have_yet_waits(asking, tape):
    each = asking()
    tape.head = 1_006
    each.coverage.dispute(1_007)
    assert await each.ask_at(1.0) == [(1_007, 1)]
    assert await each.ask_at(1.1) == []
    tape.head = 1_007
    assert await each.ask_at(5.0) == [(1_007, 1)]
    assert len(each.lines) == 1


async def test_a_dispute_outlives_an_exchange_that_is_away(asking, tape):
    each = asking()
    each.coverage.dispute(1_007)
    tape.failures = 100
    with pytest.raises(ExchangeError):
        await each.ask_at(1.0)
    tape.failures = 0
    await each.ask_at(2.0)
    assert len(each.lines) == 1


def test_disputes_are_bounded():
    coverage = Coverage()
    for trade_id in range(MOST_DISPUTED + 10):
        coverage.dispute(trade_id)
    assert len(coverage.disputed) == MOST_DISPUTED


async def test_the_answer_that_declared_a_hole_is_kept_as_it_came(asking):
    each = asking()
    each.inquiries.declared((1_020, 1_029), 500, ROW)
    (line,) = each.lines
    assert line.pop("recv") > 0
    assert line == {
        "e": "hole",
        "s": "BTCDEMO",
        "first": 1_020,
        "last": 1_029,
        "asked": "/api/v3/historicalTrades?symbol=BTCDEMO&fromId=1020&limit=500",
        "answer": {"id": 1_030, "price": "1.0", "qty": "2.0", "time": 5, "isBuyerMaker": True, "isBestMatch": True},
        "src": "rest",
    }


async def test_a_declared_hole_is_asked_about_less_and_less_often(asking, tape):
    tape.absent = set(range(1_101, 1_111))
    each = asking(declared=[(1_101, 1_110)])
    assert await each.ask_at(FIRST_WAIT - 1) == []
    assert await each.ask_at(FIRST_WAIT) == [(1_101, 10)]
    assert await each.ask_at(FIRST_WAIT * 2) == []
    assert await each.ask_at(FIRST_WAIT * 3) == [(1_101, 10)]
    assert await each.ask_at(FIRST_WAIT * 6) == []
    assert each.coverage.declared.ranges() == [(1_101, 1_110)]


async def test_declared_ids_that_exist_are_missing_again(asking, tape):
    tape.absent = {1_101, 1_102, 1_110}
    each = asking(declared=[(1_101, 1_110)])
    each.coverage.saw(1_110)
    await each.ask_at(FIRST_WAIT)
    assert each.coverage.declared.ranges() == [(1_101, 1_102), (1_110, 1_110)]
    assert each.coverage.missing().ranges() == [(1_103, 1_109)]
