"""Exported files: every digit of the warehouse's decimals, in both formats."""

import csv
import io
from decimal import Decimal
from email.message import Message
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from candlewick.dashboard.routes.export import attachment, csv_bytes, parquet_bytes

AMOUNT = pa.decimal128(38, 8)
amounts = st.decimals(min_value=0, max_value=10**20, places=8, allow_nan=False)


def table(values: list[Decimal]) -> pa.Table:
    return pa.table({"close": pa.array(values, AMOUNT), "last_trade_id": pa.array(range(len(values)), pa.int64())})


@given(st.lists(amounts, max_size=20))
def test_csv_keeps_every_digit(values: list[Decimal]) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_bytes(table(values)).decode())))
    assert [Decimal(row["close"]) for row in rows] == values
    assert [int(row["last_trade_id"]) for row in rows] == list(range(len(values)))


@given(st.lists(amounts, max_size=20))
def test_parquet_keeps_every_digit_and_every_type(values: list[Decimal]) -> None:
    assert pq.read_table(io.BytesIO(parquet_bytes(table(values)))).equals(table(values))


def test_a_files_name_may_have_any_letters():
    header = attachment("币安人生USDT-1m.csv")
    assert header.encode("latin-1")
    message = Message()
    message["Content-Disposition"] = header
    assert unquote(header.partition("filename*=UTF-8''")[2]) == "币安人生USDT-1m.csv"
    assert 'filename="____USDT-1m.csv"' in header
    assert message.get_content_disposition() == "attachment"
