"""Days in SILVER's table and in sealed files by turns, and GOLD in its tables and the mart: all is what trades make."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import count, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candlewick.lake.manifest import Extent, Manifest, SealedPart
from candlewick.lake.objects import LakeSealed
from candlewick.lake.sealed import file
from candlewick.lake.sealed.day import Gathered
from candlewick.lake.sealed.lines import TradeLine, read
from candlewick.mart.publisher import Publisher
from candlewick.mart.sealed import parquet_in, query
from candlewick.mart.version import CANDLES, FOOTPRINT, TRADES, SealedFile
from candlewick.process.files import replace_atomically
from candlewick.warehouse.duckdb.cycle import Cycle
from candlewick.warehouse.duckdb.gold_in_mart import MAY_GO
from candlewick.warehouse.duckdb.heads import Arrived
from candlewick.warehouse.duckdb.letting_go import in_mart
from candlewick.warehouse.duckdb.sealed_days import SealedDay, parts_of
from warehouse import flowing, oracle
from warehouse.bench import Bench
from warehouse.lakes import MINUTE
from warehouse.objects import Recorder, line_of
from warehouse.oracle import Trade
from warehouse.test_models import QUICK, footprints, gold, holes, open_holes, tapes

MIDNIGHT = 1_723_161_600_000_000
"""2024-08-09 00:00 UTC, in µs."""
STEPS = (0, 1, 999, 1_000_000, MINUTE, 30 * MINUTE, 7 * 60 * MINUTE)
NUMBERS = count()
"""Of worlds: each has files of its own."""
ACTS = (
    "deliver",
    "deliver",
    "refer",
    "refer",
    "run",
    "go",
    "go",
    "publish",
    "mart",
    "join",
    "restart",
    "anew",
    "gold",
    "gold",
    "lose",
)


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("owner")
    with Bench.open_as_owner(folder, root=folder / "lake") as opened:
        yield opened


def day_of(trade: Trade) -> date:
    return trade.traded_at.date()


@dataclass
class World:
    """A warehouse, its lake and its mart; what was given to it so far."""

    bench: Bench
    rng: random.Random
    days: dict[tuple[str, date], list[Trade]]
    recorder: Recorder = field(default_factory=Recorder)
    given: list[Trade] = field(default_factory=list)
    publisher: Publisher = field(init=False)
    published: list[tuple[object, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.number = next(NUMBERS)
        self.bench.warehouse.note("generation", f"{self.number}")
        self.restart()

    @property
    def cycle(self) -> Cycle:
        assert self.bench.owned is not None
        return self.bench.owned

    def restart(self, *, with_other_models: bool = False) -> None:
        """Have another owner take up the file, with GOLD to be made anew or as it was."""
        if with_other_models:
            for each in self.cycle.program.models:
                if each.relation.startswith("gold.") and not each.is_whole:
                    self.bench.warehouse.connection.execute(f"drop table {each.relation}")
            self.bench.warehouse.note("generation", f"{self.number} {next(NUMBERS)}")
        mart = self.root.parent / f"mart-{self.number}"
        self.bench.owned = Cycle.of(self.bench.warehouse, self.cycle.program, self.root, mart)
        generation = self.bench.warehouse.setting("generation")
        assert generation is not None
        self.publisher = Publisher(
            self.bench.warehouse.connection,
            mart,
            generation=generation,
            timezone=self.bench.zone,
            sealed=lambda: in_mart(self.cycle.sealed.files, self.root, self.publisher.path),
            alone=self.cycle.gold.until,
        )

    @property
    def root(self) -> Path:
        return self.bench.folder / "lake"

    def deliver(self, trades: list[Trade]) -> None:
        """Load an object of lines."""
        if trades:
            self.bench.load([self.recorder.write(trades)])
            self.given += trades

    def refer(self, key: tuple[str, date]) -> None:
        """Load the reference to a sealed day, and now and then lines in the same load."""
        item = self.reference(*key)
        others = self.some()
        with_lines = [self.recorder.write(others)] if others and self.rng.random() < 0.3 else []
        self.bench.load([item, *with_lines])
        self.given += [*self.days[key], *(others if with_lines else [])]

    def reference(self, symbol: str, day: date) -> LakeSealed:
        """What the lake gives for a sealed day, whose file is written where it is not there."""
        gathered = Gathered(symbol, day)
        for trade in self.days[symbol, day]:
            event = read(line := line_of(trade))
            assert isinstance(event, TradeLine)
            gathered.trades.add(line, event)
        made = gathered.assemble()
        content = file.write(made)
        name = f"sealed/{symbol}/{self.number}/{symbol}-{day}.parquet"
        replace_atomically(self.root / name, content, durable=False)
        ids = made.spans
        spans = {symbol: Extent(ids.first, ids.last, ids.count, ids.ranges())}
        self.recorder.sequence += 1
        manifest = Manifest(
            recorder="sealed", seq=1, prev=None, created=MIDNIGHT, lines=ids.count, spans=spans, covered={}
        )
        object_name = f"binance/raw/{day}/00/stream_{day}_00-00-00.{self.recorder.sequence:06}_sealed.json.zst"
        part = SealedPart(name, sha256(content).hexdigest(), 0)
        return LakeSealed(object_name, file.about(content), part, len(content), manifest)

    def let_go(self, key: tuple[str, date]) -> None:
        """Let a day go from SILVER's table, where it can."""
        if self.cycle.sealed.held_as(key) is None and set(self.days[key]) <= set(self.given):
            held = SealedDay.of(self.reference(*key), datetime.min)
            there = {trade for trade in self.given if (trade.symbol, day_of(trade)) == key}
            assert self.cycle.let_go(held) == (there == set(self.days[key]))

    def let_the_mart_go(self, day: date) -> None:
        """Let the mart's own files of a day go, where they can."""
        if self.publisher.current is None:
            return
        keys = [key for key in self.days if key[1] == day and self.cycle.sealed.held_as(key) is None]
        files = [SealedDay.of(self.reference(*key), datetime.min).file for key in keys]
        if files:
            self.publisher.let_go(in_mart(files, self.root, self.publisher.path))
            self.see_no_more_than_there_is()

    def let_gold_go(self) -> None:
        """Let rows of GOLD go that only the mart has then; it has what it had."""
        while self.cycle.gold.let_go(self.publisher):
            self.see_no_more_than_there_is()

    def lose(self) -> None:
        """Lose a file of the mart, as in a power cut; the next owner makes all anew."""
        if self.publisher.current is not None:
            files = self.publisher.current.tables[self.rng.choice(sorted(MAY_GO))].files
            (self.publisher.path / self.rng.choice(files).name).unlink()
            self.restart()
            self.publish()

    def in_mart(self, table: str) -> str:
        """All rows of a published table, in parentheses."""
        assert self.publisher.current is not None
        return f"({query(table, self.publisher.current.tables[table], parquet_in(self.publisher.path))})"

    def some(self) -> list[Trade]:
        """Some trades of the tape, given already or not."""
        every = [trade for trades in self.days.values() for trade in trades]
        return self.rng.sample(every, self.rng.randint(1, min(6, len(every))))

    def publish(self) -> None:
        """Publish, and see that the mart has each trade once."""
        self.publisher.publish()
        assert self.publisher.current is not None
        rows = query(TRADES, self.publisher.current.tables[TRADES], parquet_in(self.publisher.path))
        self.published = trades_in(self.bench, f"({rows})")
        assert self.published == as_rows(self.given)

    def see_no_more_than_there_is(self) -> None:
        """See that the mart has what it had, whatever came since: each trade once, and none that was not given."""
        if self.publisher.current is not None:
            rows = query(TRADES, self.publisher.current.tables[TRADES], parquet_in(self.publisher.path))
            there = trades_in(self.bench, f"({rows})")
            assert len(there) == len(set(there)) and set(self.published) <= set(there) <= set(as_rows(self.given))

    def act(self) -> None:
        """Do one thing of those that happen."""
        key = self.rng.choice(sorted(self.days))
        match self.rng.choice(ACTS):
            case "deliver":
                self.deliver(self.some())
            case "refer":
                self.refer(key)
            case "run":
                self.cycle.run(with_audit=self.rng.random() < 0.5, with_long=self.rng.random() < 0.5)
            case "go":
                self.let_go(key)
            case "publish":
                self.publish()
            case "mart":
                self.let_the_mart_go(key[1])
            case "join":
                self.publisher.join_settled()
                self.see_no_more_than_there_is()
            case "restart":
                self.restart()
            case "anew":
                self.restart(with_other_models=True)
            case "gold":
                self.let_gold_go()
            case "lose":
                self.lose()


def as_rows(trades: list[Trade]) -> list[tuple[object, ...]]:
    return sorted({(t.symbol, t.trade_id, t.price, t.quantity, t.quote, t.traded_at) for t in trades})


def trades_in(bench: Bench, relation: str) -> list[tuple[object, ...]]:
    return bench.rows(
        f"select symbol, trade_id, price, quantity, quote_quantity, traded_at from {relation} order by 1, 2"
    )


def silver(bench: Bench) -> list[tuple[object, ...]]:
    """The table and the sealed files together."""
    assert bench.owned is not None
    sealed = bench.owned.sealed
    days = sealed.newer_than(datetime.min)
    files = f" union all by name {sealed.rows(days)}" if days else ""
    return trades_in(bench, f"(select * from silver.trades_deduped{files})")


@settings(QUICK, max_examples=4)
@given(tape=tapes(MIDNIGHT - 10 * MINUTE, STEPS, 6, 16), seed=st.integers(0, 2**32))
def test_any_mixture_of_days_in_the_table_and_in_sealed_files_makes_the_tables_that_the_trades_make(owner, tape, seed):
    owner.empty()
    rng = random.Random(seed)
    late = [trade for trade in tape if rng.random() < 0.08]  # what came after their day was sealed, if it was
    days: dict[tuple[str, date], list[Trade]] = {}
    for trade in tape:
        if trade not in late:
            days.setdefault((trade.symbol, day_of(trade)), []).append(trade)
    world = World(owner, rng, days)
    for number in range(14):
        world.act()
        if late and number % 4 == 3:
            world.deliver([late.pop()])
    world.deliver(tape[:1])
    world.cycle.run()
    world.publish()
    assert silver(owner) == as_rows(world.given)
    for timeframe, rows in oracle.gold(world.given, owner.zone).items():
        made = gold(owner, timeframe) if timeframe != "1s" else gold(owner, timeframe, world.in_mart(CANDLES["1s"]))
        assert made == rows, timeframe
    assert footprints(owner, world.in_mart(FOOTPRINT)) == flowing.rows(world.given)
    assert open_holes(owner) == holes(world.given)


def held(symbol: str, day: int, first: int, last: int, rows: int = 10, places: tuple[int, int] = (2, 5)) -> SealedDay:
    start = datetime(2024, 8, day)
    name = f"{symbol}-{day}.parquet"
    return SealedDay(
        SealedFile(name, symbol, start, start + timedelta(days=1), rows, 1, "0", places), first, last, start
    )


def test_sealed_days_are_read_in_parts_of_bounded_size_that_are_all_of_them():
    small = [held("BTCUSDT", day, day, day, rows=400) for day in range(1, 6)]
    large, other = held("ETHUSDT", 2, 1, 9, rows=3_000), held("XRPUSDT", 1, 1, 9, rows=1, places=(4, 0))
    parts = list(parts_of([other, large, *small[::-1]], most=1_000))
    whole = [part for part in parts if part.days != [large]]
    assert [[day.file.start.day for day in part.days] for part in whole] == [[1, 2], [3, 4], [5], [1]]
    assert all(part.start == part.days[0].file.start and part.end == part.days[-1].file.end for part in whole)
    hours = [(part.start, part.end) for part in parts if part.days == [large]]
    assert len(hours) == 3 and hours[0][0] == large.file.start and hours[-1][1] == large.file.end
    assert all(before[1] == after[0] for before, after in pairwise(hours))
    assert {day.key for part in parts for day in part.days} == {day.key for day in (*small, large, other)}


def test_a_load_touches_the_days_of_its_times_and_of_its_ids(owner):
    owner.empty()
    sealed = owner.owned.sealed
    days = [held("BTCUSDT", 8, 100, 199), held("BTCUSDT", 9, 200, 299), held("ETHUSDT", 8, 150, 160)]
    for day in days:
        sealed.put(day)
    sealed.read()

    def touched(symbol: str, hour: int, *ids: int) -> list[SealedDay]:
        minute = datetime(2024, 8, 8) + timedelta(hours=hour)
        return sealed.touched([Arrived(symbol, minute, min(ids), max(ids))])

    assert touched("BTCUSDT", 60, 300, 310) == [] == touched("SOLUSDT", 0, 150)
    assert touched("BTCUSDT", 0, 300) == [days[0]], "a trade of that day that its file has not"
    assert touched("BTCUSDT", 60, 250) == [days[1]], "a copy that says another time"
    assert touched("BTCUSDT", 60, 199, 200) == days[:2]
    assert touched("ETHUSDT", 60, 100, 149) == [] and touched("ETHUSDT", 60, 100, 150) == [days[2]]
    assert sealed.holding([("BTCUSDT", 99), ("BTCUSDT", 299), ("ETHUSDT", 155)]) == days[1:]
    assert [day.key for day in sealed.newer_than(datetime(2024, 8, 8))] == [days[1].key]
    owner.empty()
