"""The watchdogs against a real HTTP server; their legs are told, not connected."""

import asyncio
import time

import pytest

from candlewick.binance.budget import WeightBudget
from candlewick.binance.rest import Rest
from candlewick.binance.stream import Leg
from candlewick.lake.batch import Batcher, Limits
from candlewick.recorder import silence
from candlewick.recorder import watchdog as watches
from candlewick.recorder.introduction import ExchangeClock
from candlewick.recorder.live import LiveTape
from candlewick.recorder.watchdog import Watchdog
from candlewick.tape.coverage import Coverage

HOUR_US = 3_600_000_000


class Told(Leg):
    """A leg that remembers why it was to be replaced."""

    def __init__(self):
        super().__init__("ws://127.0.0.1:9", ["BTCDEMO"], lambda *_: None)
        self.reasons = []
        self.delivered = 0

    @property
    def frames(self):
        return self.delivered

    def replace(self, reason):
        self.reasons.append(reason)


class Watching:
    def __init__(self, rest):
        self.tape = LiveTape("BTCDEMO", Coverage(), Batcher(Limits()), lambda trade: None)
        self.legs = [Told(), Told()]
        self.clock = ExchangeClock(rest)
        self.watch = Watchdog([self.tape], self.legs, rest, self.clock)

    def heard(self, *delays_us):
        """The symbol was heard just now; each leg is behind by its delay."""
        self.tape.emitted_at = time.monotonic()
        for leg, delay_us in zip(self.legs, delays_us, strict=True):
            leg.delay_us = delay_us

    @property
    def reasons(self):
        return [leg.reasons for leg in self.legs]


@pytest.fixture
async def watching(tape, monkeypatch):
    monkeypatch.setattr(watches, "CHECK_SECONDS", 0.2)
    monkeypatch.setattr(watches, "_TICK", 0.02)
    monkeypatch.setattr(silence, "NEVER_HEARD", 0.3)
    async with Rest([tape.url], WeightBudget(1_000_000)) as rest:
        each = Watching(rest)
        task = asyncio.create_task(each.watch.run())
        yield each
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()


async def test_a_leg_that_is_far_behind_the_exchange_is_replaced_once_and_its_partner_stays(watching, until):
    def lag():
        watching.heard(10_000.0, 10_000_000.0)
        return any(watching.reasons)

    await until(lag)
    for _ in range(30):
        watching.heard(10_000.0, 10_000_000.0)
        await asyncio.sleep(0.02)
    assert watching.reasons == [[], ["10.0 s behind the exchange"]]


async def test_a_clock_that_is_off_is_no_lag(watching, tape, until):
    tape.time = lambda query: {"serverTime": time.time_ns() // 1_000 - HOUR_US}

    def compared():
        watching.heard(float(HOUR_US), float(HOUR_US))
        return watching.clock.offset_us

    await until(compared)
    assert abs(watching.clock.offset_us + HOUR_US) < 1_000_000
    for _ in range(30):
        watching.heard(float(HOUR_US), float(HOUR_US))
        await asyncio.sleep(0.02)
    assert watching.reasons == [[], []]


async def test_a_deaf_leg_is_replaced_and_its_partner_is_not(watching, until):
    def deliver():
        watching.heard(0.0, 0.0)
        watching.legs[0].delivered += 20
        return watching.legs[1].reasons

    await until(deliver)
    assert watching.reasons == [[], ["deaf: the other leg delivers"]]


async def test_a_symbol_never_heard_learns_the_head_from_rest(watching, tape, until):
    await until(lambda: watching.tape.coverage.head == tape.head)
    assert watching.reasons == [[], []]


async def test_a_watchdog_outlives_an_exchange_that_does_not_answer(watching, tape, until, no_waiting):
    tape.failures = 7
    await until(lambda: watching.tape.coverage.head == tape.head)
