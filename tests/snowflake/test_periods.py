from datetime import datetime, timedelta

import duckdb

from candlewick.warehouse.periods import Touched, condition
from candlewick.warehouse.snowflake.periods import Asked, constants, with_constants, with_news

START = datetime(2026, 1, 24)


def ask(query: str) -> list[tuple[datetime, datetime]]:
    return duckdb.connect().execute(query).fetchall()


def test_a_statement_gets_its_moment_and_the_periods_of_its_news():
    sql = "select 1 where b > $since(b) and $touched(a: select (timestamp '2026-01-24'), timestamp '2026-01-25') and c"
    expected = (
        "select 1 where b > timestamp '2026-01-24 00:00:00' and "
        "((a >= timestamp '2026-01-24 00:00:00' and a < timestamp '2026-01-25 00:00:00')) and c"
    )
    asked = with_news(ask, sql, START)
    assert asked == Asked(expected, asks=True, period=Touched(START, START + timedelta(days=1)))


def test_neighbours_are_looked_for_some_days_around_what_is_new_and_nowhere_without_news():
    sql = "select 1 where $near(a: select timestamp '2026-01-24', timestamp '2026-01-25')"
    week = Touched(START - timedelta(days=7), START + timedelta(days=8))
    assert with_news(ask, sql, START, near=timedelta(days=7)) == Asked(
        f"select 1 where {condition('a', [week])}", asks=True, period=week
    )
    nothing = with_news(lambda _: [], sql, START)
    assert nothing == Asked("select 1 where false", asks=True, period=None)
    assert with_news(ask, "select 1", START) == Asked("select 1", asks=False, period=None)


def test_a_views_expressions_become_literals_each_in_its_place():
    sql = "a >= $constant((select max(b) - f(1) from c)) and d < $constant(e)"
    wanted = list(constants(sql))
    assert wanted == ["(select max(b) - f(1) from c)", "e"]
    made = with_constants(sql, dict(zip(wanted, ["2026-01-24", "2026-01-25"], strict=True)))
    assert made == "a >= timestamp '2026-01-24' and d < timestamp '2026-01-25'"
