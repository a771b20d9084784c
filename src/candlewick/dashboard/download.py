"""Tables as files: CSV with exact decimals, Parquet with the warehouse's own types."""

import io
from collections.abc import Callable

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet


def csv_bytes(table: pa.Table) -> bytes:
    """Write a table as CSV with a header. What CSV has no form for, such as a list, is written as text."""
    out = io.BytesIO()
    pyarrow.csv.write_csv(_as_text(table, lambda kind: pa.types.is_nested(kind) or pa.types.is_interval(kind)), out)
    return out.getvalue()


def parquet_bytes(table: pa.Table) -> bytes:
    """Write a table as Parquet, compressed by zstd. An interval, which Parquet has no form for, is written as text."""
    out = io.BytesIO()
    pyarrow.parquet.write_table(_as_text(table, pa.types.is_interval), out, compression="zstd")
    return out.getvalue()


def _as_text(table: pa.Table, is_unfit: Callable[[pa.DataType], bool]) -> pa.Table:
    """The table with the columns of unfit types as text."""
    for index, field in enumerate(table.schema):
        if is_unfit(field.type):
            texts = [None if value is None else str(value) for value in table.column(index).to_pylist()]
            table = table.set_column(index, field.name, pa.array(texts, pa.string()))
    return table
