"""Only what exists may be asked for, in sane amounts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candlewick.dashboard.routes.catalogue import FIRST_PAGE, LARGEST_PAGE, Catalogue, RequestError

CATALOGUE = Catalogue(["BTCUSDT", "ETHUSDT"])


def test_what_is_recorded_may_be_asked_for() -> None:
    assert CATALOGUE.symbol("ETHUSDT") == "ETHUSDT"
    assert [CATALOGUE.timeframe(name) for name in CATALOGUE.timeframes] == ["1s", "1m", "5m", "15m", "1h", "4h", "1d"]


@given(st.text() | st.none())
def test_anything_else_is_refused_in_one_line_that_says_what_exists(name: str | None) -> None:
    for ask, known in ((CATALOGUE.symbol, "BTCUSDT, ETHUSDT"), (CATALOGUE.timeframe, "1s, 1m")):
        if name in (*CATALOGUE.symbols, *CATALOGUE.timeframes):
            continue
        with pytest.raises(RequestError) as refused:
            ask(name)
        assert known in str(refused.value)
        assert str(refused.value).isprintable()


@given(st.integers())
def test_limits_are_clamped(number: int) -> None:
    if len(str(number)) <= 20:
        assert 1 <= CATALOGUE.limit(str(number)) <= LARGEST_PAGE


def test_without_a_limit_a_page_is_the_first_pages_size() -> None:
    assert CATALOGUE.limit(None) == FIRST_PAGE


@pytest.mark.parametrize("text", ["", "ten", "1.5", "1e3", "0x10", "-"])
def test_a_limit_or_a_time_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="whole number"):
        CATALOGUE.limit(text)
    with pytest.raises(RequestError, match="before: expected a whole number"):
        CATALOGUE.second("before", text)
