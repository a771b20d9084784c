"""Pure: what `CURRENT` says: which files make up one version of the mart, and how far it is."""

from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import Self

import msgspec

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
"""Readers of the first would not miss `sealed` files, and those of the second ask files of trades for all columns."""
FIRST_FORMAT = 1


class Version(msgspec.Struct, frozen=True):
    """One published state of the warehouse. `timezone` is the zone of its daily candles. Times are UTC."""

    version: int
    published_at: datetime
    warehouse_id: str
    timezone: str
    tables: dict[str, Table]
    watermarks: dict[str, Watermark]
    format: int = FIRST_FORMAT
    """Of this file and of what it names; one that says none is of the first."""

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
        """The files of all tables that are the mart's own."""
        return {file.name for table in self.tables.values() for file in table.files}

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


def encode(version: Version) -> bytes:
    """Return a version as JSON, to be read by people, too."""
    return msgspec.json.format(_ENCODER.encode(version), indent=1)


def decode(text: bytes) -> Version:
    """Read a version. Raises `msgspec.DecodeError` where it is none, and `NewerError`."""
    found = _FORMAT_DECODER.decode(text).format
    if found > FORMAT:
        raise NewerError(f"mart, {CURRENT}", found, FORMAT)
    return _DECODER.decode(text)
