"""What a mismatch is about, told from both sides' values."""

from datetime import datetime
from decimal import Decimal

import pytest
from rich.console import Console

from candlewick.audit import report
from candlewick.audit.verdict import Mismatch, Verdict
from candlewick.trade import COMPARED

OURS = dict.fromkeys(COMPARED, Decimal(7)) | {"trade_count": 3}


def mismatch(**theirs: str) -> Mismatch:
    values = OURS | {name: Decimal(value) for name, value in theirs.items()}
    return Mismatch("ETHBTC", datetime(2026, 11, 27), tuple(theirs), OURS, values, 1, 3)


@pytest.mark.parametrize(
    ("theirs", "is_about_cutting"),
    [
        ({"quote_volume": "7.00000002"}, True),
        ({"quote_volume": "7.00000002", "taker_buy_quote_volume": "6.99999999"}, True),
        ({"quote_volume": "7.00000003"}, False),
        ({"quote_volume": "7.00000001", "volume": "8"}, False),
        ({"close": "7.00000001"}, False),
    ],
)
def test_less_than_a_place_a_trade_in_quote_sums_alone_is_about_cutting(theirs, is_about_cutting):
    assert mismatch(**theirs).is_about_cutting == is_about_cutting


def test_it_is_said_in_words_and_stays_a_mismatch():
    verdict = Verdict(None, mismatches=[mismatch(quote_volume="7.00000001"), mismatch(close="8")])
    console = Console(width=300, record=True, file=None, quiet=False)
    with console.capture() as shown:
        console.print(report.render(verdict))
    about_cutting, other = (line for line in shown.get().splitlines() if line.startswith("mismatch"))
    assert "by less than 0.00000001 a trade" in about_cutting
    assert "a trade" not in other
    assert not verdict.is_good
