"""The lines of objects as rows of RAW, by kind, in Arrow: made for a whole load at once, with no work per line here."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from candlewick.lake.manifest import encode
from candlewick.lake.objects import LakeObject, LakeText

Readable = LakeObject | LakeText
_SCHEMA = pa.schema(
    [
        ("payload", pa.string()),
        ("object_name", pa.string()),
        ("row_number", pa.int64()),
        ("loaded_at", pa.timestamp("us")),
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


def _events(objects: Sequence[Readable], moment: datetime) -> pa.Table:
    """All lines of some objects but their manifests."""
    texts = [item.text for item in objects if item.text]
    if not texts:
        return _SCHEMA.empty_table()
    whole = pa.array([b"".join(texts)[:-1]], pa.binary()).cast(pa.string())
    payload = pc.list_flatten(pc.split_pattern(whole, "\n"))
    counts = [text.count(b"\n") for text in texts]
    ends = pc.cumulative_sum(pa.array(counts, pa.int64()))
    before = _repeated(pc.subtract(ends, pa.array(counts, pa.int64())), ends)
    named = _repeated(pa.array([item.name for item in objects if item.text], pa.string()), ends)
    count = pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), len(payload)))
    return pa.table([payload, named, pc.subtract(count, before), _moments(moment, len(payload))], schema=_SCHEMA)


def _repeated(values: pa.Array, ends: pa.Array) -> pa.Array:
    """Each value as often as its run is long; `ends` says where each one ends."""
    return pc.run_end_decode(pa.RunEndEncodedArray.from_arrays(ends, values))


def _manifests(objects: Sequence[Readable], moment: datetime) -> pa.Table:
    payload = pa.array([encode(item.manifest) for item in objects], pa.binary()).cast(pa.string())
    named = pa.array([item.name for item in objects], pa.string())
    rows = pa.array([item.text.count(b"\n") + 1 for item in objects], pa.int64())
    return pa.table([payload, named, rows, _moments(moment, len(objects))], schema=_SCHEMA)


def _moments(moment: datetime, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(moment, pa.timestamp("us")), count)
