"""Tables as files: CSV with exact decimals, Parquet with the warehouse's own types."""

import io

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet


def csv_bytes(table: pa.Table) -> bytes:
    """Write a table as CSV with a header. What CSV has no form for, such as a list, is written as text."""
    out = io.BytesIO()
    pyarrow.csv.write_csv(_flat(table), out)
    return out.getvalue()


def parquet_bytes(table: pa.Table) -> bytes:
    """Write a table as Parquet, compressed by zstd."""
    out = io.BytesIO()
    pyarrow.parquet.write_table(table, out, compression="zstd")
    return out.getvalue()


def _flat(table: pa.Table) -> pa.Table:
    for index, field in enumerate(table.schema):
        if pa.types.is_nested(field.type) or pa.types.is_interval(field.type):
            texts = pa.array([None if value is None else str(value) for value in table.column(index).to_pylist()])
            table = table.set_column(index, field.name, texts.cast(pa.string()))
    return table
