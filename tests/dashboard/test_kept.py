"""Answers that are kept: each worked out once a version, never older than its version, and bounded."""

import gzip
from decimal import Decimal

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from candlewick.dashboard.routes.columns import array
from candlewick.dashboard.routes.kept import Kept, Written


class Work:
    def __init__(self) -> None:
        self.done = 0

    def __call__(self) -> str:
        self.done += 1
        return f'{{"answer":{self.done}}}'


def test_a_question_is_worked_on_once_a_version() -> None:
    kept, work = Kept(), Work()
    first = kept.answer(1, "1m", work)
    assert (kept.answer(1, "1m", work), work.done) == (first, 1)
    assert kept.answer(1, "5m", work) != first
    assert kept.answer(2, "1m", work).plain == b'{"answer":3}'
    kept.answer(2, "5m", work)
    assert work.done == 4, "nothing of an older version is kept"


def test_what_is_held_is_of_the_version_that_is_asked_for() -> None:
    kept = Kept()
    assert kept.held(1, "1m") is None
    first = kept.answer(1, "1m", Work())
    assert (kept.held(1, "1m"), kept.held(1, "5m"), kept.held(2, "1m")) == (first, None, None)


def test_both_ways_of_writing_say_the_same() -> None:
    written = Written.of('{"a":[1,2]}' * 100)
    assert gzip.decompress(written.zipped) == written.plain and len(written.zipped) < len(written.plain)


def test_what_was_not_asked_for_longest_is_dropped() -> None:
    kept = Kept(3 * Written.of('{"answer":1}').size)
    for question in ("a", "b", "c"):
        kept.answer(1, question, Work())
    again = Work()
    kept.answer(1, "a", again)
    kept.answer(1, "d", Work())
    kept.answer(1, "a", again)
    assert again.done == 0
    kept.answer(1, "b", again)
    assert again.done == 1


@given(st.lists(st.decimals(min_value=0, max_value=10**20, places=8), max_size=20))
def test_decimals_are_the_shortest_literals_that_equal_them(numbers: list[Decimal]) -> None:
    column = pa.chunked_array([pa.array(numbers, pa.decimal128(38, 8))])
    literals = array(column)[1:-1].split(",") if numbers else []
    assert [Decimal(literal) for literal in literals] == numbers
    assert all("." not in literal or literal[-1] not in "0." for literal in literals)


def test_whole_numbers_keep_their_zeros() -> None:
    assert array(pa.chunked_array([pa.array([Decimal(100), Decimal(0)], pa.decimal128(38, 0))])) == "[100,0]"
    assert (
        array(pa.chunked_array([pa.array([Decimal("100.00"), Decimal("0.50")], pa.decimal128(38, 8))])) == "[100,0.5]"
    )
