from datetime import datetime, timedelta
from itertools import pairwise

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from candlewick.warehouse.duckdb.periods import with_news
from candlewick.warehouse.periods import MOST_PERIODS, Touched, condition, joined

START = datetime(2026, 1, 24)
PERIODS = st.lists(
    st.tuples(st.integers(0, 500), st.integers(1, 30)).map(lambda of: Touched(minute(of[0]), minute(of[0] + of[1])))
)


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


@settings(deadline=None)
@given(periods=PERIODS)
def test_joined_periods_are_apart_and_cover_the_same_minutes(periods):
    def covered(some: list[Touched]) -> set[int]:
        return {n for n in range(540) if any(opens <= minute(n) < closes for opens, closes in some)}

    result = joined(periods)
    assert covered(result) == covered(periods)
    assert all(before.closes < after.opens for before, after in pairwise(result))


def test_the_condition_holds_in_every_period_and_with_few_of_them_nowhere_else():
    connection = duckdb.connect()

    def minutes(periods: list[Touched]) -> list[int]:
        series = f"generate_series(timestamp '{START}', timestamp '{minute(99)}', interval 1 minute)"
        number = f"date_diff('minute', timestamp '{START}', opened)"
        query = f"select {number} from (select unnest({series}) as opened) where {condition('opened', periods)}"
        rows = connection.execute(query)
        return sorted(n for (n,) in rows.fetchall())

    assert minutes([]) == []
    assert minutes([Touched(minute(3), minute(5)), Touched(minute(9), minute(10))]) == [3, 4, 9]
    scattered = [Touched(minute(2 * n), minute(2 * n + 1)) for n in range(MOST_PERIODS + 1)]
    assert minutes(scattered) == list(range(2 * MOST_PERIODS + 1))


def test_a_statement_gets_its_moment_and_the_periods_of_its_news():
    sql = "select 1 where b > $since(b) and $touched(a: select (timestamp '2026-01-24'), timestamp '2026-01-25') and c"
    expected = (
        "select 1 where b > timestamp '2026-01-24 00:00:00' and "
        "((a >= timestamp '2026-01-24 00:00:00' and a < timestamp '2026-01-25 00:00:00')) and c"
    )
    assert with_news(duckdb.connect(), sql, lambda column: {"b": START}[column]) == expected
