from hypothesis import given
from hypothesis import strategies as st

from candlewick.recorder.ring import Gap, Ring, Rows
from candlewick.trade import Trade

SECOND = 1_000_000
START = 1_723_161_255_000_000


def trade(trade_id, at=0):
    return Trade(START + at + 7, "BTCUSDT", trade_id, f"{trade_id}.0", "2.0", START + at, trade_id % 2 == 0)


def ring_of(ids, **limits):
    ring = Ring(**limits)
    for trade_id in ids:
        ring.push(trade(trade_id))
    return ring


def read_all(ring, next_id, at_most):
    """Everything a reader gets from an id on, as ids and gaps."""
    got = []
    while (found := ring.read(next_id, at_most)) is not None:
        if isinstance(found, Gap):
            got.append(found)
            next_id = found.last + 1
        else:
            assert 1 <= len(found.rows) <= at_most
            got += [row[0] for row in found.rows]
            next_id = got[-1] + 1
    return got


@given(st.sets(st.integers(1, 80)), st.integers(0, 90), st.integers(1, 10), st.integers(1, 50))
def test_a_reader_gets_every_id_held_in_order_and_every_other_one_as_a_gap(ids, next_id, at_most, kept):
    ring = ring_of(sorted(ids), trades_at_most=kept)
    held = sorted(ids)[-kept:]
    got = read_all(ring, next_id, at_most)
    assert [each for each in got if isinstance(each, int)] == [trade_id for trade_id in held if trade_id >= next_id]
    position = next_id
    for each in got:
        first, last = (each.first, each.last) if isinstance(each, Gap) else (each, each)
        assert first == position
        if isinstance(each, Gap):
            assert not set(range(first, last + 1)) & set(held)
        position = last + 1
    assert position == max([next_id, *(trade_id + 1 for trade_id in held)])


def test_a_row_is_id_price_quantity_time_and_side():
    found = ring_of([7, 8]).read(7, 10)
    assert found == Rows([(7, "7.0", "2.0", START, 0), (8, "8.0", "2.0", START, 1)], START + 7)


def test_times_in_milliseconds_become_microseconds():
    ring = Ring()
    ring.push(Trade(1723161255343, "BTCUSDT", 1, "1", "1", 1723161255342, True))
    assert ring.read(1, 1) == Rows([(1, "1", "1", 1723161255342000, 1)], 1723161255343000)


def test_trades_leave_by_age():
    ring = Ring(microseconds_at_most=10 * SECOND)
    for trade_id in range(20):
        ring.push(trade(trade_id, at=trade_id * SECOND))
    assert ring.ids == (9, 19)
    assert len(ring) == 11


def test_trades_leave_by_number_and_memory_stays_bounded():
    ring = ring_of(range(100_000), trades_at_most=1_000)
    assert ring.ids == (99_000, 99_999)
    assert len(ring._ids) < 35_000
    assert read_all(ring, 99_990, 3) == list(range(99_990, 100_000))


def test_an_empty_ring_has_nothing():
    assert Ring().read(0, 10) is None
    assert Ring().ids is None
