"""Candles that `backfill --candles` fetched: in a table of their own, and in charts before the tape."""

from datetime import datetime

from candlewick.mart.reader import Mart
from candlewick.moments import now_us
from candlewick.warehouse.duckdb import owner
from warehouse.lakes import MINUTE, START, Writer, kline_line, trade_line

HOUR = START - START % (60 * MINUTE)
DAY = HOUR - 23 * 60 * MINUTE
"""The whole day before START's last minutes: 2024-08-08 00:00 UTC."""


def quarter(at: int, price: int) -> bytes:
    prices = dict.fromkeys("ohlc", f"{price}.0")
    return kline_line("BTCUSDT", at, prices | {"i": "15m", "v": "1.0", "q": f"{price}.0", "n": 2, "V": "0", "Q": "0"})


def test_the_chart_of_days_is_full_and_what_is_made_of_trades_wins(settings, lake):
    clock = now_us() - 60_000_000
    fetched = Writer(lake, recorder="r1-candles", clock=clock)
    days = [DAY - 24 * 60 * MINUTE, DAY]
    fetched.stream([quarter(day + n * 15 * MINUTE, 7) for day in days for n in range(96)])
    owner.run(settings, once=True)
    mart = Mart(settings.mart_path)
    assert origins(mart, "1d") == [(datetime(2024, 8, 7), "exchange"), (datetime(2024, 8, 8), "exchange")]

    Writer(lake, clock=clock).stream([trade_line("BTCUSDT", n, START + n * 1_000) for n in range(5)])
    owner.run(settings, once=True)
    assert origins(mart, "1d") == [(datetime(2024, 8, 7), "exchange"), (datetime(2024, 8, 8), "trades")]
    assert origins(mart, "1d", limit=1) == [(datetime(2024, 8, 8), "trades")]
    assert len(origins(mart, "4h")) == 12 and origins(mart, "4h")[-1] == (datetime(2024, 8, 8, 20), "trades")
    assert origins(mart, "1m") == [(datetime(2024, 8, 8, 23, 54), "trades")]
    statuses = mart.query("select status from gold.candle_audit").to_pylist()
    assert all(row["status"] != "mismatch" for row in statuses), "they are no oracle of a minute"


def origins(mart: Mart, timeframe: str, limit: int | None = None) -> list[tuple[datetime, str]]:
    table = mart.candles("BTCUSDT", timeframe, limit=limit)
    return list(zip(table["open_time"].to_pylist(), table["origin"].to_pylist(), strict=True))
