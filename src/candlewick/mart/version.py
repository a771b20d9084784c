"""Pure: what `CURRENT` says: which files make up one version of the mart, and how far it is.

It is written at every publish and read at every look, so the files that nobody expects to change are named in a file of
their own, which is written now and then: what is old costs nothing.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import Any, Self, TypeVar

import msgspec
from msgspec.structs import replace

from candlewick.errors import NewerError
from candlewick.moments import TIMEFRAMES

CURRENT = "CURRENT"
PINS = "pins"
TRADES = "silver.trades_deduped"
CANDLES = {timeframe: f"gold.trades_ohlc_{timeframe}" for timeframe in TIMEFRAMES}
AUDIT = "gold.candle_audit"
FOOTPRINT = "gold.trades_footprint_1m"
FOOTPRINT_AUDIT = "gold.footprint_audit"
GAPS = "gold.tape_gaps"
DAYS = "gold.tape_days"
OBJECTS = "silver.object_spans"
OLDER = "silver.exchange_candles_15m"


class File(msgspec.Struct, frozen=True):
    """One Parquet file: the rows of a period (`start` <= their time < `end`, UTC). `name` is relative to the mart."""

    name: str
    start: datetime
    end: datetime
    rows: int
    bytes: int
    sha256: str

    def part_in(self, start: datetime, end: datetime) -> float:
        """Return how much of the file's period lies between two moments, from 0 to 1."""
        return max(timedelta(0), min(self.end, end) - max(self.start, start)) / (self.end - self.start)


class SealedFile(msgspec.Struct, frozen=True):
    """The sealed file of a symbol's UTC day, `start` to `end`: in the lake, so `name` leads there from the mart.

    `places` are those of its prices and quantities.
    """

    name: str
    symbol: str
    start: datetime
    end: datetime
    rows: int
    bytes: int
    sha256: str
    places: tuple[int, int]

    @classmethod
    def of_day(
        cls, name: str, symbol: str, day: date, rows: int, size: int, sha256: str, places: tuple[int, int]
    ) -> Self:
        """Return the file of a day, which is from its midnight to the next; `size` is its bytes."""
        start = datetime.combine(day, clock_time())
        return cls(name, symbol, start, start + timedelta(days=1), rows, size, sha256, places)


Kept = TypeVar("Kept", bound=File | SealedFile)


class Table(msgspec.Struct, frozen=True):
    """A table's files by period, ascending, and how far it is: the largest `loaded_at` published.

    `sealed` are files of the lake whose trades are in no file of the mart.
    """

    files: list[File]
    loaded_at: datetime | None = None
    sealed: list[SealedFile] = []

    @property
    def rows(self) -> int:
        """How many rows the table has."""
        return sum(file.rows for file in self.files) + sum(file.rows for file in self.sealed)


class Watermark(msgspec.Struct, frozen=True):
    """The newest trade of a symbol in GOLD. Times are UTC."""

    last_trade_id: int
    traded_at: datetime
    loaded_at: datetime


FORMAT = 3
"""Readers of the first would not miss `sealed` files. Those of the second would not miss `settled` ones, and ask files
of trades for all columns."""
FIRST_FORMAT = 1


class Named(msgspec.Struct, frozen=True):
    """Some of a table's files, ascending by time."""

    files: list[File] = []
    sealed: list[SealedFile] = []

    @property
    def names(self) -> set[str]:
        """The names of both."""
        return {file.name for file in self.files} | {file.name for file in self.sealed}


class Version(msgspec.Struct, frozen=True):
    """One published state of the warehouse. `timezone` is the zone of its daily candles. Times are UTC.

    `settled` is the file that names those of the mart's files which `CURRENT` does not name; None without one.
    """

    version: int
    published_at: datetime
    warehouse_id: str
    timezone: str
    tables: dict[str, Table]
    watermarks: dict[str, Watermark]
    format: int = FIRST_FORMAT
    """Of this file and of what it names; one that says none is of the first."""
    settled: str | None = None

    def traded_at(self, symbol: str) -> datetime | None:
        """When the newest trade of a symbol was made (UTC); None without one."""
        mark = self.watermarks.get(symbol)
        return mark.traded_at if mark else None

    def newest_day(self) -> tuple[float, int]:
        """Return the share of all trades that the newest 24 hours have, and the bytes that these hours added.

        A file of a longer period counts by the part of it that lies in them.
        """
        trades = [file for file in self.tables[TRADES].files if file.rows]
        if not trades:
            return 0.0, 0
        end = trades[-1].end
        start = max(end - timedelta(days=1), trades[0].start)
        scale = timedelta(days=1) / (end - start)
        rows = sum(file.rows * file.part_in(start, end) for file in trades)
        size = sum(file.bytes * file.part_in(start, end) for table in self.tables.values() for file in table.files)
        return scale * rows / self.tables[TRADES].rows, round(scale * size)

    @property
    def file_names(self) -> set[str]:
        """The files of all tables that are the mart's own, and the one that names some of them."""
        names = {file.name for table in self.tables.values() for file in table.files}
        return names | {self.settled} if self.settled else names

    @property
    def sealed_names(self) -> set[str]:
        """The sealed files of all tables, as they are named from the mart."""
        return {file.name for table in self.tables.values() for file in table.sealed}


class _Format(msgspec.Struct):
    """All that is read of a version first, since the rest of a newer one may look otherwise."""

    format: int = FIRST_FORMAT


_ENCODER = msgspec.json.Encoder()
_FORMAT_DECODER = msgspec.json.Decoder(_Format)
_DECODER = msgspec.json.Decoder(Version)
_NAMED_DECODER = msgspec.json.Decoder(dict[str, Named])


def encode(version: Version, apart: Collection[str] = ()) -> bytes:
    """Return a version as JSON, to be read by people, too; without the files that its file of `settled` ones names."""
    tables = {name: _without(table, apart) for name, table in version.tables.items()} if apart else version.tables
    return msgspec.json.format(_ENCODER.encode(replace(version, tables=tables)), indent=1)


def decode(text: bytes, settled: Callable[[str], Mapping[str, Named]]) -> Version:
    """Read a version; `settled` reads the file of a name. Raises as that does, `msgspec.DecodeError`, `NewerError`."""
    found = _FORMAT_DECODER.decode(text).format
    if found > FORMAT:
        raise NewerError(f"mart, {CURRENT}", found, FORMAT)
    version = _DECODER.decode(text)
    if version.settled is None:
        return version
    tables = version.tables | {
        name: _with(version.tables[name], named) for name, named in settled(version.settled).items()
    }
    return replace(version, tables=tables)


def encode_named(named: Mapping[str, Named]) -> bytes:
    """Return the files of tables as JSON."""
    return _ENCODER.encode(named)


def decode_named(text: bytes) -> dict[str, Named]:
    """Read the files of tables. Raises `msgspec.DecodeError`."""
    return _NAMED_DECODER.decode(text)


def _without(table: Table, apart: Collection[str]) -> Table:
    files = [file for file in table.files if file.name not in apart]
    return replace(table, files=files, sealed=[file for file in table.sealed if file.name not in apart])


def _with(table: Table, named: Named) -> Table:
    files = _merged(named.files, table.files, lambda file: file.start)
    sealed = _merged(named.sealed, table.sealed, lambda file: (file.start, file.symbol))
    return replace(table, files=files, sealed=sealed)


def _merged(before: list[Kept], after: list[Kept], order: Callable[[Kept], Any]) -> list[Kept]:
    both = [*before, *after]
    is_ascending = not before or not after or order(before[-1]) <= order(after[0])
    return both if is_ascending else sorted(both, key=order)
