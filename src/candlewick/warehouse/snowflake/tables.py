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


def make(connection: Connection, models: Iterable[Compiled]) -> None:
    """Make the tables that are not there. Raises `ModelError` where one is of another version."""
    tables = [each for each in models if not each.is_view]
    for each in tables:
        columns = ", ".join(
            f"{name} {kind} comment {_text(each.about_columns.get(name, ''))}" for name, kind in each.columns.items()
        )
        comment = _text(each.about)
        connection.run(f"create transient table if not exists {each.relation} ({columns}) comment = {comment}")
    if differing := _differing(connection, tables):
        raise ModelError(
            f"{', '.join(each.relation for each in differing)}: made by another version, with other columns; "
            "`candlewick rebuild` makes GOLD anew of SILVER"
        )


def drop_those_of_another_version(connection: Connection, models: Iterable[Compiled]) -> None:
    """Drop tables of GOLD whose columns are not this version's, so that they can be made."""
    tables = [each for each in models if not each.is_view]
    for each in _differing(connection, tables):
        if schema_of(each) == "GOLD":
            connection.run(f"drop table {each.relation}")


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


def _differing(connection: Connection, tables: Sequence[Compiled]) -> list[Compiled]:
    """Those whose tables are there with other columns."""
    database = tables[0].relation.partition(".")[0]
    there: dict[tuple[str, str], set[str]] = {}
    for schema, table, column in connection.run(
        f"select table_schema, table_name, column_name from {database}.information_schema.columns"
        " where table_schema in ('SILVER', 'GOLD')"
    ):
        there.setdefault((schema, table), set()).add(column)
    wanted = {each.name: {name.upper() for name in each.columns} for each in tables}
    return [each for each in tables if there.get(_place(each), wanted[each.name]) != wanted[each.name]]


def _place(model: Compiled) -> tuple[str, str]:
    return schema_of(model), model.relation.rpartition(".")[2].upper()


def _text(text: str) -> str:
    quoted = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}'"
