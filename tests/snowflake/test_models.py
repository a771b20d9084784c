"""The models on Snowflake and on DuckDB, side by side over the recording: what both make is equal, row for row.

Snowflake is fakesnow here; where that differs from Snowflake it is bent in `fakesnow_shims`, and what the models say is
what Snowflake takes. The tests go on from each other: half of the objects, the rest of them, nothing new.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from candlewick.config import Settings, SnowflakeSettings
from candlewick.heartbeat import now_us
from candlewick.lake import Lake
from candlewick.setup.sql import render, sections
from candlewick.snowflake.connection import Connection
from candlewick.transform import Models
from snowflake_peer import PASSWORD, Host, Peer, write_connection
from warehouse.bench import Bench
from warehouse.lakes import Writer, chunks, recorded_lines

BY_DBT = '"app": "dbt"'
"""In the comment that dbt puts behind its statements."""
TIMEFRAMES = ("1s", "1m", "5m", "15m", "1h", "4h", "1d")
TABLES = (
    "silver.trades_deduped",
    "silver.tape_spans",
    "silver.object_spans",
    *(f"gold.trades_ohlc_{timeframe}" for timeframe in TIMEFRAMES),
    "gold.candle_audit",
    "gold.tape_gaps",
)


@dataclass
class Sides:
    """The same lake in two warehouses."""

    lake: Lake
    names: list[str]
    settings: Settings
    peer: Peer
    snowflake: Models
    duckdb: Bench

    def load(self, names: list[str]) -> None:
        """Load objects on both sides, and run the models on DuckDB."""
        self.duckdb.cycle([self.lake.read_object(name) for name in names])
        assert self.peer.load("CRYPTO_DB.RAW.BINANCE_PIPE", {name: self.lake.get(name) for name in names}) == len(names)

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Query Snowflake."""
        with Connection.open(self.settings.snowflake, self.settings.snowflake.reader_role) as connection:
            return connection.run(statement)

    def columns(self, table: str) -> str:
        """All columns of a table but those that say when a warehouse got its rows, which differ between two."""
        names = [str(name) for (name,) in self.duckdb.rows(f"select column_name from (describe {table})")]
        return ", ".join(name for name in names if not name.endswith("loaded_at"))

    def differing(self) -> list[str]:
        """The tables that differ between the two."""
        found = []
        for table in TABLES:
            statement = f"select {self.columns(table)} from {table} order by 1, 2, 3"
            if self.rows(statement.replace(table, f"CRYPTO_DB.{table}")) != self.duckdb.rows(statement):
                found.append(table)
        return found


@pytest.fixture(scope="module")
def sides(recording: Path, snowflake_server: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    home = tmp_path_factory.mktemp("sides")
    lake = Lake.open(str(home / "lake"), "binance")
    writer = Writer(lake, clock=now_us() - 60_000_000)
    names = [writer.stream(lines) for lines in chunks(recorded_lines(recording), 2_500)]
    write_connection(home / "snowflake", snowflake_server.port)
    settings = Settings(
        data=home, lake="s3://tape", warehouse="snowflake", snowflake=SnowflakeSettings(connection="peer")
    )
    peer = snowflake_server.new_peer()
    with pytest.MonkeyPatch.context() as patch, Bench.open(home / "bench") as bench:
        patch.setenv("SNOWFLAKE_HOME", str(home / "snowflake"))
        set_up(settings)
        yield Sides(lake, names, settings, peer, Models.on_snowflake(settings), bench)


def set_up(settings: Settings) -> None:
    """Run setup.sql."""
    with Connection.open(settings.snowflake, settings.snowflake.admin_role) as connection:
        for section in sections(render("setup", settings, "arn:aws:iam::123456789012:role/snowflake")):
            for statement in section.statements:
                connection.run(statement)


def test_dbt_build_is_green_with_all_tests_and_the_tables_are_those_of_duckdb(sides):
    sides.load(sides.names[:3])
    sides.snowflake.build()
    assert sides.differing() == []


def test_the_live_views_show_before_a_run_what_the_tables_show_after_it_late_objects_included(sides):
    sides.load(sides.names[3:])
    late = sides.names[4]
    sides.rows(
        "update CRYPTO_DB.RAW.BINANCE_RAW set LOADED_AT = dateadd('minute', -30, LOADED_AT)"
        f" where OBJECT_NAME = '{late}'"
    )
    claims = {"is_complete", "vwap"}
    columns = ", ".join(set(sides.columns("gold.trades_ohlc_1m").split(", ")) - claims)
    statement = f"select {columns}, cast(vwap as number(38, 8)) from CRYPTO_DB.GOLD.%s order by symbol, open_time"
    live = {timeframe: sides.rows(statement % f"TRADES_OHLC_{timeframe}_LIVE") for timeframe in TIMEFRAMES}
    sides.snowflake.run()
    for timeframe in TIMEFRAMES:
        assert live[timeframe] == sides.rows(statement % f"TRADES_OHLC_{timeframe}"), timeframe
    assert sides.differing() == []


def test_a_run_without_news_changes_nothing(sides):
    counted = " union all ".join(
        f"select '{table}', count(*), max(loaded_at) from CRYPTO_DB.{table}"
        for table in TABLES
        if table != "gold.tape_gaps"
    )
    before = sides.rows(counted)
    sides.snowflake.run()
    assert sides.rows(counted) == before


def test_the_whole_5m_candles_equal_the_exchanges_in_nine_fields(sides, recording):
    ours = sides.rows(
        "select date_part('epoch_second', open_time) * 1000, open, high, low, close, volume, quote_volume, trade_count,"
        " taker_buy_volume, taker_buy_quote_volume from CRYPTO_DB.GOLD.TRADES_OHLC_5M where is_complete order by 1"
    )
    with (recording / "exchange_klines_5m.csv").open() as file:
        theirs = {int(row[0]): row for row in csv.reader(file)}
    assert len(ours) == 2
    for candle in ours:
        row = theirs[int(str(candle[0]))]
        assert list(candle[1:]) == [Decimal(row[column]) for column in (1, 2, 3, 4, 5, 7, 8, 9, 10)]


def test_every_statement_of_the_models_is_snowflakes_sql(sides):
    parsed = [
        sqlglot.parse_one(statement, read="snowflake") for statement in sides.peer.statements if BY_DBT in statement
    ]
    assert {exp.Create, exp.Select, exp.Insert, exp.Delete} <= {type(statement) for statement in parsed}
    # What the parser only takes as words: none of ours.
    assert {str(statement.this) for statement in parsed if isinstance(statement, exp.Command)} <= {"SHOW"}


def test_no_secret_gets_into_a_file(sides):
    files = [path for path in sides.settings.data.rglob("*") if path.is_file() and path.name != "connections.toml"]
    assert any(path.name == "profiles.yml" for path in files)
    assert not [path for path in files if PASSWORD.encode() in path.read_bytes()]
