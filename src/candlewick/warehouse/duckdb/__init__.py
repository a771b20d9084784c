"""The embedded warehouse: one DuckDB file and the one process that owns it."""
