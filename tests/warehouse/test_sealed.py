"""Trades of sealed days are loaded as columns: any mixture with lines makes the tables that the trades make."""

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candlewick.lake.objects import LakeObject, LakeTrades
from candlewick.lake.sealed import file
from candlewick.lake.sealed.day import Gathered
from candlewick.lake.sealed.lines import TradeLine, read
from warehouse import oracle
from warehouse.bench import Bench
from warehouse.objects import Recorder
from warehouse.oracle import Trade
from warehouse.test_models import QUICK, deliveries, gold, holes, open_holes, silver


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with Bench.open_as_owner(tmp_path_factory.mktemp("owner")) as opened:
        yield opened


def sealed(item: LakeObject) -> list[LakeTrades]:
    """The same trades from sealed files, one a symbol, written and read."""
    days: dict[str, Gathered] = {}
    for line in item.lines:
        event = read(line)
        assert isinstance(event, TradeLine)
        days.setdefault(event.s, Gathered(event.s, date(2024, 8, 8))).trades.add(line, event)
    return [LakeTrades(item.name, file.read_typed(file.write(day.assemble())), item.manifest) for day in days.values()]


@settings(QUICK, max_examples=4)
@given(cycles=deliveries(), choice=st.randoms(use_true_random=False))
def test_any_mixture_of_sealed_trades_and_lines_makes_the_tables_that_the_trades_make(owner, cycles, choice):
    owner.empty()
    recorder = Recorder()
    loaded: list[Trade] = []
    for objects in cycles:
        items = [recorder.write(trades) for trades in objects]
        for item in items:
            parts = sealed(item) if choice.random() < 0.6 else [item]
            owner.load(parts)
        owner.run()
        loaded += [trade for trades in objects for trade in trades]
    assert silver(owner) == sorted({(t.symbol, t.trade_id, t.price, t.quantity, t.traded_at) for t in loaded})
    for timeframe, rows in oracle.gold(loaded, owner.zone).items():
        assert gold(owner, timeframe) == rows, timeframe
    assert open_holes(owner) == holes(loaded)
