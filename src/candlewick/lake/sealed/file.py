"""Pure: the sealed file. Parquet, one row a trade, sorted by id; typed for whoever reads it, and exact.

Prices and quantities are DECIMAL(18, the symbol's own places), so the scale is part of the file, stored as integers;
integers and times are delta-coded, and what never changes (symbol, source, places) costs next to nothing. The columns
behind `source` are only for writing the raw lines again.
"""

import io
import json
import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from candlewick.errors import TornObjectError
from candlewick.lake.sealed import day as days
from candlewick.lake.sealed.columns import IDS_PER_PART
from candlewick.lake.sealed.day import Day, column
from candlewick.lake.sealed.lines import SCHEMA, Numbers

VERSION = 1
TYPED = ("symbol", "trade_id", "price", "quantity", "is_buyer_maker", "traded_at", "received_at", "source")
"""The columns that a table of trades needs."""
_KEY = b"candlewick"
_LEVEL = 9
_TIMES = ("traded_at", "event_at", "received_at")
_DECIMALS = ("price", "quantity")
_NAMES = ("symbol", *SCHEMA.names)
_MICROS = pa.timestamp("us", tz="UTC")


class Sealed(NamedTuple):
    """A sealed file as read: the same trades and places as of the `Day` it was made of."""

    symbol: str
    day: date
    trades: pa.Table
    places: tuple[int, int]

    def lines(self) -> Iterator[bytes]:
        """Write the raw lines again, in id order."""
        return iter(days.encode(self.symbol, self.trades, self.places))


class About(NamedTuple):
    """What a sealed file says of itself, without a row of it being read."""

    symbol: str
    day: date
    rows: int
    places: tuple[int, int]
    first_trade_id: int
    last_trade_id: int
    largest_quote: float
    """No trade's price times its quantity is larger."""


def write(day: Day) -> bytes:
    """Return the sealed file of a day: a row group for each part of it."""
    sink, schema = io.BytesIO(), _schema(day)
    with pq.ParquetWriter(
        sink,
        schema,
        compression="zstd",
        compression_level=_LEVEL,
        use_dictionary=["symbol", "source", "line"],
        column_encoding=dict.fromkeys(("trade_id", *_DECIMALS, *_TIMES), "DELTA_BINARY_PACKED"),
        store_decimal_as_integer=True,
    ) as writer:
        for trades in day.parts():
            writer.write_table(typed(day.symbol, trades, schema), row_group_size=IDS_PER_PART)
    return sink.getvalue()


def read(content: bytes | Path, name: str = "the sealed file", group: int | None = None) -> Sealed:
    """Read a sealed file whole, or one of its row groups. Raises `TornObjectError` for one that is none."""
    try:
        parquet = _opened(content)
        table = parquet.read() if group is None else parquet.read_row_group(group)
        about = json.loads(table.schema.metadata[_KEY])
        if about["version"] != VERSION or tuple(table.schema.names) != _NAMES:
            raise TornObjectError(f"{name}: expected a sealed file of version {VERSION}, got {about}")
        places = tuple(table.schema.field(each).type.scale for each in _DECIMALS)
        return Sealed(about["symbol"], date.fromisoformat(about["day"]), _plain(table), places)
    except (pa.ArrowException, KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        raise TornObjectError(f"{name}: not a sealed file: {str(error).partition(chr(10))[0]}") from None


def read_typed(content: bytes | Path, name: str = "the sealed file", group: int | None = None) -> pa.Table:
    """Read the columns `TYPED` of a sealed file, or of one row group: decimals in the symbol's places, times in UTC.

    Raises `TornObjectError` for a file that is none.
    """
    try:
        parquet = _opened(content)
        if json.loads(parquet.schema_arrow.metadata[_KEY])["version"] != VERSION:
            raise TornObjectError(f"{name}: expected a sealed file of version {VERSION}")
        columns = list(TYPED)
        table = parquet.read(columns) if group is None else parquet.read_row_group(group, columns)
    except (pa.ArrowException, KeyError, TypeError, ValueError, OSError) as error:
        raise TornObjectError(f"{name}: not a sealed file: {str(error).partition(chr(10))[0]}") from None
    for time in ("traded_at", "received_at"):
        at = table.schema.get_field_index(time)
        table = table.set_column(at, time, table.column(time).cast(pa.timestamp("us")))
    return table


def about(content: bytes, name: str = "the sealed file") -> About:
    """Read what a sealed file says of itself. Raises `TornObjectError` for one that is none."""
    try:
        parquet = _opened(content)
        told, whole = json.loads(parquet.schema_arrow.metadata[_KEY]), parquet.metadata
        if told["version"] != VERSION:
            raise TornObjectError(f"{name}: expected a sealed file of version {VERSION}, got {told}")
        groups = [whole.row_group(group) for group in range(whole.num_row_groups)]
        known = {name: [each.column(at).statistics for each in groups] for at, name in enumerate(_NAMES)}
        places = tuple(parquet.schema_arrow.field(each).type.scale for each in _DECIMALS)
        return About(
            symbol=told["symbol"],
            day=date.fromisoformat(told["day"]),
            rows=whole.num_rows,
            places=places,
            first_trade_id=min(each.min for each in known["trade_id"]),
            last_trade_id=max(each.max for each in known["trade_id"]),
            largest_quote=math.prod(float(max(each.max for each in known[name])) for name in _DECIMALS),
        )
    except (pa.ArrowException, KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        raise TornObjectError(f"{name}: not a sealed file: {str(error).partition(chr(10))[0]}") from None


def parts(content: bytes, name: str = "the sealed file") -> Iterator[Sealed]:
    """Read a sealed file a row group at a time. Raises as `read` does."""
    for group in range(_opened(content).num_row_groups):
        yield read(content, name, group)


def groups(content: bytes) -> list[int]:
    """Return the last trade id of each row group of a sealed file."""
    about = _opened(content).metadata
    at = _NAMES.index("trade_id")
    return [int(about.row_group(group).column(at).statistics.max) for group in range(about.num_row_groups)]


def ids_and_times(content: bytes) -> Iterator[tuple[Numbers, Numbers]]:
    """Read of each row group of a sealed file its trades' ids, and when they were made (µs since the epoch)."""
    parquet = _opened(content)
    for group in range(parquet.num_row_groups):
        trades = parquet.read_row_group(group, ["trade_id", "traded_at"])
        yield column(trades, "trade_id"), column(trades, "traded_at").astype(np.int64)


def _opened(content: bytes | Path) -> pq.ParquetFile:
    return pq.ParquetFile(pa.BufferReader(content) if isinstance(content, bytes) else content)


def _schema(day: Day) -> pa.Schema:
    """Return the columns of a day's sealed file."""
    types = {each.name: each.type for each in SCHEMA}
    types |= {name: pa.decimal128(18, places) for name, places in zip(_DECIMALS, day.places, strict=True)}
    types |= dict.fromkeys(_TIMES, _MICROS)
    return pa.schema({"symbol": pa.dictionary(pa.int32(), pa.string()), **types}, {_KEY: _metadata(day)})


def typed(symbol: str, trades: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return trades as columns of a sealed file."""
    columns = {name: trades.column(name).combine_chunks() for name in SCHEMA.names}
    columns["symbol"] = pa.DictionaryArray.from_arrays(np.zeros(trades.num_rows, np.int32), pa.array([symbol]))
    for name in _DECIMALS:
        columns[name] = decimals(column(trades, name), schema.field(name).type.scale)
    for name in _TIMES:
        columns[name] = columns[name].cast(_MICROS)
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


def _plain(table: pa.Table) -> pa.Table:
    """Undo `typed`."""
    columns = {name: table.column(name) for name in SCHEMA.names}
    for name in _DECIMALS:
        columns[name] = pa.array(_digits(table.column(name).combine_chunks()))
    for name in _TIMES:
        columns[name] = columns[name].cast(pa.int64())
    columns["source"] = columns["source"].cast(pa.string())
    return pa.Table.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def decimals(digits: Numbers, places: int) -> pa.Array:
    """Return integers as decimals, by their bytes: an i128 whose upper half is 0, for none is negative."""
    words = np.zeros((len(digits), 2), "<i8")
    words[:, 0] = digits
    return pa.Array.from_buffers(pa.decimal128(18, places), len(digits), [None, pa.py_buffer(words)])


def _digits(values: pa.Array) -> Numbers:
    words = np.frombuffer(values.buffers()[1], "<i8").reshape(-1, 2)
    digits: np.ndarray[Any, Any] = words[values.offset : values.offset + len(values), 0].copy()
    return digits


def _metadata(day: Day) -> bytes:
    about = {"version": VERSION, "symbol": day.symbol, "day": day.day.isoformat()}
    return json.dumps(about, ensure_ascii=False, sort_keys=True).encode()
