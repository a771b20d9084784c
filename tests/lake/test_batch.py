from hypothesis import given
from hypothesis import strategies as st

from candlewick.lake.batch import Batch, Batcher, Limits
from candlewick.lake.manifest import Extent
from candlewick.lake.objects import pack, unpack
from candlewick.spans import Spans

LIMITS = Limits(seconds=1.0, byte_count=100, line_count=5)
TRADES = st.lists(st.tuples(st.sampled_from(["BTCUSDT", "ETHUSDT"]), st.integers(1, 30)), max_size=40)


def batch_of(trades: list[tuple[str, int]]) -> Batch:
    batch = Batch()
    for symbol, trade_id in trades:
        batch.add_trade(symbol, trade_id, f"{symbol}{trade_id}".encode())
    return batch


def test_an_empty_batch_is_never_due() -> None:
    assert Batcher(LIMITS).due_in(1e9) is None


def test_a_batch_is_due_a_while_after_its_first_line() -> None:
    batcher = Batcher(LIMITS)
    batcher.add_trade("BTCUSDT", 1, b"1", 10.0)
    batcher.add_kline("BTCUSDT", 7, b"2", 10.6)
    assert batcher.due_in(10.75) == 0.25
    assert batcher.due_in(11.0) == batcher.due_in(99.0) == 0.0


def test_a_batch_is_due_at_once_when_it_has_its_lines_or_bytes() -> None:
    many, large = Batcher(LIMITS), Batcher(LIMITS)
    for trade_id in range(5):
        assert many.due_in(0.0) != 0.0
        many.add_trade("BTCUSDT", trade_id, b"", 0.0)
    large.add_trade("BTCUSDT", 1, b"x" * 100, 0.0)
    assert many.due_in(0.0) == large.due_in(0.0) == 0.0


def test_a_cut_takes_all_and_time_starts_anew() -> None:
    batcher = Batcher(LIMITS)
    batcher.add_trade("BTCUSDT", 1, b"one", 0.0)
    assert batcher.cut().lines == [b"one"]
    assert batcher.due_in(0.0) is None
    batcher.add_trade("BTCUSDT", 2, b"two", 5.0)
    assert batcher.due_in(5.0) == 1.0


@given(TRADES)
def test_a_manifest_says_exactly_which_ids_are_in_the_object(trades: list[tuple[str, int]]) -> None:
    batch = batch_of(trades)
    manifest = batch.manifest(recorder="r1", seq=7, prev="p", created=9, covered={}, declared={})
    assert manifest.lines == len(trades)
    assert set(manifest.spans) == {symbol for symbol, _ in trades}
    for symbol, extent in manifest.spans.items():
        ids = {trade_id for of, trade_id in trades if of == symbol}
        assert (extent.first, extent.last, extent.count) == (min(ids), max(ids), len(ids))
        assert Spans(extent.ranges) == Spans((i, i) for i in ids)
        assert manifest.covered[symbol] == extent.ranges


@given(TRADES, TRADES)
def test_covered_is_what_was_durable_before_and_this_object(
    before: list[tuple[str, int]], now: list[tuple[str, int]]
) -> None:
    covered = batch_of(before).ids
    ranges = {symbol: spans.ranges() for symbol, spans in covered.items()}
    manifest = batch_of(now).manifest(recorder="r1", seq=1, prev=None, created=0, covered=covered, declared={})
    union = batch_of(before + now).ids
    assert manifest.covered == {symbol: spans.ranges() for symbol, spans in union.items()}
    assert {symbol: spans.ranges() for symbol, spans in covered.items()} == ranges


def test_copies_that_differ_are_two_lines_of_one_id() -> None:
    batch = batch_of([("BTCUSDT", 1), ("BTCUSDT", 1)])
    assert batch.extents() == {"BTCUSDT": Extent(1, 1, 1, [(1, 1)])}
    assert len(batch.lines) == 2


def test_a_manifest_tells_the_minutes_of_symbols_that_got_candles() -> None:
    batch = batch_of([("BTCUSDT", 1)])
    batch.add_kline("ETHUSDT", 7, b"{}")
    batch.add_klines("ETHUSDT", Spans([(8, 9)]), [b"{}"])
    before = {"ETHUSDT": Spans([(1, 5)]), "BTCUSDT": Spans([(1, 5)])}
    manifest = batch.manifest(recorder="r1", seq=1, prev=None, created=0, covered={}, declared={}, minutes=before)
    assert (manifest.klines, manifest.lines) == ({"ETHUSDT": 2}, 3)
    assert manifest.minutes == {"ETHUSDT": [(1, 5), (7, 9)]}
    assert before["ETHUSDT"] == Spans([(1, 5)])


def test_what_is_packed_is_unpacked_with_klines_and_declared_holes() -> None:
    batch = batch_of([("BTCUSDT", 1)])
    batch.add_kline("BTCUSDT", 7, b"{}")
    manifest = batch.manifest(recorder="r1", seq=1, prev=None, created=0, covered={}, declared={"BTCUSDT": [(2, 3)]})
    read = unpack("stream", pack(batch.lines, manifest))
    assert read.lines == batch.lines
    assert read.manifest == manifest
    assert (manifest.klines, manifest.declared) == ({"BTCUSDT": 1}, {"BTCUSDT": [(2, 3)]})
