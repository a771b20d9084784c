import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas
import polars
import pytest

import candlewick
from candlewick.errors import ConfigError, MartNotReadyError
from warehouse.small_mart import SmallMart

DAY = datetime(2024, 8, 8)


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A home with candlewick.toml and a published mart, which is the working directory."""
    (tmp_path / "candlewick.toml").write_text('data = "."\n')
    monkeypatch.chdir(tmp_path)
    mart = SmallMart.make(tmp_path)
    mart.put_candle(DAY, price=5)
    mart.put_candle(datetime(2024, 8, 9), price=6)
    mart.put_trade(7, DAY)
    mart.publisher().publish()
    return tmp_path


def test_candles_are_exact_as_arrow_pandas_and_polars(home):
    candles = candlewick.candles("btcusdt", "1m")
    assert len(candles) == 2
    assert candles.arrow["close"].to_pylist() == [Decimal(5), Decimal(6)]
    assert candles.pandas()["close"].tolist() == [Decimal(5), Decimal(6)]
    assert candles.polars()["close"].to_list() == [Decimal(5), Decimal(6)]
    assert candles.pandas()["open_time"].tolist() == [pandas.Timestamp(DAY), pandas.Timestamp("2024-08-09")]


def test_floats_are_given_to_who_asks_for_them(home):
    candles = candlewick.candles("BTCUSDT")
    assert candles.pandas(floats=True)["close"].dtype == "float64"
    assert candles.polars(floats=True)["close"].dtype == polars.Float64


def test_whatever_takes_arrow_takes_rows(home):
    rows = candlewick.candles("BTCUSDT")
    assert polars.DataFrame(rows).height == 2
    with duckdb.connect() as database:  # the module's own connection is shared with every other test
        assert database.sql("select max(close) from rows").fetchall() == [(Decimal(6),)]
    assert "2 rows: symbol, open_time" in repr(rows)


def test_a_period_may_be_given_as_text(home):
    assert len(candlewick.candles("BTCUSDT", start="2024-08-09")) == 1
    assert len(candlewick.candles("BTCUSDT", start="2024-08-08", end="2024-08-08T00:01")) == 1
    assert len(candlewick.candles("BTCUSDT", end=DAY)) == 0
    assert len(candlewick.candles("BTCUSDT", limit=1)) == 1
    assert candlewick.trades("BTCUSDT", "2024-08-08").arrow["trade_id"].to_pylist() == [7]
    with pytest.raises(ConfigError, match="got 'yesterday'"):
        candlewick.candles("BTCUSDT", start="yesterday")


def test_sql_runs_over_all_tables(home):
    with candlewick.connect() as db:
        assert db.sql("select count(*) from gold.trades_ohlc_1m").fetchall() == [(2,)]
    with candlewick.connect(home / "candlewick.toml") as db:
        assert db.sql("select count(*) from silver.trades_deduped").fetchall() == [(1,)]


def test_where_nothing_is_published_it_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MartNotReadyError):
        candlewick.connect()


def test_the_api_is_loaded_when_it_is_asked_for(home):
    loads = (
        "import sys, candlewick as c; assert not 'pyarrow' in sys.modules; c.candles; assert 'pyarrow' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", loads], check=True)
    with pytest.raises(AttributeError):
        candlewick.nothing  # noqa: B018
