"""Properties of the synthetic market: the same however it is asked, and like a real one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candlewick.errors import ConfigError
from candlewick.fake_binance.market.activity import GENESIS
from candlewick.fake_binance.market.instruments import character, characters
from candlewick.fake_binance.market.market import PUBLISH_DELAY_US, SyntheticMarket

SYMBOL = "BTCDEMO"
DAY = 86_400_000_000
FRIDAY = 1_768_521_600_000_000
"""2026-01-16, in µs."""

COLUMNS = ("price", "quantity", "traded_at", "event_at", "buyer_is_maker", "aggregate")


def make(seed=1, rate=10.0, names=(SYMBOL,), since=GENESIS * 1_000_000):
    return SyntheticMarket([character(name, rate) for name in names], seed, since)


@pytest.fixture(scope="module")
def market():
    return make(names=(SYMBOL, "SOLDEMO", "SLOWDEMO=0.01"))


@pytest.fixture(scope="module")
def day(market):
    """A day of trades, read in one go."""
    first_id, stop_id = market.id_at(SYMBOL, FRIDAY), market.id_at(SYMBOL, FRIDAY + DAY)
    return market.trades(SYMBOL, first_id, stop_id - 1)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_any_range_asked_alone_equals_the_same_part_of_a_longer_run(day, data):
    fresh = make()
    for _ in range(3):
        first = data.draw(st.integers(day.first_id, day.last_id))
        last = min(first + data.draw(st.integers(0, 3_000)), day.last_id)
        alone, part = fresh.trades(SYMBOL, first, last), day.between(first, last)
        assert alone.first_id == part.first_id == first
        assert len(alone) == last - first + 1
        for column in COLUMNS:
            assert np.array_equal(getattr(alone, column), getattr(part, column))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), start=st.integers(0, 9 * 365 * DAY), rate=st.floats(0.01, 300))
def test_ids_are_contiguous_and_times_never_decrease_anywhere(seed, start, rate):
    market = make(seed, rate)
    first_id = market.id_at(SYMBOL, GENESIS * 1_000_000 + start)
    trades = market.trades(SYMBOL, first_id, first_id + 2_999)
    assert (trades.first_id, len(trades)) == (first_id, 3_000)
    assert (np.diff(trades.traded_at) >= 0).all()
    assert (np.diff(trades.event_at) >= 0).all()
    assert (trades.event_at > trades.traded_at).all()
    assert (trades.price > 0).all()
    assert (trades.quantity > 0).all()
    assert set(np.diff(trades.aggregate).tolist()) <= {0, 1}


@settings(max_examples=100, deadline=None)
@given(st.integers(FRIDAY, FRIDAY + DAY - 1))
def test_a_time_leads_to_the_first_trade_from_then_on(market, day, time):
    found = market.id_at(SYMBOL, time)
    assert found == day.first_id + int(np.searchsorted(day.traded_at, time))
    assert market.id_published_after(SYMBOL, time) == day.first_id + int(
        np.searchsorted(day.event_at, time, side="right")
    )


def test_everything_before_a_moment_is_public_when_the_market_says_so(market, day):
    for second in range(1, 2_000):
        at = FRIDAY + second * 1_000_000
        public = market.published_by(SYMBOL, at)
        assert market.id_published_after(SYMBOL, public) >= market.id_at(SYMBOL, at)
    assert int(day.event_at[0] - day.traded_at[0]) == PUBLISH_DELAY_US


def test_an_aggregate_has_one_time_one_price_and_one_side(day):
    same = np.diff(day.aggregate) == 0
    for column in ("traded_at", "price", "buyer_is_maker"):
        assert (np.diff(getattr(day, column))[same] == 0).all()


def test_aggregates_are_found_by_their_id(market, day):
    starts = np.flatnonzero(np.diff(day.aggregate)) + 1
    for place in starts[::5_000].tolist():
        assert market.first_of_aggregate(SYMBOL, int(day.aggregate[place])) == day.first_id + place


def test_a_shorter_history_hides_trades_and_changes_none(market):
    young = make(since=FRIDAY)
    first_id = young.first_id(SYMBOL)
    assert first_id == market.id_at(SYMBOL, FRIDAY)
    assert young.trades(SYMBOL, first_id - 10, first_id + 9).first_id == first_id
    assert young.id_at(SYMBOL, FRIDAY - DAY) == first_id
    assert young.trades(SYMBOL, first_id, first_id).price == market.trades(SYMBOL, first_id, first_id).price


def test_another_seed_is_another_market(day):
    other = make(seed=2).trades(SYMBOL, day.first_id, day.first_id + 999)
    assert (other.price != day.price[:1000]).mean() > 0.9


def test_nothing_is_asked_in_vain_before_the_genesis_or_after_the_last_day(market):
    first_id = market.first_id(SYMBOL)
    assert market.id_at(SYMBOL, 1) == first_id
    end = market.id_at(SYMBOL, 2**60 + 1)
    assert len(market.trades(SYMBOL, end - 1, end + 10)) == 1
    assert len(market.trades(SYMBOL, end, end + 10)) == 0


@pytest.mark.parametrize(("name", "rate"), [(SYMBOL, 10), ("SOLDEMO", 2), ("SLOWDEMO", 0.01)])
def test_over_the_years_the_mean_rate_is_the_one_asked_for(market, name, rate):
    years = 19 * 365 * 86_400
    count = market.id_at(name, (GENESIS + years) * 1_000_000) - market.first_id(name)
    assert count / years == pytest.approx(rate, rel=0.03)


def test_arrivals_are_bursty(day):
    seconds = np.bincount((day.traded_at - FRIDAY) // 1_000_000, minlength=86_400)
    _, per_ms = np.unique(day.traded_at // 1_000, return_counts=True)
    assert seconds.max() > 20 * seconds.mean()
    assert per_ms.max() > 100
    assert (seconds == 0).mean() > 0.05


def test_runs_of_one_price_and_one_side_are_as_long_as_on_the_recorded_market(day):
    assert (np.diff(day.price) == 0).mean() == pytest.approx(0.62, abs=0.1)
    assert (np.diff(day.buyer_is_maker) == 0).mean() == pytest.approx(0.89, abs=0.04)
    assert day.buyer_is_maker.mean() == pytest.approx(0.5, abs=0.08)


def test_busy_minutes_move_further_than_quiet_ones(day):
    minute = (day.traded_at - FRIDAY) // 60_000_000
    starts = np.flatnonzero(np.diff(minute, prepend=-1))
    counts = np.diff(np.append(starts, len(minute)))
    reach = np.maximum.reduceat(day.price, starts) - np.minimum.reduceat(day.price, starts)
    assert np.corrcoef(np.log(counts), np.log(reach + 1))[0, 1] > 0.5


def test_no_seam_shows_where_one_made_run_of_trades_meets_the_next(day):
    second = day.traded_at // 1_000_000
    borders = np.flatnonzero(np.diff(second)) + 1
    moves = np.abs(day.price[borders] - day.price[borders - 1])
    at_seams = moves[second[borders] // 600 > second[borders - 1] // 600]
    assert len(at_seams) == 143
    assert at_seams.mean() < 2 * moves.mean()


def test_the_price_wanders_but_stays_in_bounds_for_decades(market):
    end = market.id_at(SYMBOL, 2**60 + 1)
    ids = range(market.first_id(SYMBOL), end, (end - market.first_id(SYMBOL)) // 400)
    prices = np.array([int(market.trades(SYMBOL, one, one).price[0]) for one in ids]) / 100
    assert prices.min() > 97_000 * 0.6
    assert prices.max() < 97_000 * 1.5
    assert prices.std() > 97_000 * 0.02


def test_a_very_slow_symbol_has_empty_minutes(market):
    first_id, stop_id = (market.id_at("SLOWDEMO", at) for at in (FRIDAY, FRIDAY + DAY))
    trades = market.trades("SLOWDEMO", first_id, stop_id - 1)
    minutes = np.bincount((trades.traded_at - FRIDAY) // 60_000_000, minlength=1_440)
    assert (minutes == 0).sum() > 500
    assert (minutes > 0).sum() > 20


def test_the_rate_is_the_first_symbols_and_the_others_keep_their_share_of_it():
    assert [one.rate for one in characters(["BTCDEMO", "ETHDEMO", "SLOWDEMO=0.01"], 20)] == [20, 10, 0.01]
    assert [one.rate for one in characters(["SOLDEMO", "BTCDEMO"], 3)] == pytest.approx([3, 15])
    assert [one.rate for one in characters(["SLOWDEMO=0.01", "BTCDEMO"], 3)] == [0.01, 3]


@pytest.mark.parametrize("name", ["BTCUSDT", "DEMO", "BTC-DEMO", "BTCDEMO=0", "BTCDEMO=fast", "BTCDEMO=1e9"])
def test_a_symbol_that_could_be_taken_for_a_real_one_or_a_wrong_rate_is_refused(name):
    with pytest.raises(ConfigError, match="expected"):
        character(name, 10)
