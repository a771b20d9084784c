from datetime import date

from candlewick.backfill.plan import Day, Plan, days_between

DAYS = [
    Day("A", date(2024, 8, 1), "archive", (1, 500_000), 500_000, 8_000_000),
    Day("A", date(2024, 8, 2), "archive", None, 300_000, 4_000_000),
    Day("A", date(2024, 8, 3), "rest", (800_001, 802_500), 2_500),
    Day("B", date(2024, 8, 1), "held", (1, 9)),
]


def test_a_plan_adds_up_by_symbol_and_source():
    legs = [
        (leg.symbol, leg.source, leg.days, leg.trades, leg.byte_count, leg.requests)
        for leg in Plan(DAYS, 0, 3_000).rows()
    ]
    assert legs == [
        ("A", "archive", 2, 800_000, 12_000_000, 0),
        ("A", "rest", 1, 2_500, 0, 3),
        ("B", "held", 1, 0, 0, 0),
    ]
    assert Plan(DAYS, 0, 3_000).missing == 802_500


def test_time_follows_from_the_weight_that_a_minute_allows():
    plan = Plan(DAYS[2:3], 2_001, 25)
    assert plan.kline_requests == 3
    assert plan.seconds == 3 * 60 + 3 * 2 / 25 * 60
    assert Plan(DAYS[:1], 0, 1).seconds == Plan(DAYS[:1], 0, 9_999).seconds > 1


def test_a_plan_is_empty_where_all_is_held_candles_too():
    assert Plan(DAYS[3:], 0, 3_000).is_empty
    assert not Plan(DAYS[3:], 1, 3_000).is_empty
    assert not Plan(DAYS, 0, 3_000).is_empty


def test_days_are_those_of_utc_with_both_ends():
    first, last = date(2024, 2, 28), date(2024, 3, 1)
    assert days_between(first, last) == [first, date(2024, 2, 29), last]
