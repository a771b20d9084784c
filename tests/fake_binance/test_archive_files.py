"""What is in a daily file, made without a server."""

from datetime import UTC, date, datetime

import pytest

from candlewick.fake_binance.faults import Fault, Plan, Script
from candlewick.fake_binance.market.instruments import character
from candlewick.fake_binance.market.market import SyntheticMarket
from candlewick.fake_binance.server.archive import DailyFile

NOON = 1_768_564_800_000_000
SLOW = SyntheticMarket([character("SLOWDEMO=0.1", 1)], seed=4)


@pytest.mark.parametrize(("day", "digits"), [(date(2024, 12, 31), 13), (date(2025, 1, 1), 16)])
def test_times_are_in_milliseconds_before_2025_and_in_microseconds_from_then(day, digits):
    market = SyntheticMarket([character("SLOWDEMO=0.02", 1)], seed=1)
    row = next(DailyFile("SLOWDEMO", day, None).text(market)).split(",")
    assert len(row[4]) == digits


def test_the_archive_has_no_trades_that_do_not_exist():
    day = datetime.fromtimestamp(NOON / 1e6, UTC).date()
    next_id = SLOW.id_at("SLOWDEMO", NOON)
    script = Script(Plan([Fault("hole", count=20)]))
    script.meet(lambda: {"SLOWDEMO": next_id})
    script.advance()
    text = "".join(DailyFile("SLOWDEMO", day, None).text(script.market(SLOW)))
    numbers = {int(line.split(",")[0]) for line in text.splitlines()}
    assert set(range(next_id - 5, next_id + 30)) - numbers == set(range(next_id + 1, next_id + 21))
