from itertools import pairwise

from candlewick.recorder.silence import LONGEST, Deafness, Silence


def test_a_symbol_never_heard_is_asked_about_soon_and_a_silent_one_later():
    silence = Silence(since=100.0)
    assert not silence.is_due(102.9)
    assert silence.is_due(103.0)
    silence.heard(104.0)
    assert not silence.is_due(118.9)
    assert silence.is_due(119.0)


def test_what_moved_unheard_means_deaf_legs():
    silence = Silence(since=0.0)
    silence.heard(1.0)
    assert not silence.answered(head=50, emitted=50, now=16.0)
    assert silence.answered(head=51, emitted=50, now=40.0)


def test_the_first_head_of_a_symbol_never_heard_proves_nothing_but_the_next_one_does():
    silence = Silence(since=0.0)
    assert not silence.answered(head=50, emitted=None, now=3.0)
    assert not silence.answered(head=50, emitted=None, now=20.0)
    assert silence.answered(head=51, emitted=None, now=50.0)


def test_a_quiet_symbol_is_asked_about_less_and_less_often():
    silence, now, asked = Silence(since=0.0), 0.0, []
    silence.heard(0.0)
    while now < 900:
        now += 1.0
        if silence.is_due(now):
            silence.answered(head=5, emitted=5, now=now)
            asked.append(now)
    waits = [after - before for before, after in pairwise(asked)]
    assert waits == sorted(waits)
    assert waits[0] == 15.0
    assert waits[-1] == LONGEST


def test_hearing_starts_anew_but_the_same_trade_is_no_news():
    silence = Silence(since=0.0)
    silence.heard(5.0)
    silence.answered(head=5, emitted=5, now=20.0)
    silence.heard(5.0)
    assert not silence.is_due(34.9)
    silence.heard(30.0)
    assert not silence.is_due(44.9)
    assert silence.is_due(45.0)


def test_a_leg_that_is_silent_while_its_partner_delivers_is_deaf():
    deafness = Deafness(2)
    assert deafness.check([100, 100]) == []
    assert deafness.check([200, 100]) == []
    assert deafness.check([300, 100]) == []
    assert deafness.check([400, 100]) == [1]
    assert deafness.check([500, 100]) == []


def test_one_frame_is_a_sign_of_life_and_a_quiet_market_proves_nothing():
    deafness = Deafness(2)
    for frames in ([100, 0], [200, 0], [300, 1], [400, 1], [500, 1]):
        assert deafness.check(frames) == []
    quiet = Deafness(2)
    for count in range(20):
        assert quiet.check([count, 0]) == []
