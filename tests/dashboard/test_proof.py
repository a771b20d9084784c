"""What the chart shades and marks, on a mart that the real models made."""

from itertools import pairwise

from candlewick.dashboard.proof import holes, verdicts
from candlewick.dashboard.reader import instant
from candlewick.mart import Mart
from dashboard.proven import DECLARED, MISSING, SECOND, SYMBOL


def test_holes_lie_between_the_trades_on_their_two_sides(proven_mart: Mart) -> None:
    declared, missing = holes(proven_mart, SYMBOL)
    assert (missing["first"], missing["last"], missing["state"]) == (*MISSING, "open")
    assert (missing["from"], missing["to"]) == (SECOND + 120 + 24, SECOND + 120 + 42)
    assert (declared["last"], declared["declared"], declared["state"]) == (DECLARED[1], 3, "declared")


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
