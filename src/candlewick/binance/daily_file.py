"""A day of trades as the archive packs it, read as raw lines, a part at a time: a day has millions.

Source: binance-public-data's README. Spot trades are rows of seven columns without a header, `id,price,qty,quoteQty,
time,isBuyerMaker,isBestMatch`; times are in ms before 2025 and in µs from then, and stay as they are.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from candlewick.errors import ArchiveError, preview
from candlewick.moments import micros
from candlewick.trade import is_quote_amount

ROWS_PER_PART = 100_000
_ROW = re.compile(
    rb"^(\d+),(\d+(?:\.\d+)?),(\d+(?:\.\d+)?),[^,\n]*,(\d{13,16}),(true|false),(true|false)\r?$", re.MULTILINE
)
_ID = re.compile(rb"^\d+", re.MULTILINE)
_NO_HEADER = csv.ReadOptions(autogenerate_column_names=True, use_threads=False)
_AMOUNTS = csv.ConvertOptions(
    include_columns=["f1", "f2", "f3"], column_types=dict.fromkeys(("f1", "f2", "f3"), pa.int64())
)
_ONE = np.uint64(10**8)
_COLUMNS = {
    "id": pa.int64(),
    "price": pa.string(),
    "quantity": pa.string(),
    "quote_amount": pa.string(),
    "time": pa.int64(),
    "is_buyer_maker": pa.bool_(),
    "is_best_match": pa.bool_(),
}
_KEPT = [name for name in _COLUMNS if name != "quote_amount"]
_NAMED = csv.ReadOptions(column_names=list(_COLUMNS), use_threads=False, block_size=4 << 20)
_IN_BLOCKS = csv.ParseOptions()
_TYPED = csv.ConvertOptions(
    column_types=_COLUMNS,
    include_columns=_KEPT,
    true_values=["true", "True"],
    false_values=["false", "False"],
    null_values=[],
)


class Part(NamedTuple):
    """Trades of a day that were read together: ids, raw lines, and the times (µs) of the first and the last.

    `other_quote_amounts` are how many have a quote amount that is not what the warehouse makes of price and quantity.
    """

    ids: list[int]
    lines: list[bytes]
    first_at: int
    last_at: int
    other_quote_amounts: int


def parts(path: Path, symbol: str, received_at: int) -> Iterator[Part]:
    """Read a day's zip as raw lines, `ROWS_PER_PART` at a time.

    Raises `ArchiveError` for what is no such file, or has a row that is no trade, or ids that go back.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(_only_entry(path, archive)) as entry:
            rows = io.BufferedReader(entry, 1 << 20)  # type: ignore[type-var]  # a raw stream, typed as IO
            last_id = -1
            while block := b"".join(islice(rows, ROWS_PER_PART)):
                part = _part(path, block, symbol, received_at)
                if any(one >= other for one, other in pairwise([last_id, *part.ids])):
                    raise ArchiveError(f"{path.name}: expected ascending ids after {last_id}, got {part.ids[:3]}…")
                last_id = part.ids[-1]
                yield part
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ArchiveError(f"{path.name}: not a whole zip: {error}") from None


def batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Read a day's zip as columns: `id`, `price` and `quantity` as printed, `time`, `is_buyer_maker`, `is_best_match`.

    Raises `ArchiveError` for what is no such file, or has a row that is no trade, or ids that are not in a row.
    """
    expected = None
    try:
        with zipfile.ZipFile(path) as archive, archive.open(_only_entry(path, archive)) as entry:
            for rows in csv.open_csv(entry, _NAMED, _IN_BLOCKS, _TYPED):
                _check_columns(path, rows, expected)
                expected = rows["id"][-1].as_py() + 1
                yield rows
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ArchiveError(f"{path.name}: not a whole zip: {error}") from None
    except pa.ArrowInvalid as error:
        raise ArchiveError(f"{path.name}: expected rows of seven columns: {str(error).partition(chr(10))[0]}") from None


def _check_columns(path: Path, rows: pa.RecordBatch, expected: int | None) -> None:
    """See that rows are trades, their ids in a row from the one `expected` on. Raises `ArchiveError`."""
    ids = rows["id"].to_numpy()
    first = int(ids[0]) if expected is None else expected
    if not (ids == np.arange(first, first + len(ids))).all():
        wrong = int(ids[np.flatnonzero(ids != np.arange(first, first + len(ids)))[0]])
        raise ArchiveError(f"{path.name}: expected ids in a row from {first} on, got {wrong}")
    for name in ("price", "quantity"):
        if _have_eight_places(rows[name]):
            continue
        is_number = pc.match_substring_regex(rows[name], r"^\d+(\.\d+)?$")
        if not pc.all(is_number).as_py():
            text = rows[name].filter(pc.invert(is_number))[0].as_py()
            raise ArchiveError(f"{path.name}: expected a number as {name}, got {preview(text.encode())}")


def _have_eight_places(texts: pa.Array) -> bool:
    """Whether texts are numbers with eight places, as nearly all are: looked at as bytes, for a day has millions."""
    _, offsets, content = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    characters = memoryview(content)[ends[0] : ends[-1]]
    if bytes(characters).translate(None, b"0123456789") != b"." * len(texts):
        return False
    points = np.frombuffer(characters, np.uint8)[ends[1:] - ends[0] - 9] == ord(".")
    return bool(points.all() and (np.diff(ends) > 9).all())


def _only_entry(path: Path, archive: zipfile.ZipFile) -> str:
    names = archive.namelist()
    if len(names) != 1:
        raise ArchiveError(f"{path.name}: expected one file in the zip, got {names[:3]}")
    return names[0]


def _part(path: Path, block: bytes, symbol: str, received_at: int) -> Part:
    """Turn rows into raw lines, all of them at once: a day has millions."""
    rows = block.replace(b"True", b"true").replace(b"False", b"false").removesuffix(b"\n")
    line = rb'{"e":"trade","E":\4,"s":"%b","t":\1,"p":"\2","q":"\3","T":\4,"m":\5,"M":\6,"src":"archive","recv":%d}' % (
        symbol.encode(),
        received_at,
    )
    text, count = _ROW.subn(line, rows)
    lines = text.split(b"\n")
    if count != len(lines):
        wrong = next(row for row in rows.split(b"\n") if not _ROW.fullmatch(row))
        raise ArchiveError(f"{path.name}: expected a row of seven columns, got {preview(wrong)}")
    ids = [int(each) for each in _ID.findall(rows)]
    times = _time(rows.partition(b"\n")[0]), _time(rows.rpartition(b"\n")[2])
    return Part(ids, lines, *times, _other_quote_amounts(rows))


def _other_quote_amounts(rows: bytes) -> int:
    """Count the rows whose quote amount is not the product of price and quantity, cut after eight places."""
    texts = rows.split(b"\n")
    columns = (texts[number].decode().split(",", 4) for number in _suspects(rows, len(texts)))
    return sum(not is_quote_amount(amount, price, quantity) for _, price, quantity, amount, _ in columns)


def _suspects(rows: bytes, count: int) -> Iterable[int]:
    """Return the rows that are to be looked at one by one: nearly always none, and a day has millions.

    All numbers have eight places, so without their points they are integers. What is left of the product beside the
    amount is less than one place; it is computed modulo 2**64, which a product of two may exceed.
    """
    try:
        table = csv.read_csv(pa.BufferReader(rows.replace(b".", b"")), _NO_HEADER, convert_options=_AMOUNTS)
    except pa.ArrowInvalid:
        return range(count)
    price, quantity, amount = (column.to_numpy().view(np.uint64) for column in table.columns)
    return [int(number) for number in np.flatnonzero(price * quantity - amount * _ONE >= _ONE)]


def _time(row: bytes) -> int:
    return micros(int(row.split(b",")[4]))
