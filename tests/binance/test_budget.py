from hypothesis import given
from hypothesis import strategies as st

from candlewick.binance.budget import WINDOW, WeightBudget

REQUESTS = st.lists(st.tuples(st.floats(0, 20), st.sampled_from([1, 2, 4, 20, 25])), max_size=60)


@given(REQUESTS, st.integers(50, 400))
def test_no_window_of_a_minute_ever_holds_more_than_our_share(requests: list[tuple[float, int]], limit: int) -> None:
    budget, now, sent = WeightBudget(limit), 0.0, []
    for pause, weight in requests:
        now += pause
        while (wait := budget.wait(weight, now)) > 0:
            now += wait
        budget.spend(weight, now)
        sent.append((now, weight))
    for start, _ in sent:
        assert sum(weight for at, weight in sent if start <= at < start + WINDOW) <= limit // 2


@given(REQUESTS)
def test_waiting_always_ends(requests: list[tuple[float, int]]) -> None:
    budget, now = WeightBudget(100), 0.0
    for _, weight in requests:
        waits = 0
        while (wait := budget.wait(weight, now)) > 0:
            now, waits = now + wait, waits + 1
            assert waits < 100
        budget.spend(weight, now)


def test_what_is_free_is_given_at_once() -> None:
    budget = WeightBudget(6_000)
    for _ in range(120):
        assert budget.wait(25, 0.0) == 0.0
        budget.spend(25, 0.0)
    assert (budget.used(0.0), budget.budget) == (3_000, 3_000)
    assert budget.wait(25, 12.0) == 48.0
    assert budget.wait(25, 60.0) == 0.0


def test_a_request_beyond_the_whole_budget_waits_for_an_empty_minute_not_for_ever() -> None:
    budget = WeightBudget(10)
    budget.spend(4, 0.0)
    assert budget.wait(25, 0.0) == WINDOW
    assert budget.wait(25, WINDOW) == 0.0


def test_where_others_use_the_limit_we_wait_until_their_minute_is_over() -> None:
    budget = WeightBudget(6_000)
    budget.observe(4_780, 5.0)
    assert budget.wait(20, 5.0) == 0.0
    assert budget.wait(25, 10.0) == 55.0
    assert budget.wait(25, 65.0) == 0.0
    budget.observe(100, 66.0)
    assert budget.wait(25, 66.0) == 0.0


def test_a_pause_stops_everything_and_the_longest_one_counts() -> None:
    budget = WeightBudget(6_000)
    budget.pause(30.0, 0.0)
    budget.pause(5.0, 10.0)
    assert budget.wait(1, 10.0) == 20.0
    assert budget.wait(1, 30.0) == 0.0


def test_a_new_limit_holds_from_now_on() -> None:
    budget = WeightBudget(100)
    budget.spend(50, 0.0)
    assert budget.wait(1, 0.0) == WINDOW
    budget.limit = 1_000
    assert budget.wait(1, 0.0) == 0.0


def test_what_can_wait_leaves_a_part_of_the_budget_to_what_cannot():
    budget = WeightBudget(1_000, share=0.5)
    for _ in range(20):
        assert budget.wait(20, 0.0, can_wait=True) == 0.0
        budget.spend(20, 0.0)
    assert budget.wait(2, 0.0, can_wait=True) == 60.0
    assert budget.wait(100, 0.0) == 0.0
