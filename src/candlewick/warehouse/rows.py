"""Pure: the rows of a statement, up to a limit, and what an error says first."""

from collections.abc import Iterable

import pyarrow as pa

ROWS = 1_000_000
BYTES = 256 * 2**20
"""What a visitor's statement may give at most."""


def first_of(batches: Iterable[pa.Table], rows: int) -> tuple[pa.Table, bool]:
    """Return the first rows of what comes batch by batch, one at least, and whether there are more.

    No more is fetched than is needed to know.
    """
    parts: list[pa.Table] = []
    count = size = 0
    for batch in batches:
        parts.append(batch)
        count, size = count + batch.num_rows, size + batch.nbytes
        if count > rows or size > BYTES:
            break
    return pa.concat_tables(parts, promote_options="permissive").slice(0, rows), count > rows or size > BYTES


def first_line(error: Exception) -> str:
    """Return what an error says first."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
