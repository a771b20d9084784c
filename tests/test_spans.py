"""Every operation against an oracle: a plain set of ids."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candlewick.spans import Spans

IDS = st.integers(min_value=0, max_value=60)
RANGES = st.lists(st.tuples(IDS, IDS), max_size=12)
STEPS = st.lists(st.tuples(st.booleans(), IDS, IDS), max_size=25)


def oracle(ranges: list[tuple[int, int]]) -> set[int]:
    return {trade_id for first, last in ranges for trade_id in range(first, last + 1)}


def of(spans: Spans) -> set[int]:
    return oracle(spans.ranges())


@given(STEPS)
def test_adding_and_removing_agree_with_a_set(steps: list[tuple[bool, int, int]]) -> None:
    spans, ids = Spans(), set()
    for is_added, first, last in steps:
        if is_added:
            spans.add(first, last)
            ids |= oracle([(first, last)])
        else:
            spans.remove(first, last)
            ids -= oracle([(first, last)])
        assert of(spans) == ids
        assert spans.count == len(ids)
        assert bool(spans) == bool(ids)


@given(STEPS)
def test_spans_are_maximal_disjoint_and_sorted(steps: list[tuple[bool, int, int]]) -> None:
    spans = Spans()
    for is_added, first, last in steps:
        (spans.add if is_added else spans.remove)(first, last)
    ranges = spans.ranges()
    assert all(first <= last for first, last in ranges)
    assert all(before[1] + 1 < after[0] for before, after in pairwise(ranges))


@given(RANGES, IDS)
def test_membership_agrees_with_a_set(ranges: list[tuple[int, int]], trade_id: int) -> None:
    assert (trade_id in Spans(ranges)) == (trade_id in oracle(ranges))


@given(RANGES, IDS, IDS)
def test_missing_is_the_difference(ranges: list[tuple[int, int]], first: int, last: int) -> None:
    assert of(Spans(ranges).missing(first, last)) == oracle([(first, last)]) - oracle(ranges)


@given(RANGES, RANGES)
def test_what_is_left_without_another_set_is_the_difference(
    ranges: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    one = Spans(ranges)
    assert of(one.without(Spans(other))) == oracle(ranges) - oracle(other)
    assert one == Spans(ranges)


@given(RANGES, RANGES)
def test_what_two_sets_have_in_common_is_the_intersection(
    one: list[tuple[int, int]], two: list[tuple[int, int]]
) -> None:
    spans = Spans(one)
    assert spans.common(Spans(two)) == Spans((each, each) for each in oracle(one) & oracle(two))
    assert spans == Spans(one)


@given(RANGES)
def test_holes_are_what_is_missing_between_the_ends(ranges: list[tuple[int, int]]) -> None:
    ids = oracle(ranges)
    between = set(range(min(ids), max(ids))) if ids else set()
    assert of(Spans(ranges).holes()) == between - ids


@given(RANGES, IDS)
def test_contiguous_from_walks_to_the_first_id_that_is_missing(ranges: list[tuple[int, int]], start: int) -> None:
    ids = oracle(ranges)
    expected = start if start in ids else None
    while expected is not None and expected + 1 in ids:
        expected += 1
    assert Spans(ranges).contiguous_from(start) == expected


@given(RANGES, RANGES)
def test_update_is_the_union_and_a_copy_is_independent(one: list[tuple[int, int]], two: list[tuple[int, int]]) -> None:
    spans = Spans(one)
    twin = spans.copy()
    twin.update(Spans(two))
    assert of(twin) == oracle(one) | oracle(two)
    assert of(spans) == oracle(one)


@given(RANGES)
def test_equal_sets_are_equal_however_they_were_made(ranges: list[tuple[int, int]]) -> None:
    assert Spans(ranges) == Spans(reversed(ranges)) == Spans((i, i) for i in oracle(ranges))


@given(RANGES)
def test_ends_are_the_lowest_and_the_highest_id(ranges: list[tuple[int, int]]) -> None:
    spans, ids = Spans(ranges), oracle(ranges)
    if ids:
        assert (spans.first, spans.last) == (min(ids), max(ids))
        assert list(reversed(spans)) == spans.ranges()[::-1]
        return
    with pytest.raises(IndexError):
        _ = spans.first
    with pytest.raises(IndexError):
        _ = spans.last


def test_ids_of_any_size_cost_one_pair() -> None:
    spans = Spans([(1, 10**15)])
    spans.remove(7, 7)
    assert spans.ranges() == [(1, 6), (8, 10**15)]
    assert repr(spans) == f"Spans([(1, 6), (8, {10**15})])"
