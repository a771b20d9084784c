"""The models against an oracle: whatever way the trades come, SILVER and GOLD are what the trades make them."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from candlewick.spans import Spans
from warehouse import cases, flowing, oracle
from warehouse.bench import Bench
from warehouse.cases import CASES
from warehouse.lakes import MINUTE, START
from warehouse.objects import Recorder
from warehouse.oracle import Copy, Trade

MIDNIGHT_IN_INDIA = 1_723_141_800_000_000
STEPS = (0, 0, 1, 999, 1_000_000, 20_000_000, MINUTE, 4 * MINUTE, 30 * MINUTE)
SYMBOLS = ("BTCUSDT", "ETHUSDT")
QUICK = settings(deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate], print_blob=True)
"""A cycle takes seconds, so a failing example is printed as it is: shrinking it would take many minutes."""


def of_some(
    bench: Bench, examples: st.SearchStrategy[Any], check: Callable[[Any], None], *, dbt: int, owner: int
) -> None:
    """Check so many examples, the simplest first: dbt takes ten times as long for one as the owner."""
    settings(QUICK, max_examples=owner if bench.owned else dbt)(given(examples)(check))()


@pytest.fixture(scope="module", params=["dbt", "owner"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The models run by dbt, and as the owner runs what they compile to."""
    way = Bench.open if request.param == "dbt" else Bench.open_as_owner
    with way(tmp_path_factory.mktemp("bench")) as opened:
        yield opened


@st.composite
def tapes(draw: st.DrawFn, start: int, steps: Sequence[int], least: int, most: int) -> list[Trade]:
    """So many trades of one symbol or two from `start` (µs) on, ids contiguous, times never decreasing."""
    trades = []
    for symbol in SYMBOLS[: draw(st.integers(1, 2))]:
        at, trade_id = start, draw(st.integers(1, 3_000_000_000))
        for step in draw(st.lists(st.sampled_from(steps), min_size=least, max_size=most)):
            at, trade_id = at + step, trade_id + 1
            price, quantity = draw(st.integers(1, 10**12)), draw(st.integers(1, 10**12))
            is_buyer_maker = draw(st.booleans())
            trades.append(Trade(symbol, trade_id, decimal(price), decimal(quantity), is_buyer_maker, at))
    return trades


@st.composite
def deliveries(draw: st.DrawFn) -> list[list[list[Trade]]]:
    """Cycles of objects of trades: any split of a tape, in any order, with copies and with losses."""
    trades = draw(tapes(MIDNIGHT_IN_INDIA - 20 * MINUTE, STEPS, 2, 25))
    copies = draw(st.lists(st.sampled_from(trades), max_size=10))
    kept = [trade for trade in trades if draw(st.integers(0, 9))] or trades[:1]
    order = draw(st.permutations(kept + copies))
    cuts = sorted(draw(st.lists(st.integers(1, len(order)), max_size=6)))
    objects = [order[start:end] for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True) if start < end]
    ends = sorted({len(objects), *draw(st.lists(st.integers(1, len(objects)), max_size=2))})
    return [objects[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def test_any_order_split_loss_and_redelivery_of_objects_makes_the_tables_that_the_trades_make(bench):
    def check(cycles: list[list[list[Trade]]]) -> None:
        bench.empty()
        recorder = Recorder()
        loaded: list[Trade] = []
        for objects in cycles:
            bench.cycle([recorder.write(trades) for trades in objects])
            loaded += [trade for trades in objects for trade in trades]
            assert silver(bench) == sorted({(t.symbol, t.trade_id, t.price, t.quantity, t.traded_at) for t in loaded})
            expected = oracle.gold(loaded, bench.zone)
            for timeframe, rows in expected.items():
                assert gold(bench, timeframe) == rows, timeframe
            assert footprints(bench) == flowing.rows(loaded)
            assert open_holes(bench) == holes(loaded)

    of_some(bench, deliveries(), check, dbt=2, owner=20)


def test_the_history_of_gaps_is_the_same_when_it_is_read_at_once_and_backwards(bench):
    def check(cycles: list[list[list[Trade]]]) -> None:
        recorder = Recorder()
        objects = [recorder.write(trades) for cycle in cycles for trades in cycle]
        bench.empty()
        for item in objects:
            bench.load([item])
        bench.run()
        at_once = bench.rows("select * from gold.tape_gaps order by all")
        bench.empty()
        for part in (objects[len(objects) // 2 :], objects[: len(objects) // 2]):
            if part:
                bench.cycle(part[::-1])
        assert bench.rows("select * from gold.tape_gaps order by all") == at_once

    of_some(bench, deliveries(), check, dbt=2, owner=8)


@st.composite
def disputes(draw: st.DrawFn) -> list[list[Copy]]:
    """Batches of copies of a few trades, whose contents and sources differ, in any order."""
    copies = [draw(copies_of(trade_id)) for trade_id in range(1, 13) for _ in range(draw(st.integers(1, 3)))]
    order = draw(st.permutations(copies))
    cuts = sorted({0, len(order), *draw(st.lists(st.integers(1, len(order)), max_size=2))})
    return [order[start:end] for start, end in pairwise(cuts)]


@st.composite
def copies_of(draw: st.DrawFn, trade_id: int) -> Copy:
    """One way in which a trade of second `trade_id` may be told."""
    at = START + trade_id * 1_000_000 + draw(st.sampled_from((0, 123_000, 123_456)))
    price, quantity = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    trade = Trade("BTCUSDT", trade_id, Decimal(price), Decimal(quantity), draw(st.booleans()), at)
    return Copy(trade, draw(st.sampled_from(oracle.SOURCES)))


def test_which_of_differing_copies_counts_depends_on_them_and_not_on_their_order(bench):
    def check(batches: list[list[Copy]]) -> None:
        bench.empty()
        recorder = Recorder()
        for copies in batches:
            bench.cycle([recorder.write_copies(copies)])
        expected = oracle.winners(copy for copies in batches for copy in copies)
        assert silver(bench) == [(t.symbol, t.trade_id, t.price, t.quantity, t.traded_at) for t in expected]
        for timeframe, rows in oracle.gold(expected, bench.zone).items():
            assert gold(bench, timeframe) == rows, timeframe

    of_some(bench, disputes(), check, dbt=2, owner=12)


@pytest.mark.parametrize("bench", ["owner"], indirect=True)
@pytest.mark.parametrize("name", CASES)
def test_each_case_is_told_as_it_is(bench, tmp_path, name):
    cases.alone(CASES[name], bench, tmp_path)


@pytest.mark.parametrize("bench", ["dbt"], indirect=True)
def test_each_case_is_told_as_it_is_where_dbt_runs_them_all_at_once(bench, tmp_path):
    cases.side_by_side(list(CASES.values()), bench, tmp_path)


def decimal(units: int) -> Decimal:
    """A price or a quantity of six decimals: their product has four more than the exchange keeps of it."""
    return Decimal(units).scaleb(-6)


def silver(bench: Bench) -> list[tuple[object, ...]]:
    return bench.rows("select symbol, trade_id, price, quantity, traded_at from silver.trades_deduped order by 1, 2")


def gold(bench: Bench, timeframe: str, relation: str | None = None) -> list[tuple[object, ...]]:
    relation = relation or f"gold.trades_ohlc_{timeframe}"
    return bench.rows(f"select {oracle.COLUMNS} from {relation} order by symbol, open_time")


def footprints(bench: Bench, relation: str = "gold.trades_footprint_1m") -> list[tuple[object, ...]]:
    return bench.rows(f"select {flowing.COLUMNS} from {relation} order by symbol, open_time, price")


def open_holes(bench: Bench) -> dict[str, int]:
    """How many ids are missing, by symbol, as TAPE_GAPS has it."""
    return dict(
        bench.rows(
            "select symbol, sum(missing_count)::bigint from gold.tape_gaps group by 1 having sum(missing_count) > 0"
        )
    )


def holes(trades: list[Trade]) -> dict[str, int]:
    ids: dict[str, Spans] = {}
    for trade in trades:
        ids.setdefault(trade.symbol, Spans()).add(trade.trade_id, trade.trade_id)
    return {symbol: spans.holes().count for symbol, spans in ids.items() if spans.holes()}
