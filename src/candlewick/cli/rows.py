"""Printing a query's rows: a table for people, CSV or JSON lines for programs."""

import csv
from typing import IO, Literal

import duckdb
import msgspec

from candlewick.errors import QueryRefusedError
from candlewick.warehouse.contract import Cursor, Reader

Format = Literal["table", "csv", "json"]


def write_rows(reader: Reader, statement: str, output: Format, out: IO[str]) -> None:
    """Run one statement on what the warehouse has now, and print its rows."""
    with reader.connect() as connection:
        try:
            if output == "table":
                out.write(f"{connection.sql(statement)}\n")
            else:
                _write_all(connection.execute(statement), output, out)
        except duckdb.Error as error:
            raise QueryRefusedError(str(error).splitlines()[0]) from None


def _write_all(cursor: Cursor, output: Format, out: IO[str]) -> None:
    columns = [str(column[0]) for column in cursor.description or []]
    writer = csv.writer(out, lineterminator="\n")
    if output == "csv":
        writer.writerow(columns)
    while rows := cursor.fetchmany(10_000):
        if output == "csv":
            writer.writerows(rows)
        else:
            out.writelines(msgspec.json.encode(dict(zip(columns, row, strict=True))).decode() + "\n" for row in rows)
