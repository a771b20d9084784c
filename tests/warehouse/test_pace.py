from candlewick.warehouse.pace import Pace


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
