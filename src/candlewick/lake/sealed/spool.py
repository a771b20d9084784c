"""Columns on their way into sealed files: in memory while they are few, then in a file without a name.

So a day takes as much memory as a part of it, whatever its size; and who is killed leaves nothing behind.
"""

import tempfile
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import pyarrow as pa

_IN_MEMORY = 64 << 20


class Place(NamedTuple):
    """Where a batch lies in a spool."""

    start: int
    size: int


class Spool:
    """Batches of one schema, which are put one after the other and read again from their places.

    Its file lies in `folder` once it needs one: on a disk with room for some 70 bytes a trade.
    """

    def __init__(self, schema: pa.Schema, folder: Path | None = None) -> None:
        self._schema = schema
        self._end = 0
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(folder) if folder else None)  # noqa: SIM115 - closed by `close`

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._file.close()

    def put(self, batch: pa.RecordBatch) -> Place:
        """Put a batch; return its place."""
        content = batch.serialize()
        place = Place(self._end, content.size)
        self._file.seek(self._end)
        self._file.write(memoryview(content))
        self._end += content.size
        return place

    def get(self, place: Place) -> pa.RecordBatch:
        """Read a batch again."""
        self._file.seek(place.start)
        return pa.ipc.read_record_batch(pa.py_buffer(self._file.read(place.size)), self._schema)
