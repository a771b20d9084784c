"""The sequencer on virtual time: what two legs deliver, in any order, against what they delivered as a set."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from candlewick.recorder.sequencer import Conflict, Emitted, Healed, Hole, Output, Sequencer
from candlewick.trade import Trade

BASE = 3_735_683_259


def trade(trade_id: int, price: str = "1.0") -> Trade:
    return Trade(1_000, "BTCUSDT", trade_id, price, "2.0", 1_000, False)


def line(trade_id: int, leg: str = "a") -> bytes:
    return f"{trade_id} from {leg}".encode()


def offer(sequencer: Sequencer, *ids: int, now: float = 0.0) -> list[Output]:
    return [output for trade_id in ids for output in sequencer.offer(trade(trade_id), line(trade_id), now)]


def tape(outputs: list[Output]) -> list[int]:
    return [output.trade.trade_id for output in outputs if isinstance(output, Emitted)]


@dataclass
class Delivery:
    """One frame of one leg, at a moment."""

    at: float
    trade_id: int
    leg: str


@st.composite
def deliveries(draw: st.DrawFn) -> list[Delivery]:
    """Frames of a tape as two legs deliver them: each loses, repeats, delays and reorders some of them."""
    length = draw(st.integers(1, 40))
    frames = []
    for leg in "ab":
        lost = draw(st.sets(st.integers(0, length - 1)))
        for index in range(length):
            if index not in lost:
                delays = draw(st.lists(st.integers(0, 30), min_size=1, max_size=3))
                frames += [Delivery((index + delay) * 0.1, BASE + index, leg) for delay in delays]
    return sorted(frames, key=lambda frame: frame.at)


def play(sequencer: Sequencer, frames: list[Delivery]) -> list[Output]:
    outputs = []
    for frame in frames:
        outputs += sequencer.tick(frame.at)
        outputs += sequencer.offer(trade(frame.trade_id), line(frame.trade_id, frame.leg), frame.at)
    return outputs + sequencer.flush()


@settings(max_examples=150)
@given(deliveries(), st.sampled_from([0.0, 0.15, 0.5, 100.0]), st.integers(1, 50))
def test_any_interleaving_gives_one_ordered_tape_and_exactly_the_missing_holes(
    frames: list[Delivery], patience: float, held_at_most: int
) -> None:
    sequencer = Sequencer(patience=patience, held_at_most=held_at_most)
    outputs = play(sequencer, frames)
    delivered = {frame.trade_id for frame in frames}
    emitted = tape(outputs)
    healed = [output.trade.trade_id for output in outputs if isinstance(output, Healed)]

    assert emitted == sorted(set(emitted))
    assert sorted(emitted + healed) == sorted(delivered)
    assert {i for first, last in sequencer.missing for i in range(first, last + 1)} == (
        set(range(min(delivered), max(delivered) + 1)) - delivered if delivered else set()
    )
    assert not [output for output in outputs if isinstance(output, Conflict)]


@settings(max_examples=150)
@given(deliveries(), st.sampled_from([0.15, 0.5]), st.integers(2, 50), st.sets(st.integers(0, 40)))
def test_the_short_ways_make_the_same_tape_as_offering_each_trade(
    frames: list[Delivery], patience: float, remembered: int, other_prices: set[int]
) -> None:
    offered, short = (Sequencer(patience=patience, remembered=remembered) for _ in range(2))
    for number, frame in enumerate(frames):
        one = trade(frame.trade_id, "9.0" if number in other_prices else "1.0")
        wanted = offered.tick(frame.at) + offered.offer(one, line(frame.trade_id), frame.at)
        got = short.tick(frame.at)
        if not short.drop_copy(one):
            if short.take_next(one):
                got.append(Emitted(one, line(frame.trade_id)))
            else:
                got += short.offer(one, line(frame.trade_id), frame.at)
        assert got == wanted
        assert (short.emitted, short.copies, short.missing) == (offered.emitted, offered.copies, offered.missing)
        assert short.newest is None or short.newest.trade_id == short.emitted
    assert short.flush() == offered.flush()


@settings(max_examples=100)
@given(deliveries())
def test_holes_are_told_where_the_tape_jumps_and_nowhere_else(frames: list[Delivery]) -> None:
    position = None
    for output in play(Sequencer(patience=0.3), frames):
        if isinstance(output, Hole):
            assert output.first == position
            assert output.last >= output.first
            position = output.last + 1
        elif isinstance(output, Emitted):
            assert position in (None, output.trade.trade_id)
            position = output.trade.trade_id + 1


@settings(max_examples=100)
@given(deliveries())
def test_with_enough_patience_only_what_no_leg_delivered_is_a_hole(frames: list[Delivery]) -> None:
    outputs = play(Sequencer(patience=1_000.0), frames)
    delivered = {frame.trade_id for frame in frames}
    start = frames[0].trade_id if frames else 0
    assert tape(outputs) == sorted(i for i in delivered if i >= start)


@given(deliveries(), st.integers(1, 8))
def test_memory_is_bounded(frames: list[Delivery], held_at_most: int) -> None:
    sequencer = Sequencer(patience=1_000.0, held_at_most=held_at_most, remembered=4)
    for frame in frames:
        sequencer.offer(trade(frame.trade_id), b"", frame.at)
        assert len(sequencer._held) <= held_at_most


def test_the_first_copy_wins_and_the_second_is_counted() -> None:
    sequencer = Sequencer()
    assert sequencer.offer(trade(5), line(5, "a"), 0.0) == [Emitted(trade(5), line(5, "a"))]
    assert sequencer.offer(trade(5), line(5, "b"), 0.0) == []
    assert sequencer.copies == 1


def test_a_hole_that_the_other_leg_fills_in_time_is_none() -> None:
    sequencer = Sequencer(patience=0.5)
    assert tape(offer(sequencer, 1, 3, 4)) == [1]
    assert sequencer.tick(0.49) == []
    assert tape(offer(sequencer, 2, now=0.49)) == [2, 3, 4]
    assert not sequencer.missing


def test_a_hole_is_given_up_when_patience_ends_and_the_tape_goes_on() -> None:
    sequencer = Sequencer(patience=0.5)
    offer(sequencer, 1, 4, 5, 9)
    assert sequencer.deadline == 0.5
    outputs = sequencer.tick(0.5)
    assert [output for output in outputs if isinstance(output, Hole)] == [Hole(2, 3), Hole(6, 8)]
    assert tape(outputs) == [4, 5, 9]
    assert (sequencer.missing.ranges(), sequencer.emitted, sequencer.deadline) == ([(2, 3), (6, 8)], 9, None)


def test_the_wait_for_a_later_hole_starts_when_it_was_seen() -> None:
    sequencer = Sequencer(patience=0.5)
    offer(sequencer, 1, 3)
    offer(sequencer, 5, now=0.3)
    assert tape(sequencer.tick(0.5)) == [3]
    assert sequencer.deadline == 0.8


def test_an_id_that_comes_after_its_hole_was_given_up_heals_it() -> None:
    sequencer = Sequencer(patience=0.0)
    offer(sequencer, 1, 5)
    sequencer.tick(0.0)
    assert offer(sequencer, 3) == [Healed(trade(3), line(3))]
    assert offer(sequencer, 3) == []
    assert sequencer.missing.ranges() == [(2, 2), (4, 4)]


def test_an_id_from_before_the_start_extends_the_tape_backwards() -> None:
    sequencer = Sequencer()
    assert offer(sequencer, 10, 7) == [Emitted(trade(10), line(10)), Healed(trade(7), line(7))]
    assert sequencer.missing.ranges() == [(8, 9)]


def test_a_copy_that_differs_is_an_incident_wherever_the_first_one_is() -> None:
    sequencer = Sequencer(patience=1.0)
    offer(sequencer, 1, 3)
    for trade_id in (1, 3):
        other = trade(trade_id, price="1.1")
        assert sequencer.offer(other, b"b", 0.0) == [Conflict(trade(trade_id), other, b"b")]
    assert tape(sequencer.flush()) == [3]


def test_a_copy_from_beyond_memory_is_dropped_not_compared() -> None:
    sequencer = Sequencer(remembered=4)
    offer(sequencer, *range(1, 10))
    assert sequencer.offer(trade(1, price="9.9"), b"", 0.0) == []
