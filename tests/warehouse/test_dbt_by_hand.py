import json
from decimal import Decimal
from pathlib import Path

import pytest

from candlewick.errors import ModelError
from candlewick.lake.objects import Lake
from candlewick.moments import now_us
from candlewick.warehouse.duckdb.loader import Loader
from candlewick.warehouse.project import PROJECT, Project
from candlewick.warehouse.targets import Target
from made.recordings import REAL
from warehouse.bench import Bench
from warehouse.lakes import Writer, chunks, recorded_lines


@pytest.fixture(scope="module")
def bench(recording: Path, tmp_path_factory: pytest.TempPathFactory):
    """A warehouse with a recording's trades, all models built; each test leaves the tables as it found them."""
    with Bench.open(tmp_path_factory.mktemp("transform")) as opened:
        load_recording(opened, recording, tmp_path_factory.mktemp("lake"))
        build = opened.models.build_on_rows if recording == REAL else opened.models.build
        build()
        yield opened


def kept_tables(bench: Bench) -> list[str]:
    """Copy what the models have made; returns the tables."""
    of_models = "table_schema in ('silver', 'gold') and table_type = 'BASE TABLE'"
    names = f"select table_schema || '.' || table_name from information_schema.tables where {of_models}"
    tables = [str(name) for (name,) in bench.rows(names)]
    for table in tables:
        bench.warehouse.connection.execute(f"create or replace temp table {kept(table)} as from {table}")
    return tables


def put_back(bench: Bench, tables: list[str]) -> None:
    """Let tables have the rows again that were copied."""
    for table in tables:
        stored = "column_name from information_schema.columns where is_generated = 'NEVER' and table_schema || '.' ||"
        columns = ", ".join(str(name) for (name,) in bench.rows(f"select {stored} table_name = '{table}'"))
        back = f"delete from {table}; insert into {table} ({columns}) select {columns} from {kept(table)}"
        bench.warehouse.connection.execute(back)


def kept(table: str) -> str:
    return f"kept_{table.replace('.', '_')}"


def load_recording(bench: Bench, recording: Path, folder: Path) -> None:
    lake = Lake.open(str(folder), "binance")
    writer = Writer(lake, clock=now_us() - 60_000_000)
    for lines in chunks(recorded_lines(recording), 5_000):
        writer.stream(lines)
    loader = Loader(lake, bench.warehouse)
    loader.discovery.start_sweep()
    loader.discovery.sweep_one_folder()
    loader.load(1_000_000)
    loader.close()


def test_dbt_build_is_green_from_nothing_and_again_with_all_tests(bench):
    """The first build, in the fixture, asks the unit tests, on the made recording."""
    first = bench.rows("select * from gold.trades_ohlc_1m order by all")
    bench.models.build_on_rows()
    assert bench.rows("select * from gold.trades_ohlc_1m order by all") == first
    assert len(first) == 12


def test_a_full_build_and_an_incremental_one_are_equal(bench):
    tables = [f"gold.trades_ohlc_{timeframe}" for timeframe in ("1s", "1m", "5m", "15m", "1h", "4h", "1d")]
    before = {table: bench.rows(f"select * exclude (loaded_at) from {table} order by all") for table in tables}
    bench.models.make_anew()
    assert {table: bench.rows(f"select * exclude (loaded_at) from {table} order by all") for table in tables} == before
    assert bench.warehouse.count("silver.trades_deduped") == 19_904


def test_quote_amounts_that_an_earlier_version_rounded_are_cut_when_tables_are_made_anew(bench):
    [trade] = bench.rows("select trade_id, price, quantity from silver.trades_deduped order by trade_id limit 1")
    change = "update silver.trades_deduped set price = ?, quantity = ?, quote_quantity = ? where trade_id = ?"
    kept = kept_tables(bench)
    bench.warehouse.connection.execute(change, ["0.03577", "0.1267", "0.00453206", trade[0]])
    bench.models.make_anew()
    quote = f"select quote_quantity from silver.trades_deduped where trade_id = {trade[0]}"
    assert bench.rows(quote) == [(Decimal("0.00453205"),)]
    sums = "select sum({}) from {}".format
    assert bench.rows(sums("quote_volume", "gold.trades_ohlc_1m")) == bench.rows(
        sums("quote_quantity", "silver.trades_deduped")
    )
    put_back(bench, kept)


@pytest.mark.alike
@pytest.mark.parametrize(
    ("table", "row", "problem"),
    [
        (
            "raw.sealed_days",
            "('BTCUSDT', date '2020-01-01', 'a.parquet', 1, 'ab', 1, 2, 5, 1, 1, timestamp '2020-01-02')",
            "sealed days are read from their files",
        ),
        (
            "raw.gold_in_mart",
            "('gold.trades_footprint_1m', timestamp '2020-01-01', timestamp '2020-01-01', 1)",
            "tables of GOLD have old rows in the mart alone",
        ),
    ],
)
def test_a_full_refresh_is_refused_where_it_would_leave_something_out(bench, table, row, problem):
    bench.warehouse.connection.execute(f"insert into {table} values {row}")
    before = bench.rows("select * from gold.trades_ohlc_1h order by all")
    with pytest.raises(ModelError, match=problem):
        bench.models.make_anew("trades_ohlc_1h")
    assert bench.rows("select * from gold.trades_ohlc_1h order by all") == before
    bench.warehouse.connection.execute(f"delete from {table}")


@pytest.mark.alike
def test_a_data_test_that_fails_is_one_line_that_names_it(bench):
    bench.warehouse.connection.execute("update gold.trades_ohlc_1h set high = 1")
    with pytest.raises(ModelError, match="sound_candles_trades_ohlc_1h") as raised:
        bench.models.build("trades_ohlc_1h")
    assert "\n" not in str(raised.value)
    bench.models.make_anew("trades_ohlc_1h")


@pytest.mark.alike
def test_a_model_that_fails_is_one_line_that_names_it_and_the_next_run_mends_it(bench):
    bench.warehouse.connection.execute("alter table gold.trades_ohlc_1d drop column vwap")
    bench.warehouse.connection.execute("update gold.trades_ohlc_1m set loaded_at = now()")
    with pytest.raises(ModelError, match="trades_ohlc_1d") as raised:
        bench.models.run()
    assert "\n" not in str(raised.value)
    bench.models.make_anew("trades_ohlc_1d")
    bench.models.run()


@pytest.mark.alike
def test_it_writes_nothing_into_the_package_or_the_working_directory(bench, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = {path for path in PROJECT.rglob("*") if "__pycache__" not in path.parts}
    bench.models.run()
    assert {path for path in PROJECT.rglob("*") if "__pycache__" not in path.parts} == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.alike
def test_its_pages_describe_every_column_and_the_age_of_raw_is_told(bench):
    bench.models.invoke("docs generate", "--no-compile")
    folder = bench.folder / "dbt" / "target"
    catalog, manifest = (json.loads((folder / f"{name}.json").read_text()) for name in ("catalog", "manifest"))
    described = {
        name: {column.lower() for column in node["columns"]}
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["config"]["enabled"]
    }
    there = {name: {column.lower() for column in node["columns"]} for name, node in catalog["nodes"].items()}
    assert len(there) > 15 and there.keys() <= described.keys()
    assert [name for name, columns in there.items() if columns != described[name]] == []
    commented = bench.rows("select column_name, comment from duckdb_columns() where table_name = 'trades_ohlc_1m'")
    said = manifest["nodes"]["model.candlewick.trades_ohlc_1m"]["columns"]
    assert dict(commented) == {name: column["description"] for name, column in said.items()}
    public = {node["name"] for node in manifest["nodes"].values() if node.get("access") == "public"}
    assert {"trades_deduped", "trades_ohlc_1m", "candle_audit"} <= public and "tape_holes" not in public
    told = [each for each in bench.models.invoke("source freshness").result.results if hasattr(each, "age")]
    assert {each.node.name for each in told} == {"binance_raw", "binance_landed"}
    assert [str(each.status) for each in told] == ["pass" if each.age < 900 else "warn" for each in told]


def test_a_target_of_somebodys_own_writes_to_schemas_of_its_own(tmp_path):
    """Whoever runs the models by hand replaces nobody's tables; the dashboard is known to depend on them."""
    output = {"type": "duckdb", "path": str(tmp_path / "mine.duckdb"), "schema": "me", "threads": 1}
    manifest = Project(Target("dev", output), tmp_path / "dbt", timezone="UTC").manifest
    nodes = [node for node in manifest.nodes.values() if node.resource_type == "model"]
    assert {node.schema for node in nodes} == {"me_silver", "me_gold"}
    assert {each.name for each in manifest.exposures.values()} == {"dashboard"}
