"""Live bars equal a plain aggregation of the trades they hold, however the trades arrived."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candlewick.dashboard.bars import (
    SPARSE,
    Bar,
    FeedTrade,
    LiveBars,
    State,
    Tail,
    decimal_text,
    interval,
    scaled,
)
from candlewick.moments import TIMEFRAMES

UTC_ZONE = ZoneInfo("UTC")
START = 1_732_233_540_000_000  # 2024-11-21 23:59:00 UTC: a day's end is inside every tape below
KEEP = 12


def aggregate(trades: Sequence[FeedTrade], timeframe: str, zone: ZoneInfo) -> list[Bar]:
    """The definition of the bars of a tape, written as plainly as can be."""
    by_open: dict[tuple[int, int], list[FeedTrade]] = {}
    for trade in trades:
        by_open.setdefault(interval(timeframe, trade.traded_at, zone), []).append(trade)
    bars = [
        Bar(
            *bounds,
            open=held[0].price,
            high=max(trade.price for trade in held),
            low=min(trade.price for trade in held),
            close=held[-1].price,
            volume=sum(trade.quantity for trade in held),
            quote_volume=sum(trade.price * trade.quantity // 10**8 for trade in held),
            taker_buy_volume=sum(trade.quantity for trade in held if not trade.is_sell),
            trade_count=len(held),
            first_trade_id=held[0].trade_id,
            last_trade_id=held[-1].trade_id,
        )
        for bounds, held in sorted(by_open.items())
    ]
    return bars if timeframe in SPARSE else with_flat(bars, timeframe, zone)


def with_flat(bars: list[Bar], timeframe: str, zone: ZoneInfo) -> list[Bar]:
    filled: list[Bar] = []
    for bar in bars:
        while filled and filled[-1].close_time < bar.open_time:
            bounds = interval(timeframe, filled[-1].close_time, zone)
            filled.append(Bar.flat(*bounds, filled[-1].close))
        filled.append(bar)
    return filled


def plain(bars: Sequence[Bar]) -> list[dict[str, object]]:
    """Bars without their state, which tells who knows, not what is known."""
    return [{name: value for name, value in asdict(bar).items() if name != "state"} for bar in bars]


def copies(bars: Sequence[Bar]) -> list[Bar]:
    return [Bar(**asdict(bar)) for bar in bars]


@st.composite
def tapes(draw: st.DrawFn, *, in_order: bool = True) -> list[FeedTrade]:
    """Trades with contiguous ids, many at the same µs, some long after the one before."""
    steps = draw(
        st.lists(st.sampled_from([0, 0, 1, 300_000, 1_000_000, 61_000_000, 400_000_000]), min_size=1, max_size=60)
    )
    first_id = draw(st.integers(0, 10**10))
    at, trades = START, []
    for number, step in enumerate(steps):
        at += step
        early = 0 if in_order else draw(st.sampled_from([0, 0, 0, 900_000, 2_500_000]))
        price, quantity = draw(st.integers(1, 10**13)), draw(st.integers(1, 10**11))
        trades.append(FeedTrade(first_id + number, price, quantity, at - early, number % 2 == 1))
    return trades


@st.composite
def journeys(draw: st.DrawFn) -> tuple[list[FeedTrade], list[tuple[str, int]]]:
    """A tape, and what happened: mart versions, feed frames, repeated frames, and frames that were lost."""
    trades = draw(tapes())
    events = st.tuples(st.sampled_from(["mart", "feed", "feed", "feed", "lost", "again"]), st.integers(1, 8))
    return trades, draw(st.lists(events, max_size=25))


@given(journeys(), st.sampled_from(list(TIMEFRAMES)), st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York"]))
def test_any_split_of_a_tape_into_mart_versions_and_feed_frames_gives_the_bars_of_the_tape(
    journey: tuple[list[FeedTrade], list[tuple[str, int]]], timeframe: str, zone_name: str
) -> None:
    trades, events = journey
    zone = ZoneInfo(zone_name)
    live, tail = LiveBars(timeframe, zone, KEEP), Tail()
    settled, sent = 1, 1  # the mart has one trade at least; the feed goes on from there
    live.settle(copies(aggregate(trades[:settled], timeframe, zone)[-KEEP:]))
    for kind, count in events:
        if kind == "mart":
            settled = min(len(trades), settled + count)
            live.settle(copies(aggregate(trades[:settled], timeframe, zone)[-KEEP:]))
            assert live.last_id is not None
            live.extend(tail.after(live.last_id))
        elif kind == "lost":
            sent = min(len(trades), sent + count)
        else:
            since = max(0, sent - count) if kind == "again" else sent
            sent = max(sent, min(len(trades), since + count))
            live.extend(tail.append(trades[since:sent]))
        assert live.last_id is not None
        held = live.last_id - trades[0].trade_id + 1
        assert held >= settled
        expected = aggregate(trades[:held], timeframe, zone)
        shown = min(len(live.bars), KEEP)
        assert plain(live.bars[-shown:]) == plain(expected[-shown:])


@given(tapes(in_order=False), st.data())
def test_a_trade_stamped_earlier_than_its_predecessor_counts_for_the_bar_of_its_own_time(
    trades: list[FeedTrade], data: st.DataObject
) -> None:
    settled = data.draw(st.integers(1, len(trades)))
    live = LiveBars("1s", UTC_ZONE, keep=200)
    live.settle(aggregate(trades[:settled], "1s", UTC_ZONE))
    first_open = live.bars[0].open_time
    live.extend(trades[settled:])
    late = [trade for trade in trades[settled:] if interval("1s", trade.traded_at, UTC_ZONE)[0] < first_open]
    if not late:
        assert plain(live.bars) == plain(aggregate(trades, "1s", UTC_ZONE))


def test_a_late_trade_in_an_empty_minute_reprices_the_flat_bars_after_it() -> None:
    minute = 60_000_000
    tape = [
        FeedTrade(1, 100, 1, START),
        FeedTrade(2, 300, 1, START + 3 * minute),
        FeedTrade(3, 200, 1, START + minute),
    ]
    live = LiveBars("1m", UTC_ZONE)
    live.settle(aggregate(tape[:1], "1m", UTC_ZONE))
    live.extend(tape[1:])
    assert [bar.close for bar in live.bars] == [100, 200, 200, 300]
    assert [bar.trade_count for bar in live.bars] == [1, 1, 0, 1]


def test_behind_a_hole_bars_wait_until_the_mart_has_passed_it() -> None:
    trades = [FeedTrade(number, 100 + number, 1, START + number) for number in range(1, 10)]
    live, tail = LiveBars("1m", UTC_ZONE), Tail()
    live.settle(aggregate(trades[:3], "1m", UTC_ZONE))
    assert not live.extend(tail.append(trades[5:7]))
    assert live.last_id == 3
    live.settle(aggregate(trades[:5], "1m", UTC_ZONE))
    assert live.last_id is not None
    assert live.extend(tail.after(live.last_id))
    assert live.last_id == 7


def test_a_bar_is_closed_when_a_later_one_opens_and_stays_complete_where_it_was() -> None:
    trades = [FeedTrade(number, 100, 1, START + number * 60_000_000) for number in range(3)]
    live = LiveBars("1m", UTC_ZONE)
    bars = aggregate(trades[:2], "1m", UTC_ZONE)
    bars[0].state = State.COMPLETE
    live.settle(bars)
    live.extend(trades[2:])
    assert [bar.state for bar in live.bars] == [State.COMPLETE, State.CLOSED, State.FORMING]


def test_without_any_bar_nothing_is_shown() -> None:
    live = LiveBars("1m", UTC_ZONE)
    assert not live.extend([FeedTrade(1, 1, 1, START)])
    assert live.bars == []


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(0, 40), st.integers(0, 40))
def test_a_tail_gives_exactly_the_contiguous_trades_after_an_id(ids: list[int], after: int, forgotten: int) -> None:
    tail = Tail()
    for number in ids:
        tail.append([FeedTrade(number, 1, 1, 1)])
    tail.forget(forgotten)
    ascending: list[int] = []
    for number in ids:
        if not ascending or number > ascending[-1]:
            ascending.append(number)
    held = {number for number in ascending if number > forgotten}
    expected = []
    while after + 1 + len(expected) in held:
        expected.append(after + 1 + len(expected))
    assert [trade.trade_id for trade in tail.after(after)] == expected


def test_a_tail_is_bounded_and_keeps_the_newest() -> None:
    tail = Tail(limit=3)
    tail.append(FeedTrade(number, 1, 1, 1) for number in range(10))
    assert [trade.trade_id for trade in tail.after(6)] == [7, 8, 9]
    assert len(tail) == 3


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**15), max_value=10**15))
def test_a_decimal_becomes_an_integer_and_text_again_unchanged(amount: Decimal) -> None:
    text = decimal_text(scaled(amount))
    assert Decimal(text) == amount
    assert "." not in text or not text.endswith(("0", "."))


def test_the_quote_amount_of_each_trade_is_cut_as_the_exchange_publishes_it() -> None:
    # ETHBTC 0.00453205, KSMBTC 0.00223086 and 0.01472191: rows of the exchange's own archive.
    bar = Bar.flat(START, START + 60_000_000, 1)
    for number, (price, quantity) in enumerate((("0.03577", "0.1267"), ("0.000627", "3.558"), ("0.003127", "4.708"))):
        bar.add(FeedTrade(number, scaled(price), scaled(quantity), START))
    assert decimal_text(bar.quote_volume) == "0.02148482"


def test_a_decimal_with_more_places_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 8 decimals"):
        scaled("0.123456789")


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.sampled_from(list(TIMEFRAMES)))
def test_an_interval_holds_its_instant_and_adjoins_the_next(at: datetime, timeframe: str) -> None:
    instant = int(at.replace(tzinfo=UTC).timestamp()) * 1_000_000
    for zone in (UTC_ZONE, ZoneInfo("Asia/Kolkata"), ZoneInfo("America/New_York"), ZoneInfo("Africa/Cairo")):
        opened, closed = interval(timeframe, instant, zone)
        assert opened <= instant < closed
        assert interval(timeframe, closed, zone)[0] == closed
        assert interval(timeframe, opened, zone) == (opened, closed)


def test_a_day_starts_at_the_zones_midnight_and_has_25_hours_when_clocks_go_back() -> None:
    noon = int(datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp()) * 1_000_000
    opened, closed = interval("1d", noon, ZoneInfo("America/New_York"))
    assert opened == int(datetime(2026, 11, 1, 4, tzinfo=UTC).timestamp()) * 1_000_000
    assert (closed - opened) // 3_600_000_000 == 25
    ist, _ = interval("1d", noon, ZoneInfo("Asia/Kolkata"))
    assert ist == int(datetime(2026, 10, 31, 18, 30, tzinfo=UTC).timestamp()) * 1_000_000


@given(tapes(), st.sampled_from(list(TIMEFRAMES)), st.data())
def test_over_a_hole_a_copy_holds_every_trade_there_is_and_says_where_one_may_be_missing(
    trades: list[FeedTrade], timeframe: str, data: st.DataObject
) -> None:
    known = data.draw(st.integers(1, len(trades)))
    hole = data.draw(st.integers(known, len(trades)))
    live = LiveBars(timeframe, UTC_ZONE, keep=10_000)
    live.settle(aggregate(trades[:known], timeframe, UTC_ZONE))
    before = [asdict(bar) for bar in live.bars]
    ahead = live.over_a_hole()
    ahead.extend_over(trades[hole:])
    held = trades[:known] + trades[hole:]
    assert plain(ahead.bars) == plain(aggregate(held, timeframe, UTC_ZONE))
    assert [asdict(bar) for bar in live.bars] == before
    first = live.bars[-1].open_time
    assert all((bar.state is State.INCOMPLETE) == (bar.open_time >= first) for bar in ahead.bars)
