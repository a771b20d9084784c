"""Pure: the rows of a statement, up to a limit, and what an error says first."""

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Limits:
    """What a visitor's statement may give at most: rows, bytes in Arrow, and characters of a cell that is text."""

    rows: int = 1_000_000
    size: int = 64 * 2**20
    cell: int | None = None
    """None leaves cells as they are: numbers stay numbers, lists stay lists."""


WHOLE = Limits()
"""An answer to take away as a file."""
SHOWN = Limits(rows=500, size=2 * 2**20, cell=300)
"""An answer that a page shows."""
COLUMNS = 400
"""A page with more of them is none that anybody reads, and a browser that draws it stands still."""


def first_of(batches: Iterable[pa.Table], limits: Limits) -> tuple[pa.Table, bool]:
    """Return the first rows of what comes batch by batch, one at least, and whether there are more.

    No more is fetched than is needed to know.
    """
    parts: list[pa.Table] = []
    count = size = 0
    for batch in batches:
        parts.append(batch)
        count, size = count + batch.num_rows, size + batch.nbytes
        if count > limits.rows or size > limits.size:
            break
    table = pa.concat_tables(parts, promote_options="permissive").slice(0, limits.rows)
    while table.num_rows and table.nbytes > limits.size:
        table = table.slice(0, table.num_rows // 2)
    return table, count > table.num_rows


def cut(table: pa.Table, cell: int | None) -> pa.Table:
    """Return the table with every text of more characters than `cell` cut, and lists and the like as such a text."""
    if cell is None:
        return table
    for index, field in enumerate(table.schema):
        if _may_be_long(field.type):
            texts = [None if value is None else shortened(str(value), cell) for value in _values(table.column(index))]
            table = table.set_column(index, field.name, pa.array(texts, pa.string()))
    return table


def shortened(text: str, most: int) -> str:
    """Return the text, or its start and an ellipsis where it has more characters than `most`."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _values(column: pa.ChunkedArray) -> Iterable[object]:
    """The values one by one: all at once they could need many times the memory of the column."""
    return (scalar.as_py() for scalar in column)


def _may_be_long(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(
        types.is_nested(kind)
        or types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_dictionary(kind)
    )


def first_line(error: Exception) -> str:
    """Return what an error says first."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
