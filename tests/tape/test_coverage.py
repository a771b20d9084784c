"""What is missing, against plain sets of ids."""

from hypothesis import given
from hypothesis import strategies as st

from candlewick.spans import Spans
from candlewick.tape.checkpoint import HistoryMark
from candlewick.tape.coverage import Coverage

IDS = st.integers(0, 40)
RANGES = st.lists(st.tuples(IDS, IDS), max_size=6)


def oracle(ranges: list[tuple[int, int]]) -> set[int]:
    return {trade_id for first, last in ranges for trade_id in range(first, last + 1)}


def of(spans: Spans) -> set[int]:
    return oracle(spans.ranges())


def coverage_of(
    covered: list[tuple[int, int]], declared: list[tuple[int, int]], floor: int | None, head: int
) -> Coverage:
    coverage = Coverage(covered, (), HistoryMark(0, 0, floor=floor))
    for first, last in declared:
        coverage.declare(first, last)
    coverage.saw(head)
    return coverage


@given(RANGES, RANGES, st.none() | IDS, IDS)
def test_missing_is_everything_from_floor_to_head_that_is_neither_ours_nor_declared(covered, declared, floor, head):
    coverage = coverage_of(covered, declared, floor, head)
    ours = oracle(covered)
    lowest = floor if floor is not None else min(ours, default=None)
    highest = max(ours | {head})
    wanted = set(range(lowest, highest + 1)) if lowest is not None else set()
    assert of(coverage.missing()) == wanted - ours - (oracle(declared) - ours)


@given(RANGES, RANGES, IDS, IDS, st.integers(1, 7))
def test_pages_are_what_is_missing_newest_first_and_none_too_large(covered, declared, floor, head, size):
    coverage = coverage_of(covered, declared, floor, head)
    pages = list(coverage.pages(size))
    assert pages == sorted(pages, reverse=True)
    assert all(1 <= last - first + 1 <= size for first, last in pages)
    assert sum(last - first + 1 for first, last in pages) == coverage.missing().count
    assert oracle(pages) == of(coverage.missing())


@given(RANGES, RANGES, IDS, IDS)
def test_filling_every_page_leaves_nothing_missing(covered, declared, floor, head):
    coverage = coverage_of(covered, declared, floor, head)
    for first, last in coverage.pages(7):
        coverage.secure(first, last)
    assert not coverage.missing()
    coverage.commit(coverage.secured)
    assert coverage.holes == 0


def test_what_is_secured_is_not_covered_until_it_is_durable():
    coverage = Coverage([(1, 5)])
    coverage.secure(6, 9)
    assert coverage.covered.ranges() == [(1, 5)]
    coverage.commit(Spans([(6, 9)]))
    assert coverage.covered.ranges() == [(1, 9)]


def test_a_declared_id_that_comes_after_all_is_not_declared_any_more():
    coverage = Coverage([(1, 2), (8, 9)])
    coverage.declare(3, 7)
    coverage.secure(5, 5)
    assert coverage.declared.ranges() == [(3, 4), (6, 7)]
    assert not coverage.missing()


def test_a_hole_is_told_with_the_object_that_has_its_evidence_and_after_it():
    coverage = Coverage([(1, 9)], [(4, 4)])
    coverage.declare(10, 12)
    assert coverage.declared_with() == [(4, 4)]
    assert coverage.declared_with(Spans([(10, 12)])) == [(4, 4), (10, 12)]
    coverage.proven.add(10, 12)
    coverage.exists(11)
    assert coverage.declared_with() == [(4, 4), (10, 10), (12, 12)]


def test_holes_are_counted_between_durable_ids_without_those_declared():
    coverage = Coverage([(1, 2), (8, 9)], [(3, 4)])
    assert coverage.holes == 3
    assert Coverage().holes == 0


def test_history_is_what_lies_before_the_first_live_trade():
    coverage = Coverage((), (), HistoryMark(since=10, target=0))
    assert coverage.history_secured == 0.0
    coverage.secure(100, 100)
    coverage.found_floor(80)
    assert (coverage.history.origin, coverage.history_secured) == (100, 0.0)
    coverage.secure(95, 99)
    assert coverage.history_secured == 0.25
    coverage.secure(80, 94)
    assert (coverage.history_secured, coverage.history_durable) == (1.0, 0.0)
    coverage.commit(Spans([(80, 99)]))
    assert coverage.history_durable == 1.0


def test_history_without_trades_is_done():
    coverage = Coverage((), (), HistoryMark(since=10, target=0))
    coverage.secure(7, 7)
    coverage.found_floor(7)
    assert coverage.history_secured == 1.0


def test_a_head_known_from_rest_makes_all_up_to_it_history():
    coverage = Coverage((), (), HistoryMark(since=10, target=0))
    coverage.saw(50)
    coverage.found_floor(41)
    assert (coverage.history.origin, coverage.missing().ranges()) == (51, [(41, 50)])


def test_a_tape_that_reaches_further_back_than_the_history_is_wanted_whole():
    coverage = Coverage([(1, 2), (5, 9)], (), HistoryMark(since=10, target=0))
    coverage.found_floor(7)
    assert coverage.missing().ranges() == [(3, 4)]


def test_a_stray_id_from_far_below_asks_for_nothing():
    coverage = Coverage([(100, 200)], (), HistoryMark(since=10, target=0, floor=100))
    coverage.secure(1, 1)
    assert not coverage.missing()


def test_where_ids_are_asked_for_only_they_are_missing():
    coverage = Coverage([(1, 10), (50, 60), (90, 99)], [(57, 70)])
    coverage.wanted = Spans([(5, 20), (55, 80)])
    assert coverage.missing().ranges() == [(11, 20), (71, 80)]
    coverage.secure(11, 19)
    assert list(coverage.pages(5)) == [(76, 80), (71, 75), (20, 20)]
