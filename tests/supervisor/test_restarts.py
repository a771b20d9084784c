"""The supervisor's back-off."""

from candlewick.supervisor.child import Restarts


def test_waits_double_up_to_the_cap():
    restarts = Restarts(first=0.5, cap=3.0)
    assert [restarts.wait_after(1.0) for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_a_long_run_starts_the_waits_anew():
    restarts = Restarts(first=0.5, settled=60.0)
    for _ in range(4):
        restarts.wait_after(1.0)
    assert restarts.wait_after(61.0) == 0.5
    assert restarts.total == 5
