from datetime import datetime, timedelta

import duckdb

from candlewick.warehouse.periods import Touched, condition
from candlewick.warehouse.snowflake.periods import Asked, Reach, constants, watermarks, with_constants, with_news

START = datetime(2026, 1, 24)


def since(_column: str) -> datetime:
    return START


def ask(query: str) -> list[tuple[datetime, datetime]]:
    return duckdb.connect().execute(query).fetchall()


def test_a_statement_gets_its_moment_and_the_periods_of_its_news():
    sql = "select 1 where b > $since(b) and $touched(a: select (timestamp '2026-01-24'), timestamp '2026-01-25') and c"
    expected = (
        "select 1 where b > timestamp '2026-01-24 00:00:00' and "
        "((a >= timestamp '2026-01-24 00:00:00' and a < timestamp '2026-01-25 00:00:00')) and c"
    )
    asked = with_news(ask, sql, since)
    assert asked == Asked(expected, asks=True, period=Touched(START, START + timedelta(days=1)))


def test_neighbours_are_looked_for_some_days_around_what_is_new_and_nowhere_without_news():
    sql = "select 1 where $near(a: select timestamp '2026-01-24', timestamp '2026-01-25')"
    week = Touched(START - timedelta(days=7), START + timedelta(days=8))
    assert with_news(ask, sql, since, near=timedelta(days=7)) == Asked(
        f"select 1 where {condition('a', [week])}", asks=True, period=week
    )
    nothing = with_news(lambda _: [], sql, since)
    assert nothing == Asked("select 1 where false", asks=True, period=None)
    assert with_news(ask, "select 1", since) == Asked("select 1", asks=False, period=None)


def test_a_run_that_reaches_far_looks_for_neighbours_everywhere_and_one_that_takes_all_asks_nothing():
    sql = "select 1 where $touched(a: select f(1)) or $near(a: select f(2)) and b > $since(c)"
    bound = f"b > timestamp '{START}'"
    far = with_news(lambda _: [], sql, since, reach=Reach.FAR)
    assert far == Asked(f"select 1 where false or true and {bound}", asks=True, period=None, is_far=True)
    assert far.has_news
    everything = with_news(ask, sql, since, reach=Reach.ALL)
    assert everything == Asked(f"select 1 where true or true and {bound}", asks=False, period=None, is_far=True)
    assert not with_news(lambda _: [], sql, since).has_news
    assert watermarks(sql) == {"c"}


def test_a_views_expressions_become_literals_each_in_its_place():
    sql = "a >= $constant((select max(b) - f(1) from c)) and d < $constant(e)"
    wanted = list(constants(sql))
    assert wanted == ["(select max(b) - f(1) from c)", "e"]
    made = with_constants(sql, dict(zip(wanted, ["2026-01-24", "2026-01-25"], strict=True)))
    assert made == "a >= '2026-01-24'::timestamp_ntz and d < '2026-01-25'::timestamp_ntz"
