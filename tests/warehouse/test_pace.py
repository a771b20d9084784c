import pytest

from candlewick.warehouse.pace import CORE_SHARE, Budget, Pace


def test_work_is_due_when_it_is_owed_and_not_again_before_its_time():
    pace = Pace(5.0)
    assert pace.is_due(0.0)
    pace.done(started=0.0, now=0.1)
    assert not pace.is_due(100.0)
    pace.owe()
    assert not pace.is_due(4.9)
    assert pace.is_due(5.0)


def test_slow_work_takes_a_tenth_of_the_time_at_most():
    pace = Pace(5.0)
    pace.done(started=0.0, now=2.0)
    pace.owe()
    assert not pace.is_due(21.9)
    assert pace.is_due(22.0)


def test_cycles_take_their_share_of_a_core_on_average_however_dear_some_are():
    budget, now, spent = Budget(0.0), 0.0, 0.0
    pause = 0.0
    for cost in (0.05, 0.2, 0.02, 0.02, 0.25, 0.1) * 20:
        started = now
        now, spent = now + max(1.0, pause), spent + cost
        pause = budget.pause(spent, now - started)
    assert spent / now == pytest.approx(CORE_SHARE, rel=0.05)


def test_a_dear_cycle_is_paid_back_by_many_so_that_none_comes_late():
    budget = Budget(0.0)
    assert budget.pause(0.5, 1.0) < 2.0


def test_a_backlog_is_not_paid_back_for_longer_than_some_seconds():
    budget = Budget(0.0)
    pauses = [budget.pause(60.0, 60.0)]
    while pauses[-1] > 0.1:
        pauses.append(budget.pause(60.0, pauses[-1]))
    assert pauses[0] == pytest.approx(3.0)
    assert sum(pauses) < 12.0
