"""The tape by pages: every trade once, in id order, in the exchange's own digits."""

import json

from candlewick.dashboard.routes.trades import page, page_json
from candlewick.mart.reader import Mart
from candlewick.moments import instant
from dashboard.proven import DECLARED, MISSING, SECOND, SYMBOL, amount, minutes

HELD = [trade for minute in minutes() for trade in minute.trades if trade[0] not in MISSING]


def test_pages_meet_without_a_gap_up_to_the_newest_trade(proven_mart: Mart) -> None:
    ids: list[int] = []
    start, following = instant(SECOND), None
    while table := page(proven_mart, SYMBOL, start, following, 7):
        if not table.num_rows:
            break
        ids += table.column("trade_id").to_pylist()
        start, following = table.column("traded_at")[-1].as_py(), ids[-1] + 1
    assert ids == [trade_id for trade_id, *_ in HELD]


def test_a_page_begins_with_the_first_trade_of_a_time(proven_mart: Mart) -> None:
    table = page(proven_mart, SYMBOL, instant(SECOND + 240), None, 3)
    assert table.column("trade_id").to_pylist() == [DECLARED[1] + 1, DECLARED[1] + 2, DECLARED[1] + 3]


def test_a_quiet_time_is_passed_over_to_the_next_trade(proven_mart: Mart) -> None:
    table = page(proven_mart, SYMBOL, instant(SECOND - 3 * 86_400), None, 2)
    assert table.column("trade_id").to_pylist() == [100, 101]


def test_amounts_are_the_exchanges_digits_as_text(proven_mart: Mart) -> None:
    columns = json.loads(page_json(page(proven_mart, SYMBOL, instant(SECOND), None, 2)))
    (first, price, quantity, at), _ = HELD[:2]
    assert (int(columns["i"][0]), columns["t"][0], columns["m"][0]) == (first, at, 0)
    assert (columns["p"][0], columns["q"][0]) == (amount(price).rstrip("0").rstrip("."), amount(quantity))


def test_behind_the_newest_trade_there_is_nothing(proven_mart: Mart) -> None:
    assert json.loads(page_json(page(proven_mart, SYMBOL, instant(SECOND + 10**6), None, 5)))["i"] == []
