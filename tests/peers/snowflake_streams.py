"""Streams, which fakesnow has none of: append-only ones, as Snowflake's "Introduction to streams" describes them.

A stream returns the rows that were committed to its table behind its offset, whatever is in them, and those too that
were deleted since. The offset moves to the transaction's start when a transaction that read it for a DML commits. Here
it is a row's number in DuckDB's table, which grows with each insert and is never given again.
"""

import re
from dataclasses import dataclass, field
from importlib import import_module

fakesnow_server = import_module("fakesnow.server")

_CREATE = re.compile(r"\s*CREATE STREAM IF NOT EXISTS (\S+)\s+ON TABLE (\S+)", re.IGNORECASE)
_HAS_DATA = re.compile(r"SYSTEM\$STREAM_HAS_DATA\('([^']+)'\)", re.IGNORECASE)
_COLUMNS = "payload, object_name, row_number, loaded_at"


@dataclass
class Streams:
    """The streams of an account by their names, each with its table and its offset."""

    tables: dict[str, str] = field(default_factory=dict)
    _offsets: dict[str, int] = field(default_factory=dict)
    _reading: dict[str, int] = field(default_factory=dict)

    def answered(self, statement: str) -> str:
        """Take note of a statement, and return it with what streams hold in their place."""
        if match := _CREATE.match(statement):
            self.tables.setdefault(match[1].upper(), match[2].upper())
            self._offsets.setdefault(match[1].upper(), -1)
        plain = statement.strip().lower()
        if plain == "commit":
            self._offsets |= self._reading
        if plain in ("begin", "commit", "rollback"):
            self._reading = {}
        statement = _HAS_DATA.sub(lambda match: f"'{str(self._has_data(match[1].upper())).lower()}'", statement)
        for name in self.tables:
            if plain.startswith("insert into") and re.search(rf"\bfrom {re.escape(name)}\b", statement, re.IGNORECASE):
                statement = re.sub(rf"{re.escape(name)}\b", self._rows(name), statement, flags=re.IGNORECASE)
        return statement

    def _rows(self, name: str) -> str:
        table, offset, head = self.tables[name], self._offsets[name], self._head(name)
        self._reading[name] = head
        return f"(select {_COLUMNS} from {table} where rowid > {offset} and rowid <= {head}) as stream"

    def _has_data(self, name: str) -> bool:
        return name in self.tables and self._head(name) > self._offsets[name]

    def _head(self, name: str) -> int:
        database, schema, _ = self.tables[name].split(".")
        cursor = fakesnow_server.shared_fs.connect(database, schema).cursor()
        newest = cursor._duck_conn.execute(f"select coalesce(max(rowid), -1) from {self.tables[name]}").fetchall()
        return int(newest[0][0])
