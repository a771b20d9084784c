"""What objects hold, in Arrow: lines as rows of RAW, by kind, and sealed trades; with no work per line here."""

import struct
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from candlewick.lake.manifest import encode
from candlewick.lake.objects import LakeObject, LakeSealed, LakeText, LakeTrades

Readable = LakeObject | LakeText | LakeTrades | LakeSealed
_PART_BYTES = 8 * 2**20
_JSON = pa.json_(pa.string())
_SCHEMA = pa.schema(
    [
        ("payload", pa.string()),
        ("object_name", pa.dictionary(pa.int32(), pa.string())),
        ("row_number", pa.int64()),
        ("loaded_at", pa.timestamp("us")),
    ]
)


_TRADES = pa.schema(
    [
        ("symbol", pa.string()),
        ("trade_id", pa.int64()),
        ("price", pa.decimal128(18, 8)),
        ("quantity", pa.decimal128(18, 8)),
        ("is_buyer_maker", pa.bool_()),
        ("traded_at", pa.timestamp("us")),
        ("received_at", pa.timestamp("us")),
        ("source", pa.string()),
    ]
)


class Lines(NamedTuple):
    """Rows of RAW, by what the models call their kinds; an unknown kind is among the trades, and none of them."""

    trade_lines: pa.Table
    kline_lines: pa.Table
    manifest_lines: pa.Table


def is_text(item: Readable) -> bool:
    """Whether an object's lines are text."""
    try:
        item.text.isascii() or item.text.decode()
    except UnicodeDecodeError:
        return False
    return True


def lines_of(objects: Sequence[Readable], moment: datetime) -> Lines:
    """Return the lines of objects, all of them text, loaded at `moment`."""
    parts = [_events([item for item in objects if bool(item.manifest.klines) is has], moment) for has in (False, True)]
    is_kline = pc.match_substring(parts[1]["payload"], '"e":"kline"')
    return Lines(
        trade_lines=pa.concat_tables([parts[0], parts[1].filter(pc.invert(is_kline))]),
        kline_lines=parts[1].filter(is_kline),
        manifest_lines=_manifests(objects, moment),
    )


def as_json(lines: pa.Table) -> pa.Table:
    """Call the payload of lines JSON, as DuckDB calls it, which then takes their word for it."""
    chunks = [pa.ExtensionArray.from_storage(_JSON, chunk) for chunk in lines["payload"].chunks]
    return lines.set_column(0, "payload", pa.chunked_array(chunks, _JSON))


def _events(objects: Sequence[Readable], moment: datetime) -> pa.Table:
    """All lines of some objects but their manifests."""
    objects = [item for item in objects if item.text]
    payload = pa.chunked_array([_split(part) for part in _parts(objects)], pa.string())
    counts = [_line_count(item) for item in objects]
    ends = pc.cumulative_sum(pa.array(counts, pa.int64()))
    before = _repeated(pc.subtract(ends, pa.array(counts, pa.int64())), ends)
    which = _repeated(pa.array(range(len(objects)), pa.int32()), ends)
    named = pa.DictionaryArray.from_arrays(which, pa.array([item.name for item in objects], pa.string()))
    row = pc.subtract(_count(len(payload)), before)
    return pa.table([payload, named, row, _moments(moment, len(payload))], schema=_SCHEMA)


def _parts(objects: Sequence[Readable]) -> Iterator[list[bytes]]:
    """Texts that are split at once: many small ones, and not so much that copies of it would need memory."""
    part: list[bytes] = []
    size = 0
    for item in objects:
        part.append(item.text)
        size += len(part[-1])
        if size >= _PART_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _split(texts: list[bytes]) -> pa.Array:
    """The lines of texts. They are text, as was asked before: nothing is copied or looked at again."""
    whole = b"".join(texts)
    ends = pa.py_buffer(struct.pack("=ii", 0, len(whole) - 1))
    return pc.list_flatten(pc.split_pattern(pa.StringArray.from_buffers(1, ends, pa.py_buffer(whole)), "\n"))


def _line_count(item: Readable) -> int:
    """How many lines are at hand: those that the manifest promises, since whoever read the object counted them."""
    return item.manifest.lines if item.text else 0


def _repeated(values: pa.Array, ends: pa.Array) -> pa.Array:
    """Each value as often as its run is long; `ends` says where each one ends."""
    return pc.run_end_decode(pa.RunEndEncodedArray.from_arrays(ends, values))


def trades_of(objects: Sequence[Readable], moment: datetime) -> pa.Table:
    """Return the sealed trades among objects, each object's in its order."""
    tables = [item.trades for item in objects if isinstance(item, LakeTrades)]
    whole = pa.concat_tables(tables or [_TRADES.empty_table()], promote_options="permissive")
    return whole.append_column("row_number", _count(whole.num_rows)).append_column(
        "loaded_at", _moments(moment, whole.num_rows)
    )


def _count(count: int) -> pa.Array:
    """1, 2, 3, …"""
    return pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), count))


def _manifests(objects: Sequence[Readable], moment: datetime) -> pa.Table:
    payload = pa.array([encode(item.manifest) for item in objects], pa.binary()).cast(pa.string())
    named = pa.array([item.name for item in objects], pa.string()).dictionary_encode()
    rows = pa.array([_line_count(item) + 1 for item in objects], pa.int64())
    return pa.table([payload, named, rows, _moments(moment, len(objects))], schema=_SCHEMA)


def _moments(moment: datetime, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(moment, pa.timestamp("us")), count)
