from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from candlewick.moments import from_micros, naive, to_micros


@given(st.integers(0, 4_102_444_800_000_000))
def test_a_moment_and_its_micros_are_the_same(micros):
    assert to_micros(from_micros(micros)) == micros


def test_a_moment_of_another_zone_is_the_same_instant():
    india = timezone(timedelta(hours=5, minutes=30))
    assert naive(datetime(2026, 1, 24, 5, 30, tzinfo=india)) == datetime(2026, 1, 24)
    assert to_micros(datetime(2026, 1, 24, tzinfo=UTC)) == to_micros(datetime(2026, 1, 24))
