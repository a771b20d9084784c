"""Answers of REST, of whatever bytes: rows that can be written and read again, or an error of ours."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candlewick.binance.rest import LONGEST_RETRY_AFTER, retry_after
from candlewick.binance.rows import AggTradeRow, ExchangeInfo, KlineRow, Time, TradeRow, problem_of, read
from candlewick.errors import MalformedFrameError
from candlewick.lake import names
from candlewick.moments import micros
from candlewick.trade import decode_event, decode_trade
from fuzz.mutants import changed_fields, dumped, json_values, mutated, nested

TRADE = {
    "id": 3735683259, "price": "61837.63", "qty": "0.001", "quoteQty": "61.8", "time": 1723161254123,
    "isBuyerMaker": True, "isBestMatch": True,
}  # fmt: skip
AGGREGATE = {"a": 1, "p": "1.0", "q": "1.0", "f": 1, "l": 2, "T": 1723161254123, "m": True, "M": True}
KLINE = [1723161240000, "1.0", "2.0", "0.5", "1.5", "9.0", 1723161299999, "12.0", 7, "4.0", "6.0", "0"]
INFO = {
    "rateLimits": [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000}],
    "symbols": [{"symbol": "BTCUSDT", "status": "TRADING"}],
}


def answers(values: st.SearchStrategy) -> st.SearchStrategy[bytes]:
    """Bodies that hold such values, or nearly."""
    whole = dumped(values | json_values)
    return whole | mutated(whole) | st.binary(max_size=200) | nested


@given(answers(st.lists(changed_fields(TRADE), max_size=3)))
def test_rows_of_trades_become_lines_that_are_read_as_the_same_trades(body):
    try:
        rows = read(body, list[TradeRow])
    except MalformedFrameError:
        return
    for row in rows:
        trade = decode_trade(row.line("BTCUSDT", 1))
        assert (trade.trade_id, trade.price, trade.quantity) == (row.id, row.price, row.qty)
        assert min(Decimal(trade.price), Decimal(trade.quantity)) >= 0
        names.backfill("demo", "r1", micros(row.time), micros(row.time), {"BTCUSDT": [(row.id, row.id)]})


@st.composite
def klines(draw):
    """Rows of a candle with some columns changed."""
    row = list(KLINE)
    for at in draw(st.lists(st.integers(0, len(row) - 1), max_size=3)):
        row[at] = draw(json_values | st.sampled_from(["-1", "1e5", "", 10**30, -1]))
    return row[: draw(st.integers(0, len(row)))] if draw(st.booleans()) else row


@given(answers(st.lists(klines(), max_size=3)))
def test_rows_of_candles_become_lines_that_are_read_as_closed_candles(body):
    try:
        rows = read(body, list[KlineRow])
    except MalformedFrameError:
        return
    for row in rows:
        _, event = decode_event(row.line("BTCUSDT", "1m", 1))
        assert event.bar.open_time == row.open_time


@pytest.mark.parametrize("kind", [list[AggTradeRow], ExchangeInfo, Time])
@given(answers(changed_fields(AGGREGATE) | st.lists(changed_fields(AGGREGATE), max_size=2) | changed_fields(INFO)))
def test_other_answers_are_read_or_refused(kind, body):
    try:
        read(body, kind)
    except MalformedFrameError:
        return


@given(st.binary(max_size=200) | nested | dumped(changed_fields({"code": -1121, "msg": "Invalid symbol."})))
def test_a_refusal_is_read_whatever_it_is(body):
    problem = problem_of(body)
    assert isinstance(problem.code, int)


@given(
    st.none() | st.text(max_size=40) | st.floats().map(str) | st.datetimes().map(lambda at: f"{at:%a, %d %b %Y} GMT")
)
def test_a_wait_that_is_asked_for_is_neither_nothing_nor_for_ever(header):
    assert 1.0 <= retry_after(header, now=1_769_000_000.0) <= LONGEST_RETRY_AFTER
