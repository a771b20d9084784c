from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candlewick.fake_binance.market.intervals import interval

NAMES = ("1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M")
TIMES = st.integers(1_577_836_800_000_000, 2_200_000_000_000_000)
HOURS = st.integers(-12, 14)


def us(*parts, hours=0):
    moment = datetime(*parts, tzinfo=timezone(timedelta(hours=hours)))
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@given(st.sampled_from(NAMES), HOURS, TIMES)
def test_a_time_is_in_its_interval_and_intervals_adjoin(name, hours, time):
    one = interval(name, str(hours))
    opened = one.open_of(time)
    assert opened <= time < one.after(opened)
    assert one.open_of(one.after(opened)) == one.after(opened)
    assert one.before(opened) < opened == one.after(one.before(opened))
    assert one.opens(np.array([time])).tolist() == [opened]


@pytest.mark.parametrize(
    ("name", "zone", "time", "opened"),
    [
        ("1d", "0", us(2026, 1, 24, 13), us(2026, 1, 24)),
        ("1d", "05:30", us(2026, 1, 24, 19), us(2026, 1, 25, hours=5.5)),
        ("1d", "-1:00", us(2026, 1, 24, 0, 30), us(2026, 1, 23, hours=-1)),
        ("1w", "0", us(2026, 1, 25, 23), us(2026, 1, 19)),
        ("1M", "0", us(2026, 2, 28, 23), us(2026, 2, 1)),
        ("1M", "8", us(2026, 1, 31, 17), us(2026, 2, 1, hours=8)),
        ("4h", "+2", us(2026, 1, 24, 1), us(2026, 1, 23, 22)),
    ],
)
def test_borders_are_where_the_zone_has_them(name, zone, time, opened):
    assert interval(name, zone).open_of(time) == opened


@pytest.mark.parametrize(("name", "zone"), [("7m", "0"), ("1m", "15"), ("1m", "-12:01"), ("1m", "x"), ("", "0")])
def test_other_intervals_and_zones_do_not_exist(name, zone):
    assert interval(name, zone) is None
