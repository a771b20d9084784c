"""The console reads the mart's tables, and nothing that anybody can write gets it to do more."""

import io
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from candlewick.config import Settings
from candlewick.dashboard.console import Console
from candlewick.dashboard.routes.export import csv_bytes, parquet_bytes
from candlewick.dashboard.views.data import COLUMNS, EXAMPLES
from candlewick.errors import QueryRefusedError
from candlewick.mart.reader import Mart
from candlewick.warehouse.duckdb.sandbox import Sandbox
from candlewick.warehouse.rows import Limits
from dashboard.proven import SYMBOL

ENDLESS = "select sum(sqrt(i)) from range(1000000000000) numbers(i)"  # minutes of work in no memory


@pytest.fixture(scope="module")
def console(proven_mart: Mart) -> Iterator[Console]:
    console = Console(Sandbox(proven_mart))
    yield console
    console.close()


@pytest.mark.parametrize(
    "table", ["silver.trades_deduped", "gold.trades_ohlc_1m", "GOLD.CANDLE_AUDIT", "gold.tape_gaps"]
)
def test_every_published_table_can_be_read(console: Console, table: str) -> None:
    answer = console.run(f"select * from {table} where symbol = '{SYMBOL}'")
    assert answer.table.num_rows > 0
    assert not answer.is_cut


def test_amounts_stay_decimals(console: Console) -> None:
    assert (
        str(console.run("select close from gold.trades_ohlc_1m").table.schema.field("close").type)
        == "decimal128(38, 8)"
    )


def test_only_the_first_rows_come_and_it_says_so(console: Console) -> None:
    answer = console.run("select trade_id from silver.trades_deduped order by trade_id", Limits(rows=7))
    assert answer.table.column("trade_id").to_pylist() == list(range(100, 107))
    assert answer.is_cut


STATEMENTS = [
    "copy (select 1) to '{out}'",
    "attach '{out}'",
    "install httpfs",
    "load httpfs",
    "set memory_limit = '100GB'",
    "reset lock_configuration",
    "pragma enable_profiling",
    "call enable_logging(storage = 'file', storage_path = '{out}')",
    "create table a as select 1",
    "drop view gold.candle_audit",
    "insert into gold.candle_audit default values",
    "export database '{out}'",
    "explain analyze copy (select 1) to '{out}'",
    "select 1; select 2",
    "",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_what_is_not_one_select_is_refused_in_one_line(console: Console, tmp_path: Path, statement: str) -> None:
    with pytest.raises(QueryRefusedError) as refused:
        console.run(statement.format(out=tmp_path / "out"))
    assert "\n" not in str(refused.value)
    assert not list(tmp_path.iterdir())


SELECTS = [
    "with x as (copy (select 1) to '{out}') select * from x",
    "with x as (copy (select 1) to '{mart}/CURRENT') select * from x",
    "with x as (delete from gold.candle_audit returning *) select * from x",
    "select * from read_text('{mart}/CURRENT')",
    "select * from read_parquet('{mart}/gold/candle_audit/*.parquet')",
    "select * from read_blob('/proc/self/environ')",
    "select * from read_csv('/etc/passwd')",
    "select * from '/etc/passwd'",
    "select * from glob('/*')",
    "select * from sniff_csv('/etc/passwd')",
    "select * from read_parquet('http://127.0.0.1:9/x.parquet')",
    "select * from read_json('https://example.com/')",
    "select * from query('copy (select 1) to ''{out}''')",
    "select * from enable_logging(storage = 'file', storage_path = '{out}')",
    "select getenv('PATH')",
    "select * from duckdb_secrets()",
    "select * from secret_of_this_test",
]


@pytest.mark.parametrize("statement", SELECTS)
def test_a_select_reaches_no_file_no_network_and_no_variable(
    console: Console, proven_home: tuple[Settings, Mart], tmp_path: Path, statement: str
) -> None:
    secret_of_this_test = {"a": [1]}
    current = (proven_home[1].path / "CURRENT").read_bytes()
    with pytest.raises(QueryRefusedError):
        console.run(statement.format(out=tmp_path / "out", mart=proven_home[1].path))
    assert secret_of_this_test
    assert not list(tmp_path.iterdir())
    assert (proven_home[1].path / "CURRENT").read_bytes() == current


def test_a_statement_without_an_end_is_stopped(proven_mart: Mart) -> None:
    with (
        closing(Console(Sandbox(proven_mart, seconds=0.3))) as console,
        pytest.raises(QueryRefusedError, match=r"stopped after 0\.3 s"),
    ):
        console.run(ENDLESS)


def test_a_statement_that_needs_too_much_memory_is_stopped(console: Console) -> None:
    with pytest.raises(QueryRefusedError, match=r"more than 512MB|stopped"):
        console.run("select list(a.range::varchar || 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx') from range(30000000) a")


def test_those_who_wait_too_long_for_a_place_are_told_so(proven_mart: Mart) -> None:
    console = Console(Sandbox(proven_mart, seconds=0.5))
    refusals: list[str] = []

    def ask() -> None:
        with pytest.raises(QueryRefusedError) as refused:
            console.run(ENDLESS)
        refusals.append(str(refused.value))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refusals) == 5
    assert any("others are asking" in refusal for refusal in refusals)
    console.close()


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.sql")), ids=lambda path: path.stem)
def test_every_example_of_the_data_page_gives_rows_that_can_be_taken_away(console: Console, path: Path) -> None:
    table = console.run(path.read_text().replace("$symbol", SYMBOL)).table
    assert table.num_rows
    assert csv_bytes(table).startswith(f'"{table.column_names[0]}"'.encode())
    assert pq.read_table(io.BytesIO(parquet_bytes(table))).equals(table)


def test_a_csv_has_every_digit_and_lists_as_text(console: Console) -> None:
    table = console.run("select 12345678901234567890.00000001::decimal(38, 8) as amount, [1, 2] as pair").table
    assert csv_bytes(table) == b'"amount","pair"\n12345678901234567890.00000001,"[1, 2]"\n'


def test_a_span_of_time_is_text_in_both(console: Console) -> None:
    table = console.run("select interval '90 seconds' as took").table
    assert b"90" in csv_bytes(table)
    assert "90" in pq.read_table(io.BytesIO(parquet_bytes(table))).to_pylist()[0]["took"]


def test_tables_and_their_columns_are_told(console: Console) -> None:
    rows = console.run(COLUMNS).table.to_pylist()
    assert {"name": "GOLD.CANDLE_AUDIT", "described": "open_time timestamp"} in rows
    assert {row["name"].partition(".")[0] for row in rows} == {"SILVER", "GOLD"}
