from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candlewick.mart.periods import period_of

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1))
UNITS = ("10 minutes", "hour", "day", "month", "year")


@pytest.mark.parametrize("unit", UNITS)
@given(moment=MOMENTS)
def test_a_moment_lies_in_its_period_and_the_next_period_begins_where_it_ends(unit, moment):
    period = period_of(moment, unit)
    assert period.start <= moment < period.end
    assert period_of(period.start, unit) == period
    assert period_of(period.end, unit).start == period.end


@given(moment=MOMENTS)
def test_shorter_periods_lie_within_longer_ones(moment):
    periods = [period_of(moment, unit) for unit in UNITS]
    for shorter, longer in pairwise(periods):
        assert longer.start <= shorter.start < shorter.end <= longer.end


def test_labels_say_which_period_it_is():
    labels = [period_of(datetime(2024, 12, 31, 23, 59, 59, 999999), unit).label for unit in UNITS]
    assert labels == ["2024-12-31T23-50", "2024-12-31T23", "2024-12-31", "2024-12", "2024"]
