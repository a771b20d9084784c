"""Meeting an exchange that does not want to, at a later start; a real one with faults."""

import pytest

from candlewick.binance.budget import WeightBudget
from candlewick.binance.rest import Rest
from candlewick.errors import BlockedRegionError, ConfigError, UnknownSymbolError
from candlewick.fake_binance.faults import Fault, Script
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.fake_binance.server.server import Exchange
from candlewick.recorder import introduction
from candlewick.recorder.introduction import ExchangeClock, Waiting, meet
from candlewick.recorder.roster import Roster

pytestmark = pytest.mark.usefixtures("no_waiting")


@pytest.fixture
async def meeting(monkeypatch):
    """How to meet an exchange, and its faults."""
    monkeypatch.setattr(introduction, "LONGEST_WAIT", 0.01)
    script = Script()
    async with (
        Exchange(ExchangeOptions(port=0, symbols=("BTCDEMO", "ETHDEMO"), rate=1.0), script) as exchange,
        Rest([exchange.rest_url], WeightBudget()) as rest,
    ):

        async def meeting(*symbols, recorded=(), waiting=None, **options):
            told = waiting or Waiting()
            return await meet(rest, ExchangeClock(rest), Roster(symbols), "demo", told, recorded=recorded, **options)

        yield meeting, script


@pytest.mark.parametrize(
    "fault",
    [
        Fault("rate_limit", seconds=1.0),
        Fault("ban", seconds=1.0),
        Fault("waf", count=12),
        Fault("blocked", count=3),
        Fault("server_error", count=12),
        Fault("timeout_before", count=12, status=408),
    ],
    ids=lambda fault: fault.kind,
)
async def test_a_refusal_that_passes_is_waited_out(meeting, fault, monkeypatch):
    monkeypatch.setattr("candlewick.binance.rest.FORBIDDEN_PAUSE", 0.0)
    meet, script = meeting
    (entry,) = script.inject(fault)
    assert await meet("BTCDEMO") == ("BTCDEMO",)
    assert entry.hits >= 1


async def test_a_place_that_is_not_served_for_long_is_said(meeting, monkeypatch):
    meet, script = meeting
    script.inject(Fault("blocked", count=10_000))
    with pytest.raises(BlockedRegionError, match="does not serve the place"):
        await meet("BTCDEMO", blocked_seconds=0.05)


async def test_who_waits_says_why_and_until_when_and_nothing_any_more_once_the_exchange_is_met(meeting, monkeypatch):
    meet, script = meeting
    waiting, told = Waiting(), []
    monkeypatch.setattr(waiting, "wait", lambda problem, seconds: told.append((problem, seconds)))
    waiting.problem = "of before"
    script.inject(Fault("server_error", count=3))
    await meet("BTCDEMO", waiting=waiting)
    assert len(told) == 3 and all("expected 200, got 5" in problem and seconds >= 0 for problem, seconds in told)
    assert waiting.problem is None


async def test_a_symbol_that_was_recorded_and_is_delisted_is_left_out(meeting):
    meet, _ = meeting
    assert await meet("BTCDEMO", "OLDDEMO", recorded={"BTCDEMO", "OLDDEMO"}) == ("BTCDEMO",)


async def test_a_symbol_that_never_was_there_is_a_mistake(meeting):
    meet, _ = meeting
    with pytest.raises(UnknownSymbolError, match="WRONGDEMO"):
        await meet("BTCDEMO", "WRONGDEMO", recorded={"BTCDEMO"})


async def test_where_all_symbols_are_delisted_nothing_is_left_to_record(meeting):
    meet, _ = meeting
    with pytest.raises(ConfigError):
        await meet("OLDDEMO", recorded={"OLDDEMO"})
