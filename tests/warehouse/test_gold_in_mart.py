"""Rows of GOLD that the mart's files alone have: readers miss none, at each step and after each loss."""

import random
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candlewick.errors import WarehouseCorruptError
from candlewick.mart.publisher import Publisher
from candlewick.mart.reader import Mart
from candlewick.mart.version import CANDLES, CURRENT, FOOTPRINT, FOOTPRINT_AUDIT
from candlewick.process import crashpoint
from candlewick.warehouse.duckdb.cycle import Cycle
from warehouse import flowing, oracle
from warehouse.bench import Bench
from warehouse.lakes import MINUTE, START
from warehouse.objects import Recorder, kline
from warehouse.oracle import Trade
from warehouse.test_models import QUICK, footprints, gold, tapes

NUMBERS = count()
LONG = (CANDLES["1s"], FOOTPRINT)
STEPS = (0, 1, 999, 1_000_000, MINUTE, 30 * MINUTE, 7 * 60 * MINUTE)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gold")
    with Bench.open_as_owner(folder, root=folder / "lake") as opened:
        yield opened


class Owned:
    """An owner of a warehouse, with a mart of its own."""

    def __init__(self, bench):
        bench.empty()
        bench.warehouse.note("generation", str(next(NUMBERS)))
        self.bench, self.path, self.recorder = bench, bench.folder / f"mart-{next(NUMBERS)}", Recorder()
        self.restart()

    def restart(self):
        bench = self.bench
        bench.owned = Cycle.of(bench.warehouse, bench.owned.program, bench.folder / "lake", self.path)
        generation = bench.warehouse.setting("generation")
        self.publisher = Publisher(
            bench.warehouse.connection,
            self.path,
            generation=generation,
            timezone=bench.zone,
            alone=bench.owned.gold.until,
        )

    def load(self, trades, **more):
        self.bench.load([self.recorder.write(trades, **more)])

    def publish(self):
        self.bench.run()
        self.publisher.publish()

    def let_go(self):
        went = 0
        while self.bench.owned.gold.let_go(self.publisher):
            went += 1
        return went

    def in_table(self, relation):
        return self.bench.rows(f"select count(*) from {relation}")[0][0]

    def seen(self, relation):
        with Mart(self.path).connect() as database:
            return database.execute(f"select * from {relation} order by all").fetchall()

    def is_all_of(self, trades):
        assert gold(self.bench, "1s", self.published(CANDLES["1s"])) == oracle.gold(trades, self.bench.zone)["1s"]
        assert footprints(self.bench, self.published(FOOTPRINT)) == flowing.rows(trades)

    def published(self, relation):
        files = [str(self.path / file.name) for file in self.publisher.current.tables[relation].files]
        return f"read_parquet({files})"


@pytest.fixture
def owned(bench):
    return Owned(bench)


def hours(number):
    """A trade each half hour, ids contiguous; those of the first minute are two."""
    start = START - START % MINUTE
    times = [start, *(start + n * 30 * MINUTE for n in range(2 * number))]
    return [Trade("BTCUSDT", n, flowing.UNIT * (n + 1), flowing.UNIT, n % 2 == 0, at) for n, at in enumerate(times)]


@settings(QUICK, max_examples=3)
@given(tape=tapes(START, STEPS, 6, 12), seed=st.integers(0, 2**32))
def test_any_mixture_of_rows_in_the_tables_and_in_the_mart_alone_is_what_the_trades_make(bench, tape, seed):
    owned, rng, given_, went = Owned(bench), random.Random(seed), [], 0
    while len(given_) < len(tape):
        some = rng.sample(tape, min(len(tape), rng.randint(1, 9)))
        owned.load(some)
        given_ = [trade for trade in tape if trade in given_ or trade in some]
        if rng.random() < 0.6:
            owned.publish()
        if owned.publisher.current and rng.random() < 0.6:
            went += owned.let_go()
        match rng.randrange(8):
            case 0:
                owned.restart()
            case 1 if owned.publisher.current:
                owned.publisher.join_settled()
            case 2 if owned.publisher.current:
                (owned.path / owned.publisher.current.tables[rng.choice(LONG)].files[-1].name).unlink()
                owned.restart()
    owned.publish()
    owned.is_all_of(given_)


def test_old_rows_leave_the_tables_and_every_reader_has_them_as_before(owned):
    trades = hours(6)
    owned.load(trades)
    owned.publish()
    before = {relation: owned.seen(relation) for relation in LONG}
    assert owned.let_go() > 0
    assert {relation: owned.seen(relation) for relation in LONG} == before
    assert 0 < owned.in_table(CANDLES["1s"]) < len(before[CANDLES["1s"]])
    assert owned.bench.rows("select value from raw.settings where name = 'format'") == [("3",)]
    owned.restart()
    owned.bench.owned.run()
    assert 0 < owned.in_table(FOOTPRINT) < len(before[FOOTPRINT]), "what went is not made again"
    assert owned.let_go() == 0


def test_a_trade_that_comes_late_is_seen_beside_the_candles_that_went(owned):
    trades = hours(6)
    late = trades.pop(1)
    owned.load(trades)
    owned.publish()
    owned.let_go()
    owned.load([late])
    owned.publish()
    owned.is_all_of([*trades, late])
    assert owned.let_go() > 0
    owned.is_all_of([*trades, late])


def test_an_exchange_that_tells_late_finds_the_levels_of_footprints_that_went(owned):
    trades = hours(6)
    owned.load(trades)
    owned.publish()
    owned.let_go()
    told = f"select status, level_count from {FOOTPRINT_AUDIT} where open_time = (select min(open_time) from"
    told += f" {FOOTPRINT_AUDIT} where first_trade_id = 3)"
    assert owned.bench.rows(told) == [("pending", 1)]
    owned.load([], klines=[(trades[3].at, kline(trades[3]))], event_at=trades[3].at + MINUTE)
    owned.publish()
    assert owned.bench.rows(told) == [("match", 1)]
    owned.is_all_of(trades)


@pytest.mark.parametrize("loss", ["a file", "all of it", "an older version"])
def test_a_mart_that_lost_what_only_it_had_is_made_anew_of_silver(owned, loss):
    trades = hours(6)
    owned.load(trades[:-1])
    owned.publish()
    older = (owned.path / CURRENT).read_bytes()
    owned.load(trades[-1:])
    owned.publish()
    assert owned.let_go()
    match loss:
        case "a file":
            (owned.path / owned.publisher.current.tables[FOOTPRINT].files[0].name).unlink()
        case "all of it":
            (owned.path / CURRENT).unlink()
        case "an older version":
            (owned.path / CURRENT).write_bytes(older)
    owned.restart()
    owned.publish()
    owned.is_all_of(trades)


def test_a_file_that_was_changed_is_said_and_nothing_is_made_of_it(owned):
    trades = hours(6)
    late = trades.pop(1)
    owned.load(trades)
    owned.publish()
    owned.let_go()
    path = owned.path / owned.publisher.current.tables[FOOTPRINT].files[0].name
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(bytes(content))
    owned.load([late])
    with pytest.raises(WarehouseCorruptError, match="only copy"):
        owned.publish()
    path.unlink()
    owned.restart()
    owned.publish()
    owned.is_all_of([*trades, late])


class Killed(BaseException):
    """In the place of SIGKILL."""


@pytest.mark.parametrize("step", ["before", "mid", "after"])
def test_killed_at_any_step_the_next_owner_has_all_of_it(owned, monkeypatch, step):
    trades = hours(6)
    owned.load(trades)
    owned.publish()
    before = {relation: owned.seen(relation) for relation in LONG}
    monkeypatch.setattr(crashpoint.os, "kill", lambda *_: (_ for _ in ()).throw(Killed))
    crashpoint.arm(f"{step} letting go of gold")
    with pytest.raises(Killed):
        owned.let_go()
    crashpoint.arm("")
    assert {relation: owned.seen(relation) for relation in LONG} == before
    owned.restart()
    owned.let_go()
    owned.publish()
    assert {relation: owned.seen(relation) for relation in LONG} == before
    assert owned.in_table(FOOTPRINT) < len(before[FOOTPRINT])
    owned.load(trades[-1:])
    owned.publish()
    owned.is_all_of(trades)


def test_rows_that_the_mart_does_not_have_stay(owned):
    trades = hours(6)
    owned.load(trades)
    owned.publish()
    owned.bench.warehouse.connection.execute(f"update {FOOTPRINT} set high = high + 1")
    owned.bench.warehouse.connection.execute(f"update {CANDLES['1s']} set high = high + 1")
    assert owned.let_go() == 0
    assert owned.bench.owned.gold.bounds == {}
