"""A symbol's candles from the mart's Parquet files: those made of trades, and the exchange's own before them."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from candlewick.mart import history
from candlewick.mart.version import CANDLES, OLDER, File, Version

_CACHED_BYTES = 128 * 2**20


class Candles:
    """Reads candles from the files in a folder, each once. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cache = _Cache(_CACHED_BYTES)

    def read(
        self,
        version: Version,
        symbol: str,
        timeframe: str,
        start: datetime | None,
        end: datetime | None,
        limit: int | None,
    ) -> pa.Table:
        """Return candles with their `origin`, as `Mart.candles`; times are UTC and have no zone.

        Raises FileNotFoundError where a file went away since its version was read.
        """
        ours = self._made_of_trades(version.tables[CANDLES[timeframe]].files, symbol, start, end, limit)
        quarters = version.tables.get(OLDER)
        if timeframe not in history.LABELS or quarters is None or not quarters.rows:
            return history.with_origin(ours, "trades")
        theirs = self._of_exchange(version, quarters.files, symbol, timeframe)
        return history.joined(ours, history.between(theirs, start, end), limit)

    def _of_exchange(self, version: Version, files: Sequence[File], symbol: str, timeframe: str) -> pa.Table:
        """The exchange's candles: rolled up once, until there are new ones."""
        names = " ".join(file.name for file in files)

        def roll_up() -> pa.Table:
            quarters = pa.concat_tables(self._rows(file, symbol) for file in files)
            return history.rolled_up(quarters, timeframe, version.timezone)

        return self._cache.get((f"{timeframe} {version.timezone} {names}", symbol), roll_up)

    def _made_of_trades(
        self, files: Sequence[File], symbol: str, start: datetime | None, end: datetime | None, limit: int | None
    ) -> pa.Table:
        parts = [self._rows(files[0], symbol).slice(0, 0)]
        rows = 0
        for file in reversed(files):
            if (start is not None and file.end <= start) or (limit is not None and rows >= limit):
                break
            if end is None or file.start < end:
                parts.append(_within(self._rows(file, symbol), file, start, end))
                rows += parts[-1].num_rows
        candles = pa.concat_tables(reversed(parts))
        return candles if limit is None else candles.slice(max(0, rows - limit))

    def _rows(self, file: File, symbol: str) -> pa.Table:
        """The rows of a symbol in a file. A file never changes, so they are read once."""
        return self._cache.get((file.name, symbol), lambda: _read(self._path / file.name, symbol))


def _within(rows: pa.Table, file: File, start: datetime | None, end: datetime | None) -> pa.Table:
    """The rows of a file between two moments; none is looked at where all of its period is."""
    begins, ends = start is None or start <= file.start, end is None or file.end <= end
    return history.between(rows, None if begins else start, None if ends else end)


def _read(path: Path, symbol: str) -> pa.Table:
    rows = pq.read_table(path, partitioning=None, memory_map=True)
    return rows.filter(pc.equal(rows["symbol"], symbol)).combine_chunks()


class _Cache:
    """Tables by key, the least recently used ones dropped when they need too much memory."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._tables: OrderedDict[tuple[str, str], pa.Table] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[str, str], read: Callable[[], pa.Table]) -> pa.Table:
        with self._lock:
            if key in self._tables:
                self._tables.move_to_end(key)
                return self._tables[key]
        table = read()
        with self._lock:
            if key not in self._tables:
                self._tables[key] = table
                self._bytes += table.nbytes
            while self._bytes > self._most_bytes and len(self._tables) > 1:
                self._bytes -= self._tables.popitem(last=False)[1].nbytes
        return table
