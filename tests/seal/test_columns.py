"""Trades as they are gathered, and as they come back: by id, a part at a time."""

import random
from itertools import pairwise

import pyarrow as pa
import pytest

from candlewick.lake.sealed import columns, file, lines
from candlewick.lake.sealed.columns import Columns
from candlewick.lake.sealed.spool import Spool
from seal.made import Market, gather, trades_of


@pytest.fixture
def small(monkeypatch):
    """Parts of 16 ids, put away 7 lines at a time."""
    monkeypatch.setattr(columns, "IDS_PER_PART", 16)
    monkeypatch.setattr(columns, "_ROWS_PER_CHUNK", 7)


def of(raw: list[bytes]) -> Columns:
    """Gather lines."""
    made = Columns("BTCUSDT")
    for line in raw:
        made.add(line, lines.read(line))
    return made


@pytest.mark.parametrize("seed", range(4))
def test_parts_have_so_many_ids_each_and_together_every_line_that_came(small, seed):
    rng, market = random.Random(seed), Market(seed=seed, count=100)
    raw = [line for line in market.lines() if rng.random() < 0.8]
    raw += rng.sample(raw, 30)
    rng.shuffle(raw)
    parts = list(of(raw).parts())
    ids = [part.column("trade_id").to_pylist() for part in parts]
    assert all(len(set(each)) == 16 for each in ids[:-1]) and all(each == sorted(each) for each in ids)
    assert all(one[-1] < other[0] for one, other in pairwise(ids))
    assert sorted(line for part in parts for line in lines.encode("BTCUSDT", part)) == sorted(raw)


def test_one_id_far_from_the_others_costs_no_part_of_its_own(small):
    raw = Market(count=20).lines()
    parts = list(of([*raw, raw[3].replace(b'"t":1003', b'"t":%d' % 2**62)]).parts())
    assert [part.num_rows for part in parts] == [16, 5]


@pytest.mark.parametrize("seed", range(3))
def test_a_day_is_the_same_in_parts_of_any_size(monkeypatch, seed):
    rng, market = random.Random(seed), Market(seed=seed, count=150)
    raw = market.lines() + [market.line(each, "rest") for each in range(0, 150, 4)] + market.candles()
    raw += [raw[9].replace(b'"q":"', b'"q":"7')]
    rng.shuffle(raw)
    whole = gather(raw).assemble()
    expected = trades_of(whole)
    monkeypatch.setattr(columns, "IDS_PER_PART", 16)
    monkeypatch.setattr(columns, "_ROWS_PER_CHUNK", 7)
    day = gather(raw).assemble()
    assert [part.num_rows for part in day.parts()] == [16] * 9 + [6]
    assert trades_of(day).equals(expected)
    assert (day.places, day.conflicting) == (whole.places, whole.conflicting) == ((2, 5), (1_009,))
    assert day.evidence == whole.evidence
    content = file.write(day)
    assert file.groups(content) == [1_015 + 16 * each for each in range(9)] + [1_149]
    assert file.read(content).trades.equals(expected)


def test_what_does_not_fit_into_memory_lies_in_a_file_that_nobody_finds(tmp_path):
    batch = pa.RecordBatch.from_pydict({"number": list(range(10_000))})
    with Spool(batch.schema, tmp_path / "spool") as spool:
        places = [spool.put(batch.slice(each, 9_000)) for each in range(1_000)]
        assert sum(place.size for place in places) > 64 << 20
        assert list((tmp_path / "spool").iterdir()) == []
        for each in (999, 0, 512):
            assert spool.get(places[each]).equals(batch.slice(each, 9_000))
