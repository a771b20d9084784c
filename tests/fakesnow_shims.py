"""Where fakesnow differs from Snowflake in what the models rely on, put right; each says what Snowflake does.

The models are written for Snowflake. What is bent here is the emulator, and only for the tests.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from string import Template

import snowflake.connector.errors
from fakesnow import macros, transforms
from sqlglot import exp

_TEMPORARY = re.compile(
    r"^((?:\s|/\*.*?\*/)*create or replace)\s+temporary\s+(?=table|view)", re.IGNORECASE | re.DOTALL
)


@contextmanager
def shimmed() -> Iterator[None]:
    """Bend what stands in module globals, until the block ends."""
    of_sums, of_timestamps = transforms.numeric_agg_implicit_cast, macros.FS_TO_TIMESTAMP
    transforms.numeric_agg_implicit_cast = _sums_stay_exact
    macros.FS_TO_TIMESTAMP = _with_exact_micros(of_timestamps)
    try:
        yield
    finally:
        transforms.numeric_agg_implicit_cast = of_sums
        macros.FS_TO_TIMESTAMP = of_timestamps


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
    becomes one that lasts, which dbt drops when it is done or replaces in the next run.
    """
    return _TEMPORARY.sub(r"\1 ", statement)


def _sums_stay_exact(expression: exp.Expression) -> exp.Expression:
    """The sum of a NUMBER(p, s) is a NUMBER(38, s); fakesnow casts what is summed to a float."""
    return expression


def _with_exact_micros(macro: Template) -> Template:
    """TO_TIMESTAMP_NTZ(n, 6) is exact; fakesnow divides by a million in floats, and loses one microsecond in some."""
    inexact = "cast(to_timestamp(val::BIGINT / 1000000) as TIMESTAMP)"
    assert inexact in macro.template
    return Template(macro.template.replace(inexact, "make_timestamp(val::BIGINT)"))
