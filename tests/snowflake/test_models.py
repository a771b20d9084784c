"""The models on Snowflake and on DuckDB, side by side over the recording: what both make is equal, row for row.

Snowflake is fakesnow here; where that differs from Snowflake it is bent in `fakesnow_shims`, and what the models say is
what Snowflake takes. The tests share two warehouses, which hold more with each of them; each says what it needs there.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from candlewick.config import Settings, SnowflakeSettings
from candlewick.errors import ModelError
from candlewick.lake.objects import Lake
from candlewick.moments import now_us
from made.snowflake_sides import TABLES, TIMEFRAMES, Account, columns
from peers.snowflake_peer import PASSWORD, Host, write_connection
from warehouse.bench import Bench
from warehouse.lakes import START, Writer, chunks, recorded_lines, trade_line

BY_DBT = '"app": "dbt"'
"""In the comment that dbt puts behind its statements."""

OF_A_CYCLE = re.compile(
    r"^(insert into|delete from|select|create or replace view) [^;]*CRYPTO_DB\.(silver|gold)\.", re.S
)


FINE = (
    ("0.03577", "0.1267", "0.00453205"),
    ("0.000627", "3.558", "0.00223086"),
    ("0.00000001", "2000000000", "20"),
    ("61837.64", "9876543210.00000001", "610742123464424.40061837"),
)
"""Price, quantity and quote amount: products with more places than the exchange keeps, and large ones."""


@dataclass
class Sides:
    """One lake, and the two warehouses that load it."""

    lake: Lake
    names: list[str]
    snowflake: Account
    duckdb: Bench
    loaded: set[str] = field(default_factory=set)

    @property
    def first(self) -> list[str]:
        """What a first run finds: the first objects, and that of fine amounts. A run takes fifteen seconds of CPU."""
        return [*self.names[:3], self.names[-1]]

    def load(self, names: list[str]) -> None:
        """Load objects on both sides, and run the models on DuckDB."""
        self.duckdb.cycle([self.lake.read_object(name) for name in names])
        self.snowflake.load(self.lake, names)
        self.loaded |= set(names)

    def settle(self, names: list[str]) -> None:
        """Load those objects that no test has loaded yet, and run the models on both sides."""
        if new := [name for name in names if name not in self.loaded]:
            self.load(new)
            self.snowflake.run()

    def differing(self) -> list[str]:
        """The tables that differ between the two."""
        return self.snowflake.differing(self.duckdb.rows)


@pytest.fixture(scope="module")
def sides(recording: Path, snowflake_server: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    home = tmp_path_factory.mktemp("sides")
    lake = Lake.open(str(home / "lake"), "binance")
    writer = Writer(lake, clock=now_us() - 60_000_000)
    fine = [trade_line("ETHBTC", n, START + n, price=p, quantity=q) for n, (p, q, _) in enumerate(FINE)]
    names = [writer.stream(lines) for lines in [*chunks(recorded_lines(recording), 2_500), fine]]
    write_connection(home / "snowflake", snowflake_server.port)
    settings = Settings(
        data=home, lake="s3://tape", warehouse="snowflake", snowflake=SnowflakeSettings(connection="peer")
    )
    account = Account(settings, snowflake_server.new_peer())
    with pytest.MonkeyPatch.context() as patch, Bench.open_as_owner(home / "bench") as bench:
        patch.setenv("SNOWFLAKE_HOME", str(home / "snowflake"))
        account.set_up()
        yield Sides(lake, names, account, bench)
        account.close()


def test_a_first_run_makes_the_tables_of_duckdb(sides):
    sides.settle(sides.first)
    assert sides.differing() == []


@pytest.mark.alike
def test_quote_amounts_are_cut_there_too(sides):
    sides.settle(sides.first)
    amounts = sides.snowflake.rows(
        "select QUOTE_QUANTITY from CRYPTO_DB.SILVER.TRADES_DEDUPED where SYMBOL = 'ETHBTC' order by TRADE_ID"
    )
    assert amounts == [(Decimal(quote),) for _, _, quote in FINE]


def test_the_live_views_show_before_a_run_what_the_tables_show_after_it_late_objects_included(sides):
    sides.settle(sides.first)
    sides.load(sides.names[3:-1])
    late = sides.names[4]
    sides.snowflake.rows(
        "update CRYPTO_DB.RAW.BINANCE_RAW set LOADED_AT = dateadd('minute', -30, LOADED_AT)"
        f" where OBJECT_NAME = '{late}'"
    )
    claimed = [name for name in columns("gold.trades_ohlc_1m", sides.duckdb.rows) if name != "is_complete"]
    statement = f"select {', '.join(claimed)} from CRYPTO_DB.GOLD.%s order by symbol, open_time"
    live = {timeframe: sides.snowflake.rows(statement % f"TRADES_OHLC_{timeframe}_LIVE") for timeframe in TIMEFRAMES}
    sides.snowflake.run()
    for timeframe in TIMEFRAMES:
        assert live[timeframe] == sides.snowflake.rows(statement % f"TRADES_OHLC_{timeframe}"), timeframe
    assert sides.differing() == []


@pytest.mark.alike
def test_a_run_without_news_changes_nothing(sides):
    sides.settle(sides.first)
    counted = " union all ".join(
        f"select '{table}', count(*), max(loaded_at) from CRYPTO_DB.{table}"
        for table in TABLES
        if table != "gold.tape_gaps"
    )
    before = sides.snowflake.rows(counted)
    sides.snowflake.run()
    assert sides.snowflake.rows(counted) == before


def test_the_whole_5m_candles_equal_the_exchanges_in_nine_fields(sides, recording):
    sides.settle(sides.first)
    sides.settle(sides.names)
    ours = sides.snowflake.rows(
        "select date_part('epoch_second', open_time) * 1000, open, high, low, close, volume, quote_volume, trade_count,"
        " taker_buy_volume, taker_buy_quote_volume from CRYPTO_DB.GOLD.TRADES_OHLC_5M where is_complete order by 1"
    )
    with (recording / "exchange_klines_5m.csv").open() as file:
        theirs = {int(row[0]): row for row in csv.reader(file)}
    assert len(ours) == 2
    for candle in ours:
        row = theirs[int(str(candle[0]))]
        assert list(candle[1:]) == [Decimal(row[column]) for column in (1, 2, 3, 4, 5, 7, 8, 9, 10)]


@pytest.mark.alike
def test_every_statement_of_the_models_is_snowflakes_sql(sides):
    sides.settle(sides.first)
    sides.settle(sides.names)
    sent = [each for each in sides.snowflake.peer.statements if BY_DBT in each or OF_A_CYCLE.search(each)]
    statements = {re.sub(r"\d+", "0", each): each for each in sent}
    parsed = [sqlglot.parse_one(statement, read="snowflake") for statement in statements.values()]
    assert {exp.Create, exp.Select, exp.Insert, exp.Delete} <= {type(statement) for statement in parsed}
    # What the parser only takes as words: none of ours.
    assert {str(statement.this).upper() for statement in parsed if isinstance(statement, exp.Command)} <= {"SHOW"}


@pytest.mark.alike
def test_no_secret_gets_into_a_file(sides):
    sides.settle(sides.first)
    files = [path for path in sides.snowflake.settings.data.rglob("*") if path.is_file()]
    holding = {path.name for path in files if PASSWORD.encode() in path.read_bytes()}
    assert holding == {"connections.toml"}


@pytest.mark.alike
def test_dbt_by_hand_makes_the_same_tables_of_all_that_is_in_silver(sides):
    """One of each kind: dbt takes seconds for a table there."""
    sides.settle(sides.names)
    sides.snowflake.peer.statements.clear()
    sides.snowflake.models.make_anew("trades_ohlc_1m", "trades_ohlc_1h", "candle_audit")
    assert sides.differing() == []
    assert any('"SYMBOL" COMMENT $$' in each for each in sides.snowflake.peer.statements), "what columns mean is told"


@pytest.mark.alike
def test_a_payload_in_a_unit_test_is_parsed_as_a_line_is(sides):
    """fakesnow reads a VARIANT that holds a string as if it were parsed; Snowflake finds nothing in it."""
    sides.settle(sides.first)
    sides.snowflake.peer.statements.clear()
    sides.snowflake.models.invoke("test", "--select", "trades_deduped,test_type:unit")
    given = [each for each in sides.snowflake.peer.statements if "61837.63000000" in each]
    assert given and all("parse_json(" in each and "as VARIANT" not in each for each in given)


@pytest.mark.alike
def test_dbt_by_hand_refuses_an_account_where_a_timestamp_has_a_zone(sides):
    sides.settle(sides.first)
    sides.snowflake.peer.timestamps = "TIMESTAMP_LTZ"
    try:
        with pytest.raises(ModelError, match=r"TIMESTAMP_TYPE_MAPPING is TIMESTAMP_LTZ.*ALTER USER"):
            sides.snowflake.models.run()
    finally:
        sides.snowflake.peer.timestamps = "TIMESTAMP_NTZ"
