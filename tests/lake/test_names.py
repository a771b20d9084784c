from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candlewick.lake import names
from candlewick.moments import at

MICROSECONDS = st.integers(min_value=0, max_value=4_102_444_800_000_000)
RECORDERS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,31}", fullmatch=True)


def test_a_name_says_when_and_by_whom() -> None:
    at = 1_769_260_920_123_456
    assert names.stream("binance", "r1", at) == (
        "binance/raw/2026-01-24/13/stream_2026-01-24_13-22-00.123456_r1.json.zst"
    )
    assert names.backfill("binance", "r1", at, at + 480_000_000, {"BTCUSDT": [(1, 9)]}) == (
        "binance/raw/2026-01-24/13/backfill_2026-01-24_13-22_to_2026-01-24_13-30_r1-a93b56662813.json.zst"
    )


@given(MICROSECONDS, RECORDERS)
def test_a_stream_name_is_read_back_exactly(cut_at: int, recorder: str) -> None:
    parsed = names.parse(names.stream("a/b", recorder, cut_at))
    assert parsed == ("stream", recorder, at(cut_at), None)


@given(MICROSECONDS, RECORDERS)
def test_a_backfill_name_is_read_back_to_the_minute(cut_at: int, recorder: str) -> None:
    parsed = names.parse(names.backfill("a/b", recorder, cut_at, cut_at, {"X": [(1, 2)]}))
    minute = at(cut_at).replace(second=0, microsecond=0)
    assert parsed == ("backfill", recorder, minute, minute)


@given(st.lists(MICROSECONDS, max_size=20))
def test_stream_names_sort_as_their_times(times: list[int]) -> None:
    assert sorted(names.stream("p", "r1", at) for at in times) == [names.stream("p", "r1", at) for at in sorted(times)]


def test_a_backfill_is_named_by_its_ids_not_by_their_order() -> None:
    one = names.backfill("p", "r1", 0, 0, {"A": [(1, 2)], "B": [(3, 4)]})
    assert one == names.backfill("p", "r1", 0, 0, {"B": [(3, 4)], "A": [(1, 2)]})
    assert one != names.backfill("p", "r1", 0, 0, {"A": [(1, 2)], "B": [(3, 5)]})


@pytest.mark.parametrize(
    "name",
    [
        "",
        "notes.txt",
        "stream_2026-02-31_13-22-00.123456_r1.json.zst",
        "stream_2026-01-24_13-22-00.123456_r1.json",
        "x_stream_2026-01-24_13-22-00.123456_r1.json.zst",
    ],
)
def test_other_names_are_none_of_ours(name: str) -> None:
    assert names.parse(name) is None


def test_times_are_exact_to_the_microsecond() -> None:
    assert at(1_769_260_920_999_999) == datetime(2026, 1, 24, 13, 22, 0, 999_999, tzinfo=UTC)
