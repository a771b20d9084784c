"""The models' tables on Snowflake: made where they are not there, with what they are told of, and how far they are.

DDL needs no warehouse. Transient, as dbt makes them: GOLD is made of SILVER, and SILVER of the lake, so nobody pays for
seven days of Fail-safe ("Working with temporary and transient tables").
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from candlewick.errors import ModelError
from candlewick.warehouse.compiled import Compiled
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.periods import watermarks

_CATALOGUE = {"VARCHAR": "TEXT", "BIGINT": "NUMBER(38, 0)"}

Marks = Mapping[tuple[str, str], datetime]
"""The newest moment in a column of a model's table, by model and column."""


def make(connection: Connection, models: Iterable[Compiled], *, is_widening: bool = False) -> None:
    """Make the tables that are not there. Raises `ModelError` where one is of another version.

    A column of GOLD that no model makes any more is none of that: it is empty in new rows, and nobody's. Where it
    `is_widening`, tables of GOLD get the columns that they lack, and keep those of the other version: who reads them
    has the old rows until new ones are there, and `narrow` takes the rest away then. A column of another type is made
    anew.
    """
    tables = [each for each in models if not each.is_view]
    for each in tables:
        columns = ", ".join(_column(each, name) for name in each.columns)
        comment = text(each.about)
        connection.run(f"create transient table if not exists {each.relation} ({columns}) comment = {comment}")
    differing = _differing(connection, tables)
    if is_widening:
        for other in [other for other in differing if other.is_of_gold]:
            for name in other.of_other_types:
                connection.run(f"alter table {other.model.relation} drop column {name}")
            for name in (*other.lacking, *other.of_other_types):
                connection.run(f"alter table {other.model.relation} add column {_column(other.model, name)}")
        differing = [other for other in differing if not other.is_of_gold]
    if refused := [other.told for other in differing if other.is_unfit]:
        raise ModelError(
            f"{'; '.join(refused)}: made by another version; `candlewick rebuild` makes GOLD anew of SILVER"
        )


def narrow(connection: Connection, models: Iterable[Compiled]) -> None:
    """Take away the columns of another version from tables of GOLD."""
    for each in _differing(connection, [each for each in models if not each.is_view]):
        for name in each.left_over:
            connection.run(f'alter table {each.model.relation} drop column "{name}"')


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


class _Differing(NamedTuple):
    """A table whose columns are not its model's: the model's names, and in upper case those that are left over."""

    model: Compiled
    lacking: tuple[str, ...]
    of_other_types: tuple[str, ...]
    left_over: tuple[str, ...]

    @property
    def is_of_gold(self) -> bool:
        return schema_of(self.model) == "GOLD"

    @property
    def is_unfit(self) -> bool:
        """Whether no cycle can go on with it."""
        return bool(self.lacking or self.of_other_types or (self.left_over and not self.is_of_gold))

    @property
    def told(self) -> str:
        ways = {"lacks": self.lacking, "has with another type": self.of_other_types, "has still": self.left_over}
        told = ", ".join(f"{way} {' '.join(names).lower()}" for way, names in ways.items() if names)
        return f"{self.model.relation} {told}"


def _differing(connection: Connection, tables: Sequence[Compiled]) -> list[_Differing]:
    """Those whose tables have other columns, or columns of other types."""
    database = tables[0].relation.partition(".")[0]
    there: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, kind, precision, scale in connection.run(
        "select table_schema, table_name, column_name, data_type, numeric_precision, numeric_scale"
        f" from {database}.information_schema.columns where table_schema in ('SILVER', 'GOLD')"
    ):
        exact = f"{kind}({precision}, {scale})" if kind == "NUMBER" else str(kind)
        there.setdefault((schema, table), {})[column] = exact
    found = [_compared(each, there[_place(each)]) for each in tables if _place(each) in there]
    return [each for each in found if each.lacking or each.of_other_types or each.left_over]


def _compared(model: Compiled, there: Mapping[str, str]) -> _Differing:
    held = {name: there.get(name.upper()) for name in model.columns}
    return _Differing(
        model,
        tuple(name for name, kind in held.items() if kind is None),
        tuple(name for name, kind in held.items() if kind not in (None, _kind(model.columns[name]))),
        tuple(sorted(there.keys() - {name.upper() for name in model.columns})),
    )


def _kind(declared: str) -> str:
    """A column's type as Snowflake's catalogue has it."""
    kind = declared.upper()
    return _CATALOGUE.get(kind, kind.replace("DECIMAL", "NUMBER"))


def _place(model: Compiled) -> tuple[str, str]:
    return schema_of(model), model.relation.rpartition(".")[2].upper()


def _column(model: Compiled, name: str) -> str:
    return f"{name} {model.columns[name]} comment {text(model.about_columns.get(name, ''))}"


def text(words: str) -> str:
    """Words as a literal of SQL."""
    quoted = words.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}'"
