"""How many of the exchange's own candles `candlewick up` fetches by itself."""

from pathlib import Path

import pytest

from candlewick.config import Settings
from candlewick.supervisor.past import AT_MOST, LOG, PER_DAY, candles_of_the_past, days_of


@pytest.mark.parametrize(
    ("symbols", "candles", "days"),
    [
        (("BTCUSDT",), 365, 365),
        (("BTCUSDT",), 0, 0),
        (("BTCUSDT", "ETHUSDT"), 30, 30),
        (tuple(f"S{number}USDT" for number in range(300)), 365, 10),
        (("*USDT",), 365, 0),
    ],
)
def test_a_year_is_fetched_and_less_of_many_symbols(symbols: tuple[str, ...], candles: int, days: int) -> None:
    assert days_of(Settings(symbols=symbols, candles=candles)) == days
    assert days * len(symbols) * PER_DAY <= AT_MOST


def test_where_none_are_wanted_nothing_runs(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, candles=0)
    with candles_of_the_past(settings, None):
        pass
    assert not (settings.log_path / LOG).exists()
