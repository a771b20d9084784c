"""Candles against the plain way: Decimal arithmetic, one trade at a time."""

from decimal import ROUND_DOWN, Decimal
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from candlewick.fake_binance.market.candles import Chart
from candlewick.fake_binance.market.instruments import Instrument, character, decimal
from candlewick.fake_binance.market.intervals import interval
from candlewick.fake_binance.market.market import SyntheticMarket
from candlewick.fake_binance.server.wire import Unit, kline_values

NOON = 1_768_564_800_000_000
MARKET = SyntheticMarket(
    [character("BTCDEMO", 10), character("ETHBTCDEMO=5", 1), character("SLOWDEMO=0.02", 1)], seed=3
)


def brute_force(trades, length, close):
    """Return the eleven columns of every interval from the first trade's to the last one's."""
    one, rows = trades.instrument, {}
    for place in range(len(trades)):
        price, quantity = Decimal(decimal(int(trades.price[place]) * one.tick)), int(trades.quantity[place]) * one.lot
        rows.setdefault(length.open_of(int(trades.traded_at[place])), []).append(
            (price, Decimal(decimal(quantity)), bool(trades.buyer_is_maker[place]))
        )
    for opened in length.series(min(rows), max(rows)):
        got = rows.get(opened, [])
        prices = [price for price, _, _ in got] or [close]
        close = prices[-1]
        sums = [
            (sum(q for _, q, _ in part), sum((p * q).quantize(Decimal("1e-8"), ROUND_DOWN) for p, q, _ in part))
            for part in (got, [row for row in got if not row[2]])
        ]
        yield (
            opened // 1_000, prices[0], max(prices), min(prices), close, sums[0][0],
            (length.after(opened) - 1) // 1_000, sums[0][1], len(got), sums[1][0], sums[1][1],
        )  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(
    market=st.sampled_from(
        [
            ("BTCDEMO", "1s"),
            ("BTCDEMO", "1m"),
            ("BTCDEMO", "1d"),
            ("ETHBTCDEMO", "1m"),
            ("SLOWDEMO", "1m"),
            ("SLOWDEMO", "1h"),
        ]
    ),
    start=st.integers(0, 86_400_000_000),
    cuts=st.lists(st.integers(0, 800), max_size=5),
)
def test_candles_equal_the_brute_force_in_every_field_however_the_trades_are_cut(market, start, cuts):
    symbol, name = market
    length = interval(name)
    first_id = MARKET.id_at(symbol, NOON + start)
    trades = MARKET.trades(symbol, first_id, first_id + 800)
    chart = Chart(length)
    edges = [0, *sorted(cuts), len(trades)]
    for left, right in pairwise(edges):
        chart.add(trades.between(first_id + left, first_id + right - 1))
    expected = list(brute_force(trades, length, Decimal(0)))
    opens = [row[0] * 1_000 for row in expected]
    values = [kline_values(trades.instrument, length, candle, Unit.MILLISECOND) for candle in chart.rows(opens, None)]
    assert [tuple(Decimal(value) for value in row) for row in values] == [
        tuple(Decimal(value) for value in row) for row in expected
    ]


def test_ids_of_a_candle_are_those_of_its_trades_and_an_empty_one_has_none():
    length = interval("1m")
    first_id = MARKET.id_at("SLOWDEMO", NOON)
    trades = MARKET.trades("SLOWDEMO", first_id, first_id + 50)
    chart = Chart(length)
    chart.add(trades)
    opens = length.series(length.open_of(int(trades.traded_at[0])), length.open_of(int(trades.traded_at[-1])))
    candles = list(chart.rows(opens, None))
    full = [candle for candle in candles if candle.count]
    assert [candle.last_id - candle.first_id + 1 for candle in full] == [candle.count for candle in full]
    assert [left.last_id + 1 for left in full[:-1]] == [right.first_id for right in full[1:]]
    empty = [(before, candle) for before, candle in pairwise(candles) if not candle.count]
    assert empty
    for before, candle in empty:
        assert (candle.first_id, candle.last_id, candle.volume) == (-1, -1, 0)
        assert {candle.open, candle.high, candle.low, candle.close} == {before.close}


def test_quote_amounts_are_cut_after_eight_places_as_binance_publishes_them():
    # Rows of Binance's own archive: ETHBTC 0.03577 x 0.1267, KSMBTC 0.000627 x 3.558 and 0.003127 x 4.708.
    ethbtc, ksmbtc = Instrument("E", "E", "Q", 1_000, 10_000), Instrument("K", "K", "Q", 100, 100_000)
    assert ethbtc.quote_amount(np.array([3_577]), np.array([1_267])).tolist() == [453_205]
    assert ksmbtc.quote_amount(np.array([627, 3_127]), np.array([3_558, 4_708])).tolist() == [223_086, 1_472_191]
