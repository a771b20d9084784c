"""The sealed file."""

import io
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from candlewick.errors import TornObjectError
from candlewick.lake.sealed import columns, file
from seal.made import Market, gather, recorded, trades_of


def test_a_day_written_and_read_is_the_same_day():
    day = Market().gathered().assemble()
    sealed = file.read(file.write(day))
    assert (sealed.symbol, sealed.day, sealed.places) == (day.symbol, day.day, day.places)
    assert sealed.trades.equals(trades_of(day))
    assert list(sealed.lines()) == Market().lines()


def test_a_file_is_the_one_that_would_be_written_at_once(monkeypatch):
    monkeypatch.setattr(columns, "IDS_PER_PART", 64)
    day = Market().gathered().assemble()
    content, whole = file.write(day), io.BytesIO()
    monkeypatch.undo()
    pq.write_table(
        file.typed(day.symbol, trades_of(day), pq.read_schema(io.BytesIO(content))),
        whole,
        row_group_size=64,
        compression="zstd",
        compression_level=9,
        use_dictionary=["symbol", "source", "line"],
        column_encoding=dict.fromkeys(
            ["trade_id", "price", "quantity", "traded_at", "event_at", "received_at"], "DELTA_BINARY_PACKED"
        ),
        store_decimal_as_integer=True,
    )
    assert content == whole.getvalue()


def test_any_reader_finds_exact_types(tmp_path: Path):
    market = Market(symbol="币安人生USDT", places=(7, 1))
    (tmp_path / "day.parquet").write_bytes(file.write(market.gathered().assemble()))
    found = duckdb.sql(f"""
        select symbol, trade_id, price, quantity, epoch_us(traded_at), is_buyer_maker
        from '{tmp_path}/day.parquet'""").fetchall()
    assert found == [
        (market.symbol, trade_id, Decimal(price), Decimal(quantity), at, maker)
        for trade_id, price, quantity, at, maker in market.trades
    ]
    types = duckdb.sql(f"select typeof(price), typeof(quantity), typeof(traded_at) from '{tmp_path}/day.parquet'")
    assert types.limit(1).fetchall() == [("DECIMAL(18,7)", "DECIMAL(18,1)", "TIMESTAMP WITH TIME ZONE")]


def test_a_recorded_trade_costs_at_most_eight_bytes(recording: Path):
    raw = recorded(recording)
    day = gather(raw).assemble()
    content = file.write(day)
    assert day.places == (2, 5) and not day.copies
    assert sorted(file.read(content).lines()) == sorted(raw)
    assert len(content) / day.count < 8


@pytest.mark.parametrize("content", [b"", b"PAR1", b"x" * 5_000])
def test_what_is_no_sealed_file_is_named(content):
    with pytest.raises(TornObjectError, match=r"BTCUSDT.parquet: not a sealed file"):
        file.read(content, "BTCUSDT.parquet")


def test_a_sealed_file_that_lost_a_byte_is_not_read():
    content = file.write(Market().gathered().assemble())
    with pytest.raises(TornObjectError):
        file.read(content[:-1], "BTCUSDT.parquet")
