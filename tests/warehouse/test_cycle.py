"""What the owner runs of the models, and when."""

from collections.abc import Iterator
from decimal import ROUND_DOWN, Context, Decimal
from itertools import count
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from candlewick.errors import ModelError
from candlewick.lake.objects import Lake
from warehouse.bench import Bench
from warehouse.lakes import MINUTE, START, Writer, trade_line


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The compiled models, as the owner runs them."""
    with Bench.open_as_owner(tmp_path_factory.mktemp("owner")) as opened:
        yield opened


def test_a_model_runs_only_where_its_inputs_changed_and_catches_up_after_a_failure(owner, lake, writer):
    def load(trade_id: int) -> None:
        name = writer.stream([trade_line("BTCUSDT", trade_id, START + trade_id * MINUTE)])
        owner.load([lake.read_object(name)])

    load(1)
    owner.run()
    rename = owner.warehouse.connection.execute
    rename("alter table gold.trades_ohlc_1h rename to away")
    owner.run()
    load(2)
    with pytest.raises(ModelError, match="trades_ohlc_1h: ") as raised:
        owner.run()
    assert "\n" not in str(raised.value)
    assert owner.rows("select sum(trade_count) from gold.trades_ohlc_1m") == [(1,)], "a run is done whole or not at all"
    rename("alter table gold.away rename to trades_ohlc_1h")
    load(3)
    owner.run()
    for timeframe in ("1s", "1m", "5m", "15m", "1h", "4h", "1d"):
        assert owner.rows(f"select sum(trade_count) from gold.trades_ohlc_{timeframe}") == [(3,)]


def test_an_object_with_a_line_that_is_not_json_is_refused_whole(owner, lake, writer):
    good, bad = (
        lake.read_object(writer.stream([trade_line("ADAUSDT", n, START), trade_line("ADAUSDT", n + 1, START)]))
        for n in (1, 3)
    )
    bad = bad._replace(lines=[bad.lines[0], b'{"e":"trade"'])
    assert owner.owned.load([good, bad]) == {bad.name: "line 2 is not JSON"}
    assert owner.rows("select trade_id from silver.trades_deduped where symbol = 'ADAUSDT' order by 1") == [(1,), (2,)]
    assert owner.rows(f"select count(*) from raw.binance_raw where object_name = '{bad.name}'") == [(0,)]


def test_a_trade_is_held_once_however_it_comes_again(owner, lake, writer):
    def deliver(*trade_ids: int) -> None:
        name = writer.stream([trade_line("ETHUSDT", trade_id, START + trade_id * MINUTE) for trade_id in trade_ids])
        owner.load([lake.read_object(name)])

    deliver(2, 3)
    deliver(3, 4)  # one of them is held, one lies beyond
    deliver(5, 5)  # all lie beyond, one of them twice
    deliver(1, 2)
    rename = owner.warehouse.connection.execute
    rename("alter table silver.object_spans rename to away")
    with pytest.raises(ModelError, match="object_spans: "):
        deliver(6, 7)
    rename("alter table silver.away rename to object_spans")
    deliver(6)  # what a load that failed has brought is not held
    deliver(7, 6)
    held = "select trade_id from silver.trades_deduped where symbol = 'ETHUSDT' order by 1"
    assert owner.rows(held) == [(trade_id,) for trade_id in range(1, 8)]


@st.composite
def amounts(draw: st.DrawFn) -> tuple[Decimal, Decimal]:
    """A price and a quantity with as many digits as the exchange could print, small and large ones alike."""
    price, quantity = (draw(st.integers(1, 10 ** draw(st.integers(1, 18)))) for _ in range(2))
    return Decimal(price).scaleb(-8), Decimal(quantity).scaleb(-8)


def test_a_quote_amount_is_the_exact_product_cut_whatever_its_size(owner, lake, writer):
    numbers = count(1)

    @settings(deadline=None, max_examples=12)
    @given(st.lists(amounts(), min_size=1, max_size=40))
    @example([(Decimal("99999999"), Decimal("99.99999999")), (Decimal("99999999.00000001"), Decimal(99))])
    @example([(Decimal("0.00000001"), Decimal("99999999.99999999")), (Decimal(100), Decimal(100))])
    def check(pairs: list[tuple[Decimal, Decimal]]) -> None:
        ids = [next(numbers) for _ in pairs]
        lines = [
            trade_line("XRPUSDT", trade_id, START + trade_id, price=f"{price:f}", quantity=f"{quantity:f}")
            for trade_id, (price, quantity) in zip(ids, pairs, strict=True)
        ]
        owner.load([lake.read_object(writer.stream(lines))])
        held = f"select quote_quantity from silver.trades_deduped where symbol = 'XRPUSDT' and trade_id >= {ids[0]}"
        cut = Context(prec=60, rounding=ROUND_DOWN)
        exact = [cut.quantize(cut.multiply(*pair), Decimal("0.00000001")) for pair in pairs]
        assert owner.rows(f"{held} order by trade_id") == [(each,) for each in exact]

    check()


def test_a_pause_of_minutes_has_flat_candles_whenever_it_is_noticed(owner, lake, writer):
    def deliver(*trades: tuple[int, int], is_run: bool = True) -> None:
        lines = [trade_line("SOLUSDT", trade_id, START + minute * MINUTE) for trade_id, minute in trades]
        owner.load([lake.read_object(writer.stream(lines))])
        if is_run:
            owner.run()

    def counts() -> list[object]:
        rows = owner.rows("select trade_count from gold.trades_ohlc_1m where symbol = 'SOLUSDT' order by open_time")
        return [count for (count,) in rows]

    deliver((1, 0))
    deliver((2, 0), (3, 1))
    assert not owner.owned.heads.is_apart and counts() == [1 + 1, 1]
    deliver((4, 3))
    assert counts() == [2, 1, 0, 1]
    deliver((6, 6))
    assert counts() == [2, 1, 0, 1, 1], "what is missing may have been traded in between"
    deliver((5, 3))
    assert counts() == [2, 1, 0, 2, 0, 0, 1]
    deliver((7, 8), is_run=False)
    deliver((8, 8), (9, 9))
    assert counts() == [2, 1, 0, 2, 0, 0, 1, 0, 2, 1], "a load goes on where another left a pause that no run has seen"


def test_tables_that_dbt_made_are_taken_up(tmp_path: Path):
    lake = Lake.open(str(tmp_path / "lake"), "binance")
    writer = Writer(lake)
    names = [writer.stream([trade_line("BTCUSDT", n, START + n * MINUTE)]) for n in (1, 3, 2)]
    objects = [lake.read_object(name) for name in names]
    with Bench.open(tmp_path) as by_dbt:
        by_dbt.cycle(objects[:2])
    with Bench.open_as_owner(tmp_path) as owner:
        owner.cycle(objects[2:])
        assert owner.rows("select trade_count, is_complete from gold.trades_ohlc_1m order by open_time") == [
            (1, False),
            (1, True),
            (1, False),
        ]
        assert owner.rows("select first_missing_id, state from gold.tape_gaps") == [(2, "filled")]
