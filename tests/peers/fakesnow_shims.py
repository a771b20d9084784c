"""Where fakesnow differs from Snowflake in what the models rely on, put right; each says what Snowflake does.

The models are written for Snowflake. What is bent here is the emulator, and only for the tests.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from string import Template
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import snowflake.connector.errors
from fakesnow import arrow, macros, transforms
from fakesnow.cursor import FakeSnowflakeCursor
from sqlglot import exp

from peers import fakesnow_speed

_TEMPORARY = re.compile(r"^((?:\s|/\*.*?\*/)*create or replace)\s+temporary\s+(?=table|view)", re.I | re.S)


@contextmanager
def shimmed() -> Iterator[None]:
    """Bend what stands in modules and classes, until the block ends."""
    bent = [
        (transforms, "numeric_agg_implicit_cast", _sums_stay_exact),
        (transforms, "create_table_as", _naming_columns(transforms.create_table_as)),
        (macros, "FS_TO_TIMESTAMP", _with_exact_micros(macros.FS_TO_TIMESTAMP)),
        (arrow, "timestamp_to_sf_struct", _keeping_nulls(arrow.timestamp_to_sf_struct)),
        (FakeSnowflakeCursor, "_transform", fakesnow_speed.quick),
    ]
    straight = [(module, name, getattr(module, name)) for module, name, _ in bent]
    for module, name, value in bent:
        setattr(module, name, value)
    try:
        yield
    finally:
        for module, name, value in straight:
            setattr(module, name, value)


@contextmanager
def crashes_as_refusals(statement: str) -> Iterator[None]:
    """Refuse a statement that fakesnow breaks on: its server answers 500, which the connector repeats for minutes."""
    try:
        yield
    except (snowflake.connector.errors.Error, KeyboardInterrupt):
        raise
    except Exception as error:
        message = f"fakesnow broke on this statement: {type(error).__name__}: {error}\n{statement}"
        raise snowflake.connector.errors.ProgrammingError(msg=message, errno=900001, sqlstate="XX000") from error


def rewritten(statement: str) -> str:
    """Return a statement as fakesnow takes it.

    A temporary table or view may be in any schema ("belongs to a specified database and schema"); DuckDB's may not. It
    becomes one that lasts, which dbt drops when it is done or replaces in the next run. A `$` in a text is no variable.
    A comment may have an apostrophe in it, which fakesnow does not double when it passes the comment on.
    """
    if statement.startswith("create transient table"):
        statement = statement.replace("''", "’")
    if statement.lstrip().startswith("comment on table"):
        statement = statement.replace("'", "’")
    if statement.startswith("ALTER SESSION"):
        statement = statement.replace("$", "")
    return _TEMPORARY.sub(r"\1 ", statement)


def _sums_stay_exact(expression: exp.Expression) -> exp.Expression:
    """The sum of a NUMBER(p, s) is a NUMBER(38, s); fakesnow casts what is summed to a float."""
    return expression


def _with_exact_micros(macro: Template) -> Template:
    """TO_TIMESTAMP_NTZ(n, 6) is exact; fakesnow divides by a million in floats, and loses one microsecond in some."""
    inexact = "cast(to_timestamp(val::BIGINT / 1000000) as TIMESTAMP)"
    assert inexact in macro.template
    return Template(macro.template.replace(inexact, "make_timestamp(val::BIGINT)"))


def _naming_columns(create_table_as: Callable[..., Any]) -> Callable[..., Any]:
    """CREATE TABLE t (a INT, …) AS SELECT * …: fakesnow describes the query in a dialect unknown to DuckDB."""

    def named(expression: exp.Expression, *arguments: Any) -> Any:
        if isinstance(expression, exp.Create) and isinstance(expression.this, exp.Schema) and expression.expression:
            query = expression.expression.unnest()
            if isinstance(query, exp.Select) and query.is_star:
                query.set("expressions", [exp.column(column.this.copy()) for column in expression.this.expressions])
        return create_table_as(expression, *arguments)

    return named


def _keeping_nulls(struct_of: Callable[[Any], pa.StructArray]) -> Callable[[Any], pa.StructArray]:
    """A timestamp that is null is null; fakesnow's server sends 1970."""

    def kept(timestamps: pa.Array | pa.ChunkedArray) -> pa.StructArray:
        struct = struct_of(timestamps)
        nulls = timestamps.is_null()
        mask = nulls.combine_chunks() if isinstance(nulls, pa.ChunkedArray) else nulls
        children = [pc.fill_null(struct.field(index), 0) for index in range(struct.type.num_fields)]
        return pa.StructArray.from_arrays(children, fields=list(struct.type), mask=mask)

    return kept
