"""Against a Binance made from its documents alone: tape and candles equal that one's own truth, killed or not.

Its markets are at the edges: a tick and a step whose product is finer than 1e-8, a name that is not ASCII, the smallest
price there is, ids from 0 and ids above 2**53. It speaks TLS with an authority of its own, pings and wants its payload
back, breaks messages into fragments, shuffles fields and adds some, says `serverShutdown` and hangs up. All of it lies
in a folder with a name as people give them.
"""

import json
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from browser.chromium import opened
from browser.conftest import Visit
from candlewick.mart.reader import Mart
from e2e import edges
from e2e.stack import wait_until
from e2e.strict_stack import (
    HOME,
    SLOWEST_SECONDS,
    TAPE,
    Candlewick,
    Exchange,
    Row,
    assert_candles_are_true,
    assert_tape_is_true,
)

pytestmark = pytest.mark.timeout(900)
KILLS = 10
SEED = 20_261_127
CHINESE = "币安人生USDT"


@pytest.fixture
def exchange(tmp_path, request) -> Iterator[Exchange]:
    options = getattr(request, "param", ("--shutdown-after=8",))
    with trading(tmp_path, *options) as exchange:
        yield exchange


@contextmanager
def trading(home: Path, *options: str) -> Iterator[Exchange]:
    exchange = Exchange(home, f"--seed={SEED}", "--live-for=900", *options)
    try:
        yield exchange
    finally:
        exchange.stop()


@pytest.fixture
def candlewick(tmp_path, exchange) -> Iterator[Candlewick]:
    candlewick = Candlewick(tmp_path / HOME, exchange)
    yield candlewick
    candlewick.kill_if_running()


@dataclass
class Recorded:
    """What is left when a recorder has ended in peace: all of it published, and the exchange's truth beside it."""

    candlewick: Candlewick
    exchange: Exchange
    heads: dict[str, int]
    seen: dict[str, int]
    mart: Mart

    def judged(self, symbol: str) -> set[int]:
        """The minutes (µs) that equal the exchange's."""
        with self.mart.connect() as connection:
            found = "select epoch_us(open_time) from gold.candle_audit where status = 'match' and symbol = ?"
            return {opened for (opened,) in connection.execute(found, [symbol]).fetchall()}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Iterator[Recorded]:
    """Recorded through two shutdowns of the exchange's connections."""
    folder = tmp_path_factory.mktemp("strict")
    with trading(folder, "--shutdown-after=8") as exchange:
        candlewick = Candlewick(folder / HOME, exchange)
        try:
            candlewick.start()
            _wait_for_shutdowns(exchange, 2)
            yield ended(candlewick, exchange)
        finally:
            candlewick.kill_if_running()


def ended(candlewick: Candlewick, exchange: Exchange) -> Recorded:
    """Wait until nothing is missing, stop, and publish."""
    heads = exchange.heads()
    candlewick.wait_until_whole(heads)
    assert candlewick.end() == 0
    seen = exchange.ask()["seen"]
    return Recorded(candlewick, exchange, heads, seen, candlewick.mart())


def assert_all_is_true(found: Recorded) -> None:
    """Compare everything; and the recorder was a good guest."""
    assert_tape_is_true(found.candlewick, found.exchange, found.mart, found.heads)
    assert_candles_are_true(found.exchange, found.mart)
    refusals = ("error", "429", "418", "cut", "pongs without", "refused")
    assert [what for what in found.seen if any(word in what for word in refusals)] == []


def test_tape_and_candles_are_the_exchanges_own(recorded):
    assert_all_is_true(recorded)
    assert recorded.exchange.ask()["seen"]["highest weight"] <= 3_000, "more than half of what is granted"


@pytest.mark.browser
def test_a_browser_shows_each_market_as_it_is(recorded, tmp_path):
    """Found by its name, on the chart, in its lineage and in its file: the exchange's numbers, to the last digit."""
    with opened() as chromium:
        visit = Visit(chromium, recorded.candlewick.start_dashboard())
        visitor = visit("/chart?symbol=ETHBTC&tf=1m")
        for symbol, typed in (("BTTCBTC", "bttc"), (CHINESE, "币安"), ("NEWUSDT", "new"), ("DOGEUSDT", "doge")):
            edges.find(visitor, symbol, typed)
            candles = edges.shown(visitor, recorded.exchange, symbol)
            judged = recorded.judged(symbol)
            edges.assert_lineage_is_true(visitor, [row for row in candles if row[0] in judged][-1])
            edges.assert_file_is_true(visitor, candles, symbol, tmp_path)
        visit.end()


@pytest.mark.slow
def test_ids_that_start_again_stop_their_symbols_and_take_the_place_of_none(recorded, tmp_path):
    """The test network's reset: the same markets, other trades, ids from 0."""
    candlewick, symbols = recorded.candlewick, ("ETHBTC", "DOGEUSDT", CHINESE)
    before = {symbol: tape_of(recorded.mart, symbol) for symbol in symbols}
    with trading(tmp_path, "--ids-from=0") as reset:
        candlewick.turn_to(reset)
        candlewick.start()
        wait_until(lambda: {*symbols} <= stopped(candlewick).keys(), "the symbols to be stopped", SLOWEST_SECONDS)
        assert all("start again" in line and "prefix" in line for line in stopped(candlewick).values())
        told = candlewick.run("status", code=1)
        assert all(symbol in told for symbol in symbols)
        assert candlewick.end() == 0
        mart = candlewick.mart()
    assert {symbol: tape_of(mart, symbol) for symbol in symbols} == before


@pytest.mark.slow
@pytest.mark.parametrize("exchange", [("--symbols=ETHBTC", "--earlier=0.1", "--keyed")], indirect=True)
def test_where_every_host_wants_a_key_what_it_would_give_stays_open_and_is_said(candlewick, exchange):
    candlewick.start()
    candlewick.wait_until_said("history wanted", "ETHBTC")
    candlewick.wait_until_said("backfill waits", "ETHBTC")
    wait_until(lambda: candlewick.state()["covered"].get("ETHBTC"), "live trades in the lake", SLOWEST_SECONDS)
    waiting = next(line for line in candlewick.said() if line["event"] == "backfill waits")
    assert waiting["problem"].startswith("no host gives trades by id without a key: localhost:")
    assert candlewick.end() == 0
    today = datetime.now(UTC).date()
    told = candlewick.run("backfill", "ETHBTC", f"--from={today}", "--yes", code=1)
    assert "are still missing: they exist, and no host gives them by id." in " ".join(told.split())
    yesterday = today - timedelta(days=1)
    candlewick.run("backfill", "ETHBTC", f"--from={yesterday}", f"--to={yesterday}", "--yes")
    states = [json.loads(path.read_text()) for path in (candlewick.home / "state").glob("*.state.json")]
    assert states
    assert [ids for state in states for ids in state.get("declared", {}).values() if ids] == []


# Ten starts in a minute would use up half of the usual 6,000, and each start would then wait for the minute's end.
@pytest.mark.slow
@pytest.mark.parametrize("exchange", [("--shutdown-after=8", "--weight-limit=24000")], indirect=True)
def test_ten_kills_at_random_instants_change_nothing(candlewick, exchange):
    instants = random.Random(SEED)
    for number in range(KILLS):
        candlewick.start()
        if number % 5:  # some die before they record
            candlewick.wait_until_said("recording")
        time.sleep(instants.uniform(0, 3))
        assert candlewick.end(signal.SIGKILL) == -signal.SIGKILL
    candlewick.start()
    assert_all_is_true(ended(candlewick, exchange))


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


def tape_of(mart: Mart, symbol: str) -> list[Row]:
    with mart.connect() as connection:
        return connection.execute(TAPE, [symbol]).fetchall()


def stopped(candlewick: Candlewick) -> dict[str, str]:
    """Why symbols are not recorded any more, as the recorder said."""
    lines = [line["problem"] for line in candlewick.said() if line["event"] == "ids start again, symbol stopped"]
    return {line.partition(":")[0]: line for line in lines}


def _wait_for_shutdowns(exchange: Exchange, count: int) -> None:
    deadline = time.monotonic() + 60
    while exchange.ask()["seen"].get("serverShutdown", 0) < count:
        assert time.monotonic() < deadline, "no connection was shut down"
        time.sleep(0.5)
