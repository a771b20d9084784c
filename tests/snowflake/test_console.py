"""SQL for visitors on Snowflake: the mart's answers, by a session that can only read."""

import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from candlewick.dashboard.console import Console, QueryRefusedError
from candlewick.dashboard.data import COLUMNS, EXAMPLES
from candlewick.dashboard.download import csv_bytes, parquet_bytes
from candlewick.dashboard.sandbox import Sandbox
from candlewick.dashboard.visitor import Visitor
from dashboard.proven import SYMBOL
from snowflake_proven import Proven


@pytest.fixture
def console(proven: Proven) -> Iterator[Console]:
    visitor = Visitor(proven.snowflake)
    yield Console(visitor)
    visitor.close()


def rows(table: pa.Table) -> list[tuple[object, ...]]:
    """What a table says, but for when a warehouse got its rows: numbers by value, as the two divide differently."""
    columns = [table[name].to_pylist() for name in table.column_names if not name.startswith("loaded_")]
    return [tuple(map(_plain, values)) for values in zip(*columns, strict=True)]


def _plain(value: object) -> object:
    return round(float(value), 5) if isinstance(value, Decimal | float) else value


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.sql")), ids=lambda path: path.stem)
def test_every_example_answers_as_the_mart_does_and_can_be_taken_away(console, proven, path: Path):
    statement = path.read_text().replace("$symbol", SYMBOL)
    ours, theirs = console.run(statement).table, Console(Sandbox(proven.mart)).run(statement).table
    assert ours.column_names == theirs.column_names
    assert ours.num_rows
    assert rows(ours) == rows(theirs)
    assert csv_bytes(ours).startswith(f'"{ours.column_names[0]}"'.encode())
    assert pq.read_table(io.BytesIO(parquet_bytes(ours))).num_rows == ours.num_rows


def test_the_tables_are_told_those_that_are_live_too(console):
    told = {row["name"]: row["described"] for row in console.run(COLUMNS).table.to_pylist()}
    assert {"GOLD.TRADES_OHLC_1M_LIVE", "GOLD.CANDLE_AUDIT", "SILVER.TRADES_DEDUPED"} <= told.keys()


def test_only_the_first_rows_come_and_it_says_so(console):
    answer = console.run("select trade_id from silver.trades_deduped order by trade_id", rows=7)
    assert answer.table["trade_id"].to_pylist() == list(range(100, 107))
    assert answer.is_cut


def test_no_rows_are_a_table_with_its_columns(console):
    answer = console.run("select trade_id, price from silver.trades_deduped where symbol = 'NONE'")
    assert (answer.table.num_rows, answer.table.column_names) == (0, ["trade_id", "price"])


@pytest.mark.parametrize(
    "statement",
    [
        "insert into gold.candle_audit select * from gold.candle_audit",
        "create table gold.a as select 1",
        "use role accountadmin",
        "alter session set statement_timeout_in_seconds = 0",
        "call system$wait(60)",
        "select 1; drop table gold.candle_audit",
        "-- a comment, and nothing else",
        "",
        "select 1 ->> drop table gold.candle_audit",
        "with p as procedure () returns int language sql as 'begin return 1; end' call p()",
    ],
)
def test_what_is_not_one_select_is_refused_before_snowflake_hears_of_it(console, proven, statement):
    proven.peer.statements.clear()
    with pytest.raises(QueryRefusedError) as refused:
        console.run(statement)
    assert "\n" not in str(refused.value)
    assert proven.peer.statements == []


@pytest.mark.parametrize(
    "statement", ["select * from gold.nothing", "select nothing from gold.candle_audit", "select ("]
)
def test_what_snowflake_refuses_is_told_in_one_line(console, statement):
    with pytest.raises(QueryRefusedError) as refused:
        console.run(statement)
    assert "\n" not in str(refused.value)


def test_the_session_lends_no_other_role_and_has_limits_before_it_runs_anything(console, proven):
    proven.peer.statements.clear()
    console.run("(select 1 as one)")
    assert [statement for statement in proven.peer.statements if "SELECT 1" not in statement] == [
        "USE SECONDARY ROLES NONE",
        "ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 30 STATEMENT_QUEUED_TIMEOUT_IN_SECONDS = 30"
        " ROWS_PER_RESULTSET = 1000001",
        "(select 1 as one)",
    ]
