"""What the chart shades and marks, on a mart that the real models made."""

from itertools import pairwise

from candlewick.dashboard.routes.proof import holes, verdicts
from candlewick.mart.reader import Mart
from candlewick.moments import instant
from dashboard.proven import DECLARED, FIRST_ID, MISSING, SECOND, SYMBOL


def test_a_hole_lies_between_the_trades_on_its_two_sides(proven_mart: Mart) -> None:
    missing = holes(proven_mart, SYMBOL)[1]
    assert (missing["first"], missing["last"], missing["state"]) == (*MISSING, "open")
    assert (missing["from"], missing["to"]) == (SECOND + 120 + 24, SECOND + 120 + 42)


def test_of_a_hole_that_was_filled_in_part_only_what_is_missing_still_is_told(proven_mart: Mart) -> None:
    rows = proven_mart.query("select first_missing_id, last_missing_id from gold.tape_gaps where state = 'declared'")
    ((first, last),) = (tuple(row.values()) for row in rows.to_pylist())
    assert (first, last) == (FIRST_ID + 30, DECLARED[1])  # minute 3, backfilled since, and what was never there
    declared = holes(proven_mart, SYMBOL)[0]
    assert (declared["first"], declared["last"], declared["state"]) == (*DECLARED, "declared")
    assert (declared["from"], declared["to"]) == (SECOND + 180 + 54, SECOND + 240)


def test_minutes_in_a_row_with_one_verdict_are_one_span(proven_mart: Mart) -> None:
    spans = verdicts(proven_mart, SYMBOL, instant(0), instant(10**10))
    opened = [span[0] for span in spans]
    assert opened == sorted(opened)
    assert spans[:2] == [[SECOND, SECOND + 60, "match"], [SECOND + 60, SECOND + 120, "mismatch"]]
    assert all(later[0] >= earlier[1] for earlier, later in pairwise(spans))


def test_only_the_period_that_is_asked_for_is_told(proven_mart: Mart) -> None:
    assert verdicts(proven_mart, SYMBOL, instant(SECOND + 60), instant(SECOND + 120)) == [
        [SECOND + 60, SECOND + 120, "mismatch"]
    ]
