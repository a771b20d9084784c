"""What faults do to frames, on virtual time: no sockets, no waiting."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candlewick.fake_binance.faults import KINDS, Fault, Faults, Plan, RandomFaults, Script
from candlewick.fake_binance.faults.line import Announce, Close, Half, Reset, Send


class Clock:
    """A time in seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def frame(trade_id, symbol="BTCDEMO"):
    return (
        f'{{"stream":"{symbol.lower()}@trade","data":{{"e":"trade","E":{trade_id},"s":"{symbol}","t":{trade_id},'
        f'"p":"97000.10000000","q":"0.00100000","T":{trade_id},"m":true,"M":true}}}}'
    )


def trade_id(act):
    return json.loads(act.text)["data"]["t"]


class Play:
    """An exchange without sockets: two legs, and a trade every 10 ms on each."""

    def __init__(self, *faults, schedule=None, legs=2) -> None:
        self.clock = Clock()
        self.script = Script(schedule or Plan(faults), clock=self.clock, wall=self.clock)
        self.script.meet(lambda: {})
        self.lines = [self.script.opened(number + 1) for number in range(legs)]
        self.acts = [[] for _ in self.lines]
        self.next_id = 1

    def run(self, seconds):
        """Let time pass; return what came out of each leg meanwhile: (when, act)."""
        marks = [len(acts) for acts in self.acts]
        for _ in range(round(seconds * 100)):
            self.clock.now = round(self.clock.now + 0.01, 2)
            self.script.advance()
            for line, acts in zip(self.lines, self.acts, strict=True):
                line.offer(frame(self.next_id))
                acts += [(self.clock.now, act) for act in line.take()]
            self.next_id += 1
        return [acts[mark:] for acts, mark in zip(self.acts, marks, strict=True)]

    def ids(self, seconds):
        """Let time pass; return the ids that came out of each leg."""
        return [[trade_id(act) for _, act in acts] for acts in self.run(seconds)]

    def inject(self, *args, **kwargs):
        return self.script.inject(Fault(*args, **kwargs))[0]


def test_without_faults_every_frame_passes_at_once_and_unchanged():
    play = Play()
    for acts in play.run(2):
        assert [act for _, act in acts] == [Send(frame(number)) for number in range(1, 201)]
    assert len(play.script.journal) == 0
    assert str(play.script.journal) == "no faults"


def test_a_policy_without_faults_has_no_lines_and_disturbs_nothing():
    none = Faults()
    assert none.opened(1) is None
    assert none.handshake(1) is None
    assert list(none.frames(1, "x")) == ["x"]
    assert none.file("x") is None
    assert none.request("/api/v3/time", "").answer is None
    assert (none.skew_us(), none.weight_limit(7)) == (0, 7)
    market = object()
    assert none.market(market) is market


@pytest.mark.parametrize("kind", ["silence", "mute"])
def test_in_silence_nothing_comes_and_what_was_due_never_does(kind):
    play = Play(Fault(kind, at=1.0, leg=0, seconds=2.0))
    silent, other = play.ids(5)
    assert other == list(range(1, 501))
    missing = sorted(set(other) - set(silent))
    assert missing == list(range(missing[0], missing[0] + len(missing)))
    assert len(missing) == pytest.approx(200, abs=2)
    assert missing[0] == pytest.approx(100, abs=2)


@pytest.mark.parametrize(("kind", "pings"), [("mute", False), ("no_pings", False), ("silence", True), ("lag", True)])
def test_only_some_faults_stop_the_pings(kind, pings):
    play = Play(Fault(kind, leg=0, seconds=2.0))
    play.run(0.1)
    assert [line.allows_pings() for line in play.lines] == [pings, True]
    play.run(2)
    assert play.lines[0].allows_pings()


def test_lag_makes_frames_late_in_order_and_loses_none():
    play = Play(Fault("lag", leg=0, seconds=2.0, value=1.5))
    late, other = play.run(6)
    assert [trade_id(act) for _, act in late] == [trade_id(act) for _, act in other]
    delays = {trade_id(act): when - 1_000 - trade_id(act) / 100 for when, act in late}
    assert all(delay == pytest.approx(1.5, abs=0.02) for number, delay in delays.items() if number < 195)
    assert delays[500] == pytest.approx(0.0, abs=0.02)


def test_a_trickle_keeps_a_pace_and_lets_the_rest_come_when_it_is_over():
    play = Play(Fault("trickle", leg=0, seconds=2.0, value=10.0))
    slow = play.ids(1.9)[0]
    assert len(slow) == pytest.approx(19, abs=1)
    assert slow + play.ids(1)[0] == list(range(1, 291))


def test_reordered_frames_stay_within_their_window_and_none_is_lost():
    play = Play(Fault("reorder", leg=0, seconds=2.0, value=0.3))
    swapped, other = play.run(4)
    ids = [trade_id(act) for _, act in swapped]
    assert ids != sorted(ids)
    assert sorted(ids) == [trade_id(act) for _, act in other]
    assert all(when - 1_000 - trade_id(act) / 100 < 0.32 for when, act in swapped)


def test_duplicates_come_twice_and_as_many_as_asked_for():
    play = Play(Fault("duplicate", leg=1, count=40))
    one, twice = (Counter(ids) for ids in play.ids(3))
    assert set(one.values()) == {1}
    assert sorted(number for number, times in twice.items() if times == 2) == list(range(1, 41))


@pytest.mark.parametrize(("kind", "true_one"), [("conflict", 0), ("conflict_first", 1)])
def test_a_conflicting_copy_has_the_same_id_and_another_price(kind, true_one):
    play = Play(Fault(kind, leg=0, count=2))
    acts = [act for _, act in play.run(0.1)[0]]
    for number in (1, 2):
        copies = [act.text for act in acts if trade_id(act) == number]
        assert len(copies) == 2
        assert copies[true_one] == frame(number)
        one, other = (json.loads(copy)["data"] for copy in copies)
        assert one.pop("p") != other.pop("p")
        assert one == other
    assert len(acts) == 12


def test_malformed_frames_come_instead_of_true_ones():
    for kind in ("cut_json", "wrong_types"):
        play = Play(Fault(kind, leg=0, count=30))
        acts = [act.text for _, act in play.run(1)[0]]
        assert len(acts) == 100
        spoilt = [text for number, text in enumerate(acts, 1) if text != frame(number)]
        assert len(spoilt) == 30
        for text in spoilt:
            if kind == "cut_json":
                with pytest.raises(json.JSONDecodeError):
                    json.loads(text)
            else:
                json.loads(text)
    play = Play(Fault("unknown_event", leg=0, count=5))
    acts = [json.loads(act.text)["data"] for _, act in play.run(1)[0]]
    assert [event["t"] for event in acts if event["e"] == "trade"] == list(range(1, 101))
    assert len(acts) == 105


@pytest.mark.parametrize("leg", [None, 0, 1])
def test_skipped_ids_are_the_same_on_every_leg_that_is_hit(leg):
    play = Play(Fault("skip", at=1.0, leg=leg, count=7))
    for number, ids in enumerate(play.ids(3)):
        missing = sorted(set(range(1, 301)) - set(ids))
        assert len(missing) == (7 if leg in {None, number} else 0)
        if missing:
            assert missing == list(range(missing[0], missing[0] + 7))
    assert len({tuple(sorted(set(range(1, 301)) - {trade_id(act) for _, act in acts})) for acts in play.acts}) == (
        1 if leg is None else 2
    )


def test_a_fault_for_one_symbol_leaves_the_others_alone():
    play = Play(Fault("silence", symbol="ETHDEMO"))
    play.clock.now += 0.1
    play.script.advance()
    line = play.lines[0]
    for symbol in ("BTCDEMO", "ETHDEMO"):
        line.offer(frame(5, symbol))
    assert line.take() == [Send(frame(5))]


def test_ends_are_a_reset_a_close_a_half_frame_and_an_announced_close():
    play = Play(legs=4)
    for leg, kind in enumerate(("drop", "close", "half_frame", "shutdown")):
        play.inject(kind, leg=leg)
    reset, close, half, shutdown = play.run(3)
    assert Reset() in [act for _, act in reset]
    assert Close(1001, "closed by the server") in [act for _, act in close]
    assert half[0][1] == Half(frame(1))
    assert len(half) == 1
    moments = {type(act): when for when, act in shutdown if not isinstance(act, Send)}
    assert moments[Close] - moments[Announce] == pytest.approx(2.0, abs=0.02)


def test_connections_are_cut_at_their_age_new_ones_too():
    play = Play(Fault("life", at=1.0, seconds=100, value=3.0))
    cuts = [[when - 1_000 for when, act in acts if isinstance(act, Close)] for acts in play.run(5)]
    assert cuts == [[pytest.approx(3.0, abs=0.02)]] * 2
    play.lines.append(play.script.opened(9))
    play.acts.append([])
    opened = play.clock.now
    assert [when - opened for when, act in play.run(5)[2] if isinstance(act, Close)] == [pytest.approx(3.0, abs=0.02)]


def test_a_deaf_connection_is_one_opened_at_a_bad_time_and_stays_deaf():
    play = Play(Fault("deaf", at=0.1, seconds=1.0))
    assert all(play.ids(0.5))
    play.lines.append(play.script.opened(9))
    play.acts.append([])
    assert [len(ids) for ids in play.ids(3)] == [300, 300, 0]
    play.lines.append(play.script.opened(10))
    play.acts.append([])
    assert len(play.ids(1)[3]) == 100


def test_a_leg_is_a_place_that_the_next_connection_takes():
    play = Play(legs=3)
    play.script.closed(2)
    assert [line.leg for line in play.lines] == [0, 1, 2]
    assert play.script.opened(4).leg == 1
    assert play.script.opened(5).leg == 3


def test_a_fault_that_finds_no_connection_hits_the_next_one_that_is_opened():
    play = Play(Fault("silence", at=1.0, seconds=2.0), legs=0)
    play.run(10)
    play.lines.append(play.script.opened(1))
    play.acts.append([])
    assert len(play.ids(3)[0]) == pytest.approx(100, abs=2)


def test_another_schedules_times_count_from_when_it_is_followed():
    play = Play(Fault("silence", at=5.0, seconds=1.0))
    play.run(2)
    play.script.follow(Plan([Fault("drop", at=1.0)]))
    assert play.script.next_at() == 1_003.0
    play.run(5)
    assert [(entry.fault.kind, entry.at) for entry in play.script.journal] == [("drop", 3.0)]


def test_a_script_is_quiet_when_no_fault_is_at_work():
    play = Play()
    assert play.script.is_quiet
    play.inject("silence", seconds=1.0)
    play.inject("skip")
    play.inject("close")
    assert not play.script.is_quiet
    play.run(4)
    assert play.script.is_quiet


def test_a_fault_is_over_with_the_last_connection_that_it_hit():
    play = Play()
    play.inject("silence", seconds=60.0)
    play.script.closed(1)
    assert not play.script.is_quiet
    play.script.closed(2)
    assert play.script.is_quiet


def test_healing_ends_what_is_at_work():
    play = Play()
    play.inject("silence", seconds=60)
    assert play.ids(1) == [[], []]
    play.script.heal()
    assert [len(ids) for ids in play.ids(1)] == [100, 100]


def test_what_was_healed_before_it_found_a_connection_hits_none():
    play = Play(Fault("drop"), legs=0)
    play.run(0.1)
    play.script.heal()
    play.lines.append(play.script.opened(1))
    play.acts.append([])
    assert len(play.ids(1)[0]) == 100


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_same_seed_on_the_same_time_gives_the_same_acts(seed):
    kinds = [name for name, kind in KINDS.items() if kind.room == "stream"]

    def play():
        one = Play(schedule=RandomFaults(seed, kinds, every=0.7))
        one.run(6)
        return one.acts, str(one.script.journal)

    assert play() == play()


def test_the_journal_says_what_began_when_and_what_it_hit():
    play = Play(Fault("skip", at=1.0, leg=0, count=7), Fault("drop", at=2.0))
    play.run(3)
    skip, drop = play.script.journal
    assert (skip.number, skip.at, skip.hits, skip.notes) == (1, pytest.approx(1.0, abs=0.02), 7, ["BTCDEMO from 100"])
    assert drop.notes == ["connection 1", "connection 2"]
    assert str(skip) == "    1.000 s  #1 skip(leg=0, seconds=30.0, count=7): 7 hits [BTCDEMO from 100]"
    assert play.script.journal.counts == {"skip": 1, "drop": 1}


def test_a_simulation_learns_when_to_look_again():
    play = Play(Fault("lag", at=5.0, seconds=1.0, value=2.0))
    assert play.script.next_at() == 1_005.0
    play.clock.now = 1_005.0
    play.script.advance()
    play.lines[0].offer(frame(1))
    assert play.script.next_at() == 1_007.0
