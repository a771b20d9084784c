"""Reading GOLD on Snowflake: by the Python API and `candlewick sql`, with what the embedded warehouse would answer."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

import candlewick
from candlewick.cli import app
from candlewick.config import Settings
from candlewick.errors import WarehouseError
from candlewick.mart.reader import Mart
from candlewick.warehouse.snowflake.gold import CANDLE, Gold
from made.small_gold import SmallGold
from warehouse.small_mart import SmallMart

DAY = datetime(2024, 8, 8)


@pytest.fixture
def gold(peer, settings: Settings) -> SmallGold:
    return SmallGold.make(settings)


@pytest.fixture
def reader(gold, settings: Settings) -> Iterator[Gold]:
    reader = Gold(settings)
    yield reader
    reader.close()


@pytest.fixture
def home(gold, tmp_path: Path, monkeypatch) -> Path:
    text = 'lake = "s3://tape"\nwarehouse = "snowflake"\n[snowflake]\nconnection = "peer"\n'
    (tmp_path / "candlewick.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_candles_are_the_newest_of_a_period_in_order_and_exact(reader, gold):
    for minute in range(5):
        gold.settle(DAY.replace(minute=minute), price=minute + 1)
    rows = reader.candles("BTCUSDT", "1m", DAY.replace(minute=1), DAY.replace(minute=4, tzinfo=UTC), 2)
    assert rows.schema.equals(CANDLE)
    assert rows["open_time"].to_pylist() == [DAY.replace(minute=2), DAY.replace(minute=3)]
    assert rows["close"].to_pylist() == [Decimal(3), Decimal(4)]


def test_candles_that_the_models_have_not_settled_are_there(reader, gold):
    gold.settle(DAY)
    gold.trade(DAY.replace(minute=1), price=9)
    rows = reader.candles("BTCUSDT", "1m")
    assert rows["close"].to_pylist() == [Decimal(5), Decimal(9)]
    assert rows["is_closed"].to_pylist() == [True, False]


def test_no_candles_are_an_empty_table_of_the_same_columns(reader):
    assert reader.candles("BTCUSDT", "5m").schema.equals(CANDLE)


def test_a_timeframe_that_there_is_not(reader):
    with pytest.raises(WarehouseError, match=r"expected a timeframe of 1s, .*, got '7x'"):
        reader.candles("BTCUSDT", "7x")


def test_the_columns_are_those_of_the_mart(reader, gold, tmp_path):
    """What reads one warehouse reads the other: each column the mart has is here, under its name."""
    mart = SmallMart.make(tmp_path)
    mart.put_candle(DAY)
    mart.publisher().publish()
    assert set(Mart(mart.path).candles("BTCUSDT", "1m").column_names) <= set(CANDLE.names)


def test_parameters_are_bound_not_pasted(reader, gold):
    gold.settle(DAY, symbol="O'NE")
    rows = reader.query("select symbol from gold.trades_ohlc_1m where symbol = ?", ["O'NE"])
    assert rows.to_pylist() == [{"symbol": "O'NE"}]


def test_a_table_that_is_not_there_is_one_line(reader):
    with pytest.raises(WarehouseError) as caught:
        reader.query("select * from gold.nothing")
    assert "\n" not in str(caught.value) and "NOTHING" in str(caught.value).upper()


def test_the_python_api_reads_snowflake_where_the_settings_say_so(home, gold):
    gold.settle(DAY, price=7)
    candles = candlewick.candles("btcusdt", "1m")
    assert candles.arrow["close"].to_pylist() == [Decimal(7)]
    assert candles.pandas()["close"].tolist() == [Decimal(7)]
    with candlewick.connect() as db:
        relation = db.sql("select count(*) as n, max(close) as top from gold.trades_ohlc_1m")
        assert relation.columns == ["n", "top"]
        assert relation.fetchall() == [(1, Decimal(7))]


def test_sql_prints_a_table_csv_and_json(home, gold):
    gold.settle(DAY, price=7)
    query = "select symbol, open_time, close from gold.trades_ohlc_1m"
    table = CliRunner().invoke(app, ["sql", query])
    assert table.exit_code == 0, table.output
    assert "BTCUSDT" in table.output and "7.00000000" in table.output
    rows = list(csv.reader(io.StringIO(CliRunner().invoke(app, ["sql", query, "-o", "csv"]).output)))
    assert rows == [["symbol", "open_time", "close"], ["BTCUSDT", "2024-08-08 00:00:00", "7.00000000"]]
    json_lines = CliRunner().invoke(app, ["sql", query, "-o", "json"]).output
    assert json_lines == '{"symbol":"BTCUSDT","open_time":"2024-08-08T00:00:00","close":"7.00000000"}\n'
