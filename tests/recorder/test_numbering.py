from hypothesis import given
from hypothesis import strategies as st

from candlewick.recorder.numbering import MARGIN, Numbering

STEPS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3 * MARGIN)), min_size=1, max_size=30)


@given(STEPS, st.data())
def test_ids_that_grow_with_time_are_never_suspected_however_often_copies_come(steps, data):
    trade_id, at, known, numbering = 0, 0, [], Numbering()
    for step, later in steps:
        trade_id, at = trade_id + 1 + step, at + later
        known.append((trade_id, at))
        assert not numbering.starts_again(trade_id, at)
        assert not numbering.starts_again(*data.draw(st.sampled_from(known)))


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_lower_id_that_is_newer_is_a_new_numbering(newest, lower):
    numbering = Numbering(newest, traded_by=1_000)
    assert numbering.starts_again(min(newest, lower), 1_001 + MARGIN)
    assert not numbering.starts_again(min(newest, lower), 1_000 + MARGIN)
