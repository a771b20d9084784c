"""Against a Binance made from its documents alone: tape and candles equal that one's own truth, killed or not.

Its markets are at the edges: a tick and a step whose product is finer than 1e-8, a name that is not ASCII, the smallest
price there is, ids from 0 and ids above 2**53. It speaks TLS with an authority of its own, pings and wants its payload
back, breaks messages into fragments, shuffles fields and adds some, says `serverShutdown` and hangs up.
"""

import random
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from e2e.strict_stack import TAPE, Candlewick, Exchange, assert_candles_are_true, assert_tape_is_true

pytestmark = pytest.mark.timeout(500)
KILLS = 10
SEED = 20_261_127
CHINESE = "币安人生USDT"


@pytest.fixture
def exchange(tmp_path, request) -> Iterator[Exchange]:
    options = getattr(request, "param", ("--shutdown-after=8",))
    exchange = Exchange(tmp_path, f"--seed={SEED}", "--live-for=500", *options)
    yield exchange
    exchange.stop()


@pytest.fixture
def candlewick(tmp_path, exchange) -> Iterator[Candlewick]:
    candlewick = Candlewick(tmp_path, exchange)
    yield candlewick
    candlewick.kill_if_running()


def assert_all_is_true(candlewick: Candlewick, exchange: Exchange) -> None:
    """Wait until nothing is missing, stop, and compare everything; and the recorder was a good guest."""
    heads = exchange.heads()
    candlewick.wait_until_whole(heads)
    assert candlewick.end() == 0
    seen = exchange.ask()["seen"]
    mart = candlewick.mart()
    assert_tape_is_true(candlewick, exchange, mart, heads)
    assert_candles_are_true(exchange, mart)
    refusals = ("error", "429", "418", "cut", "pongs without", "refused")
    assert [what for what in seen if any(word in what for word in refusals)] == []


def test_tape_and_candles_are_the_exchanges_own(candlewick, exchange):
    candlewick.start()
    _wait_for_shutdowns(exchange, 2)
    assert_all_is_true(candlewick, exchange)
    assert exchange.ask()["seen"]["highest weight"] <= 3_000, "more than half of what is granted"


# Ten starts in a minute would use up half of the usual 6,000, and each start would then wait for the minute's end.
@pytest.mark.slow
@pytest.mark.parametrize("exchange", [("--shutdown-after=8", "--weight-limit=24000")], indirect=True)
def test_ten_kills_at_random_instants_change_nothing(candlewick, exchange):
    instants = random.Random(SEED)
    for number in range(KILLS):
        candlewick.start()
        if number % 5:  # some die before they record
            candlewick.wait_until_recording()
        time.sleep(instants.uniform(0, 3))
        assert candlewick.end(signal.SIGKILL) == -signal.SIGKILL
    candlewick.start()
    assert_all_is_true(candlewick, exchange)


@pytest.mark.parametrize("exchange", [(f"--symbols={CHINESE}", "--earlier=0.1")], indirect=True)
def test_a_day_from_the_archive_is_the_exchanges_own(candlewick, exchange):
    day = datetime.now(UTC).date() - timedelta(days=1)
    candlewick.run("backfill", CHINESE, f"--from={day}", f"--to={day}", "--yes")
    with candlewick.mart().connect() as connection:
        ours = connection.execute(TAPE, [CHINESE]).fetchall()
        verdicts = connection.execute("select status, count(*) from gold.candle_audit group by all").fetchall()
    assert ours == exchange.trades(CHINESE, ours[0][0], ours[-1][0])
    assert exchange.trades(CHINESE, ours[0][0] - 1, ours[0][0] - 1) == []  # the market began that day
    [following] = exchange.trades(CHINESE, ours[-1][0] + 1, ours[-1][0] + 1)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    assert ours[-1][4] < midnight.timestamp() * 1e6 <= following[4]
    assert dict(verdicts).keys() == {"match"}
    assert exchange.ask()["seen"]["GET archive"] >= 2


def _wait_for_shutdowns(exchange: Exchange, count: int) -> None:
    deadline = time.monotonic() + 60
    while exchange.ask()["seen"].get("serverShutdown", 0) < count:
        assert time.monotonic() < deadline, "no connection was shut down"
        time.sleep(0.5)
