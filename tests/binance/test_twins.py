"""Twins: what two legs bring, in any order, is decoded as if each frame came alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candlewick import trade as trades
from candlewick.binance.twins import Twins
from candlewick.errors import MalformedFrameError


def frame(trade_id: int, spelling: str = "") -> bytes:
    times = '"E":1723161254087896,"T":1723161254087896'
    event = f'{{"e":"trade",{spelling}"s":"BTCUSDT","t":{trade_id},"p":"1.0","q":"2.0",{times},"m":true,"M":true}}'
    return f'{{"stream":"btcusdt@trade","data":{event}}}'.encode()


@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["", " ", '"x":1,', "\n"])), max_size=60), st.integers(1, 8)
)
def test_each_frame_is_decoded_as_if_it_came_alone(arrivals, remembered):
    twins = Twins(remembered)
    for trade_id, spelling in arrivals:
        assert twins.decode_event(frame(trade_id, spelling)) == trades.decode_event(frame(trade_id, spelling))


def test_the_second_of_two_is_the_first_one_and_then_both_are_forgotten():
    twins = Twins()
    first, second, third = (twins.decode_event(frame(7))[1] for _ in range(3))
    assert second is first
    assert third is not first


def test_events_without_a_twin_are_forgotten_in_generations():
    twins = Twins(remembered=10)
    first = twins.decode_event(frame(0))[1]
    for trade_id in range(1, 30):
        twins.decode_event(frame(trade_id))
    assert twins.decode_event(frame(0))[1] is not first
    assert len(twins._newer) + len(twins._older) <= 20


def test_what_is_malformed_is_refused_each_time():
    twins = Twins()
    for _ in range(2):
        with pytest.raises(MalformedFrameError):
            twins.decode_event(b'{"stream":"btcusdt@trade","data":{"e":"trade"}}')
