"""What is known of a load without asking for what is held."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from candlewick.spans import Spans
from candlewick.warehouse.duckdb.heads import Arrived, Head, Heads

START = datetime(2026, 1, 24, 13)
Trade = tuple[str, int, int]
"""Symbol, id, minute."""

trades = st.tuples(st.sampled_from(["BTCUSDT", "ETHUSDT"]), st.integers(1, 30), st.integers(0, 6))


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def arrived(load: list[Trade]) -> list[Arrived]:
    """As the database tells it."""
    ids: dict[tuple[str, int], list[int]] = {}
    for symbol, trade_id, minute in load:
        ids.setdefault((symbol, minute), []).append(trade_id)
    return [
        Arrived(symbol, at(minute), min(of), max(of), len(of) == len(set(of)))
        for (symbol, minute), of in sorted(ids.items())
    ]


@given(st.lists(st.lists(trades, min_size=1, max_size=6), max_size=5))
def test_only_a_load_without_copies_is_spared_the_look_for_them(loads):
    heads, held = Heads(), set[tuple[str, int]]()
    for load in loads:
        heads.take(arrived(load))
        ids = [trade[:2] for trade in load]
        assert not heads.is_new or held.isdisjoint(ids)
        assert not heads.is_each_once or len(ids) == len(set(ids))
        held.update(ids)


@given(st.permutations(range(6)), st.lists(st.integers(1, 5), min_size=6, max_size=6))
def test_parts_of_a_tape_are_spared_it_in_any_order(order, lengths):
    heads, firsts = Heads(), [sum(lengths[:part]) for part in range(6)]
    for part in order:
        heads.take([Arrived("BTCUSDT", at(part), firsts[part], firsts[part] + lengths[part] - 1)])
        assert heads.is_new and heads.is_each_once
    assert heads.of["BTCUSDT"].held == Spans([(0, sum(lengths) - 1)])
    heads.take([Arrived("BTCUSDT", at(9), firsts[3], firsts[3])])
    assert not heads.is_new


@given(st.lists(st.lists(trades, min_size=1, max_size=6, unique_by=lambda trade: trade[:2]), max_size=5))
def test_only_a_load_of_newer_ids_with_trades_in_each_minute_is_spared(loads):
    heads, held = Heads(), dict[tuple[str, int], int]()
    for load in loads:
        heads.is_apart = False
        heads.take(arrived(load))
        newest = {symbol: max(ids) for symbol in ("BTCUSDT", "ETHUSDT") if (ids := [i for s, i in held if s == symbol])}
        is_beyond = all(trade_id > newest.get(symbol, 0) for symbol, trade_id, _ in load)
        assert heads.is_new or not is_beyond
        if not heads.is_apart:
            assert is_beyond
            for symbol in {symbol for symbol, _, _ in load}:
                minutes = {minute for other, _, minute in load if other == symbol}
                begin = held[symbol, newest[symbol]]
                assert minutes | {begin} == set(range(begin, max(minutes) + 1))
        held |= {(symbol, trade_id): minute for symbol, trade_id, minute in load}


def test_a_tape_that_goes_on_is_spared_and_one_with_a_pause_is_not():
    heads = Heads({"BTCUSDT": Head(Spans([(1, 10)]))}, is_apart=False)
    heads.take([Arrived("BTCUSDT", at(0), 11, 12)])
    assert heads.is_new and heads.is_apart, "the minute of the head is not known"
    heads.is_apart = False
    heads.take([Arrived("BTCUSDT", at(0), 13, 14), Arrived("BTCUSDT", at(1), 15, 15)])
    assert heads.is_new and not heads.is_apart
    heads.take([Arrived("BTCUSDT", at(3), 16, 17)])
    assert heads.is_new and heads.is_apart
    heads.take([Arrived("BTCUSDT", at(4), 18, 18)])
    assert heads.is_apart, "until somebody has dealt with it"


def test_of_a_symbol_that_is_new_nothing_is_held():
    heads = Heads()
    heads.take([Arrived("BTCUSDT", at(0), 0, 3)])
    assert heads.is_new and heads.of == {"BTCUSDT": Head(Spans([(0, 3)]), at(0))}
