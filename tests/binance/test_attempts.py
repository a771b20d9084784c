from hypothesis import given
from hypothesis import strategies as st

from candlewick.binance.attempts import Attempts


@given(st.lists(st.floats(0, 30), max_size=60))
def test_no_window_ever_holds_more_attempts_than_are_allowed(pauses):
    attempts, made, now = Attempts(limit=5, window=60.0), [], 0.0
    for pause in pauses:
        now += pause
        now += attempts.wait(now)
        assert attempts.wait(now) == 0.0
        attempts.note(now)
        made.append(now)
    assert all(later - earlier >= 59.999 for earlier, later in zip(made, made[5:], strict=False))


def test_it_waits_only_once_the_window_is_full():
    attempts = Attempts(limit=2, window=60.0)
    for at in (0.0, 10.0):
        assert attempts.wait(at) == 0.0
        attempts.note(at)
    assert attempts.wait(20.0) == 40.0
    assert attempts.wait(60.0) == 0.0
