"""The public past on virtual time: whatever the steps of the clock, the same events come out."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from candlewick.fake_binance.market.candles import Chart
from candlewick.fake_binance.market.instruments import character
from candlewick.fake_binance.market.intervals import interval
from candlewick.fake_binance.market.market import PUBLISH_DELAY_US, SyntheticMarket
from candlewick.fake_binance.server import streams
from candlewick.fake_binance.server.timeline import Timeline
from candlewick.fake_binance.server.wire import Unit

START = 1_768_564_790_000_000
SECOND = 1_000_000
MARKET = SyntheticMarket([character("BTCDEMO", 10), character("SLOWDEMO=0.02", 1)], seed=5)
NAMES = ("btcdemo@trade", "slowdemo@trade", "btcdemo@kline_1m", "slowdemo@kline_1m", "btcdemo@kline_1s")
STREAMS = [streams.parse(name) for name in NAMES]


def play(gaps):
    """Return the events, by stream, of a timeline whose clock moves by each gap in turn."""
    timeline = Timeline(MARKET, START)
    for stream in STREAMS:
        list(timeline.watch(stream))
    got = {name: [] for name in NAMES}
    for gap in gaps:
        for _, name, payload in timeline.advance(timeline.now + gap).events(STREAMS, Unit.MICROSECOND):
            got[name].append(json.loads(payload))
    return timeline, got


ONCE = play([300 * SECOND])[1]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 20 * SECOND), max_size=25))
def test_the_steps_of_the_clock_do_not_change_the_events(gaps):
    gaps = [gap for place, gap in enumerate(gaps) if sum(gaps[: place + 1]) < 300 * SECOND]
    _, got = play([*gaps, 300 * SECOND - sum(gaps)])
    assert got == ONCE


def test_events_come_in_the_order_of_their_times():
    timeline = Timeline(MARKET, START)
    for stream in STREAMS:
        list(timeline.watch(stream))
    times = [at for at, _, _ in timeline.advance(START + 100 * SECOND).events(STREAMS, Unit.MICROSECOND)]
    assert times == sorted(times)


def test_each_trade_comes_once_and_none_before_its_time():
    trades = ONCE["btcdemo@trade"]
    first_id = MARKET.id_published_after("BTCDEMO", START)
    last_id = MARKET.id_published_after("BTCDEMO", START + 300 * SECOND) - 1
    assert [trade["t"] for trade in trades] == list(range(first_id, last_id + 1))
    assert all(START < trade["E"] <= START + 300 * SECOND for trade in trades)


def test_each_interval_closes_exactly_once_and_as_its_trades_say():
    for name, symbol, length in (
        ("btcdemo@kline_1m", "BTCDEMO", "1m"),
        ("slowdemo@kline_1m", "SLOWDEMO", "1m"),
        ("btcdemo@kline_1s", "BTCDEMO", "1s"),
    ):
        closed = [event["k"] for event in ONCE[name] if event["k"]["x"]]
        opens = [kline["t"] for kline in closed]
        size = interval(length)
        assert opens == list(size.series(size.open_of(START), START + 300 * SECOND - size.after(0) - PUBLISH_DELAY_US))
        chart = Chart(size)
        first_id = MARKET.id_at(symbol, opens[0])
        chart.add(MARKET.trades(symbol, first_id, MARKET.id_at(symbol, size.after(opens[-1])) - 1))
        close = int(MARKET.trades(symbol, first_id - 1, first_id - 1).price[0])
        candles = list(chart.rows(opens, close))
        assert [(kline["f"], kline["L"], kline["n"]) for kline in closed] == [
            (candle.first_id, candle.last_id, candle.count) for candle in candles
        ]
        assert [float(kline["c"]) for kline in closed] == [candle.close / 100 for candle in candles]


def test_an_empty_interval_closes_flat_at_the_previous_close():
    klines = [event["k"] for event in ONCE["slowdemo@kline_1m"] if event["k"]["x"]]
    empty = [kline for kline in klines if kline["n"] == 0]
    assert empty
    for kline in empty:
        assert (kline["f"], kline["L"], kline["v"]) == (-1, -1, "0.00000000")
        assert kline["o"] == kline["h"] == kline["l"] == kline["c"]


def test_a_kline_is_updated_every_two_seconds_between_its_closes():
    updates = [event["E"] for event in ONCE["btcdemo@kline_1m"] if not event["k"]["x"]]
    assert updates == list(range(START + 2 * SECOND, START + 301 * SECOND, 2 * SECOND))


def test_a_kline_watched_late_has_all_trades_of_its_interval():
    timeline = Timeline(MARKET, START + 45 * SECOND)
    stream = streams.parse("btcdemo@kline_1h")
    list(timeline.watch(stream))
    event = json.loads(timeline.advance(timeline.now + 2 * SECOND).events([stream], Unit.MICROSECOND)[0][2])
    assert event["k"]["f"] == MARKET.id_at("BTCDEMO", interval("1h").open_of(START + 47 * SECOND))
    assert event["k"]["L"] == MARKET.id_published_after("BTCDEMO", event["E"]) - 1


def test_klines_that_nobody_reads_are_not_made():
    timeline, _ = play([SECOND])
    timeline.keep_only([STREAMS[0]])
    step = timeline.advance(START + 120 * SECOND)
    assert not step.klines
    assert step.trades


def test_the_next_moment_is_that_of_the_next_event():
    timeline = Timeline(MARKET, START)
    for _ in range(200):
        due = timeline.next_at()
        assert not len(timeline.advance(due - 1))
        assert len(timeline.advance(due))
