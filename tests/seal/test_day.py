"""A day from whatever lines of it there are."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from candlewick.lake.sealed import file
from seal.made import Market, gather, trades_of


def test_lines_of_several_recorders_in_any_order_make_one_trade_an_id():
    market = Market(count=120)
    raw = market.lines() + [market.line(each, received=9) for each in range(0, 120, 3)] + market.candles()
    expected = file.write(gather(raw).assemble())
    for seed in range(4):
        random.Random(seed).shuffle(raw)
        day = gather(raw + raw[:50]).assemble()
        assert trades_of(day).column("trade_id").to_pylist() == [trade[0] for trade in market.trades]
        assert file.write(day) == expected


def test_every_line_is_a_trade_or_evidence():
    market = Market(count=60)
    raw = market.lines() + [market.line(each, "rest") for each in range(0, 60, 7)] + market.candles()
    day = gather(raw + raw[:9]).assemble()
    sealed = list(file.read(file.write(day)).lines())
    assert sorted([*sealed, *day.evidence]) == sorted(raw)


def test_the_archives_copy_counts_before_rest_and_rest_before_the_stream():
    market = Market(count=3)
    raw = [market.line(0), market.line(0, "rest"), market.line(1, "rest"), market.line(1, "archive"), market.line(2)]
    day = gather(raw).assemble()
    assert trades_of(day).column("source").to_pylist() == ["rest", "archive", "ws"]
    assert not day.conflicting


@settings(max_examples=25)
@given(st.integers(0, 19), st.sampled_from(["price", "quantity", "maker", "time"]))
def test_a_copy_that_says_something_else_is_kept_and_named(number, what):
    market = Market(count=20)
    line = market.line(number)
    trade_id, price, quantity, at, maker = market.trades[number]
    other = {
        "price": line.replace(price.encode(), b"1.00000000"),
        "quantity": line.replace(b'"q":"%b"' % quantity.encode(), b'"q":"123.00000000"'),
        "maker": line.replace(b'"m":true' if maker else b'"m":false', b'"m":false' if maker else b'"m":true'),
        "time": line.replace(b'"T":%d' % at, b'"T":%d' % (at + 1_000)),
    }[what]
    day = gather([*market.lines(), other]).assemble()
    assert day.conflicting == (trade_id,)
    assert set(day.copies) < {line, other} and len(day.copies) == 1
    assert sorted([*file.read(file.write(day)).lines(), *day.copies]) == sorted([*market.lines(), other])


def test_a_copy_whose_time_was_cut_to_ms_says_the_same():
    market = Market(count=5)
    at = market.trades[2][3]
    cut = market.line(2).replace(b"%d" % at, b"%d" % (at // 1_000)).replace(b"%d" % (at + 1), b"%d" % (at // 1_000))
    day = gather([*market.lines(), cut]).assemble()
    assert day.conflicting == () and len(day.copies) == 1
