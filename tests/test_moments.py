from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from candlewick.moments import day_of, from_micros, naive, starts_at, to_micros


@given(st.integers(0, 4_102_444_800_000_000))
def test_a_moment_and_its_micros_are_the_same(micros):
    assert to_micros(from_micros(micros)) == micros


def test_a_moment_of_another_zone_is_the_same_instant():
    india = timezone(timedelta(hours=5, minutes=30))
    assert naive(datetime(2026, 1, 24, 5, 30, tzinfo=india)) == datetime(2026, 1, 24)
    assert to_micros(datetime(2026, 1, 24, tzinfo=UTC)) == to_micros(datetime(2026, 1, 24))


def test_a_day_of_utc_starts_where_the_one_before_ends():
    leap = date(2024, 2, 29)
    assert starts_at(date(2024, 3, 1)) == 1_709_251_200_000_000
    assert day_of(starts_at(leap)) == day_of(starts_at(date(2024, 3, 1)) - 1) == leap
