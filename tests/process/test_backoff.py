"""Waits grow to a bound, and stay there however long something is down."""

from candlewick.process.backoff import doubled
from candlewick.supervisor.child import Restarts
from candlewick.warehouse.snowflake.owner import LONGEST_PAUSE_SECONDS, pause_after


def test_each_wait_is_twice_the_one_before_until_the_longest():
    assert [doubled(0.5, times, 3.0) for times in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_the_longest_wait_holds_for_as_many_failures_as_weeks_have():
    restarts = Restarts()
    assert [doubled(1.0, times, 60.0) for times in (5_000, 100_000)] == [60.0, 60.0]
    assert {restarts.wait_after(0.0) for _ in range(5_000)} >= {restarts.cap}
    assert pause_after(5_000, 300.0) == LONGEST_PAUSE_SECONDS


def test_a_cycle_comes_as_seldom_as_configured_and_later_where_it_fails():
    assert [pause_after(failures, 300.0) for failures in range(5)] == [300.0, 600.0, 1_200.0, 2_400.0, 3_600.0]
    assert [pause_after(failures, 3_600.0) for failures in (0, 3)] == [3_600.0, 3_600.0]
    assert pause_after(0, 86_400.0) == 86_400.0
