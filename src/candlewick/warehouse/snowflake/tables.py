"""The models' tables on Snowflake: made where they are not there, with what they are told of, and how far they are.

DDL needs no warehouse. Transient, as dbt makes them: GOLD is made of SILVER, and SILVER of the lake, so nobody pays for
seven days of Fail-safe ("Working with temporary and transient tables").
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from candlewick.errors import ModelError
from candlewick.warehouse.compiled import Compiled
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.periods import watermarks

Marks = Mapping[tuple[str, str], datetime]
"""The newest moment in a column of a model's table, by model and column."""


def make(connection: Connection, models: Iterable[Compiled], *, is_widening: bool = False) -> None:
    """Make the tables that are not there. Raises `ModelError` where one is of another version.

    Where it `is_widening`, those of GOLD get the columns that they lack, and keep those of the other version: who reads
    them has the old rows until new ones are there, and `narrow` takes the rest away then.
    """
    tables = [each for each in models if not each.is_view]
    for each in tables:
        columns = ", ".join(_column(each, name) for name in each.columns)
        comment = _text(each.about)
        connection.run(f"create transient table if not exists {each.relation} ({columns}) comment = {comment}")
    differing = _differing(connection, tables)
    if is_widening:
        for each, there in [pair for pair in differing if schema_of(pair[0]) == "GOLD"]:
            for name in [name for name in each.columns if name.upper() not in there]:
                connection.run(f"alter table {each.relation} add column {_column(each, name)}")
        differing = [pair for pair in differing if schema_of(pair[0]) != "GOLD"]
    if differing:
        raise ModelError(
            f"{', '.join(each.relation for each, _ in differing)}: made by another version, with other columns; "
            "`candlewick rebuild` makes GOLD anew of SILVER"
        )


def narrow(connection: Connection, models: Iterable[Compiled]) -> None:
    """Take away the columns of another version from tables of GOLD."""
    for each, there in _differing(connection, [each for each in models if not each.is_view]):
        for name in sorted(there - {column.upper() for column in each.columns}):
            connection.run(f'alter table {each.relation} drop column "{name}"')


def marks(connection: Connection, models: Iterable[Compiled]) -> Marks:
    """Ask how far each table is, which Snowflake knows without reading a row."""
    asked = [
        (each, column)
        for each in models
        if not each.is_view
        for column in sorted(watermarks(each.sql) & each.columns.keys())
    ]
    moments = ", ".join(
        f"(select coalesce(max({column}), timestamp '1970-01-01') from {each.relation})" for each, column in asked
    )
    [row] = connection.run(f"select {moments}")
    return {(each.name, column): moment for (each, column), moment in zip(asked, row, strict=True)}


def schema_of(model: Compiled) -> str:
    """The schema of its table, in upper case."""
    return model.relation.split(".")[-2].upper()


def _differing(connection: Connection, tables: Sequence[Compiled]) -> list[tuple[Compiled, set[str]]]:
    """Those whose tables have other columns, with the names of these in upper case."""
    database = tables[0].relation.partition(".")[0]
    there: dict[tuple[str, str], set[str]] = {}
    for schema, table, column in connection.run(
        f"select table_schema, table_name, column_name from {database}.information_schema.columns"
        " where table_schema in ('SILVER', 'GOLD')"
    ):
        there.setdefault((schema, table), set()).add(column)
    held = [(each, there.get(_place(each))) for each in tables]
    return [(each, names) for each, names in held if names and names != {name.upper() for name in each.columns}]


def _place(model: Compiled) -> tuple[str, str]:
    return schema_of(model), model.relation.rpartition(".")[2].upper()


def _column(model: Compiled, name: str) -> str:
    return f"{name} {model.columns[name]} comment {_text(model.about_columns.get(name, ''))}"


def _text(text: str) -> str:
    quoted = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}'"
