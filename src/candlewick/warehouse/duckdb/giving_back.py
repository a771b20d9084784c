"""Room that rows left in DuckDB's file goes back to the disk: DuckDB itself cuts off only what is free at its end."""

from candlewick.warehouse.duckdb.file import Warehouse

LEAST_BYTES = 8_000_000
"""Less is not worth the writing; it is used again."""

_TURNS = 3
"""What a checkpoint frees the next one cuts off, and it moves what the file says of itself only where that is new."""
_TABLES = """
select schema_name || '.' || table_name, sql
from duckdb_tables() where database_name = current_database() and not temporary
"""
_SIZE = "select block_size, used_blocks, free_blocks from pragma_database_size()"


def give_back(warehouse: Warehouse) -> bool:
    """Write all tables once more, at the start of a file that is mostly free, and cut it off; whether it is smaller.

    That is less than was freed before.
    """
    execute, size = warehouse.connection.execute, warehouse.path.stat().st_size
    warehouse.checkpoint()
    [(block, used, free)] = execute(_SIZE).fetchall()
    if free <= used or free * block < LEAST_BYTES:
        return False
    for name, made_by in execute(_TABLES).fetchall():
        columns = ", ".join(sorted(warehouse.stored_columns(name)))
        warehouse.write_once_more(name, made_by, columns, "mid giving back")
    for turn in range(_TURNS):
        warehouse.note("given back", f"{size} bytes, turn {turn}")
        warehouse.checkpoint()
    return warehouse.path.stat().st_size < size
