"""The main job at scale: the recording goes in over the wire, through S3 into DuckDB and into Snowflake.

Recorder, loader, models and connector are the real ones. The exchange is the local one, the S3 server is moto's, and
Snowflake is fakesnow's server with a pipe of the tests (`snowflake_peer`).
"""

import csv
import secrets
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from candlewick.config import SnowflakeSettings
from candlewick.lake.objects import Lake
from candlewick.warehouse.duckdb.file import Warehouse
from candlewick.warehouse.targets import Target
from e2e.stack import Stack, wait_until
from e2e.test_recording import TABLES, TRADES, WHOLE_CANDLES
from made.snowflake_sides import Account, Rows
from peers.aws_peer import CREDENTIALS, REGION, client, moto_server
from peers.snowflake_peer import Host, snowflake_host, write_connection
from warehouse.dbt_by_hand import Models

NINE_FIELDS = "open, high, low, close, volume, quote_volume, trade_count, taker_buy_volume, taker_buy_quote_volume"


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An S3 server, and credentials for it in the environment of every process."""
    with moto_server() as url, pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield url


def stack_in(name: str, endpoint: str, home: Path) -> Stack:
    """A stack whose lake is a new bucket, also where another recording's has its name."""
    bucket = f"{name}-{secrets.token_hex(3)}"
    client(endpoint, "s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    stack = Stack(home / bucket).write_config()
    stack.config_path.write_text(
        f'lake = "s3://{bucket}"\n{stack.config_path.read_text()}'
        f'[s3]\nendpoint = "{endpoint}"\nregion = "{REGION}"\npath_style = true\n'
    )
    return stack


def lake_of(stack: Stack) -> Lake:
    return Lake.open(stack.settings.lake_url, stack.settings.prefix, stack.settings.s3)


def objects_of(stack: Stack) -> list[str]:
    return [item.name for item in lake_of(stack).list_all()]


def drain(stack: Stack) -> None:
    """Stop the recorder, wait until all of its objects are loaded, and stop the loader."""
    wait_until(lambda: own_beat(stack, "recorder").get("state") == "recording", "the recorder to be at it", 120)
    assert stack.kill("recorder", signal.SIGTERM) == 0
    expected = len(objects_of(stack))
    wait_until(lambda: own_beat(stack, "warehouse").get("objects") == expected, f"{expected} objects to be loaded", 120)
    assert stack.kill("warehouse", signal.SIGTERM) == 0
    stack.stop()


def own_beat(stack: Stack, name: str) -> dict[str, Any]:
    """The heartbeat of a running process; not the last one of a process that was killed."""
    beat = stack.beat(name)
    return beat if beat.get("pid") == stack.processes[name].pid else {}


@pytest.fixture(scope="module")
def replayed(recording: Path, endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The recording in S3, and loaded from there into DuckDB, without interruption."""
    stack = stack_in("tape", endpoint, tmp_path_factory.mktemp("cloud"))
    try:
        stack.start_exchange("--replay", str(recording), "--speed", "0")
        stack.start_recorder()
        stack.start_warehouse()
        wait_until(lambda: stack.trades() == TRADES, f"{TRADES} trades in SILVER", 240)
        drain(stack)
        yield stack
    finally:
        stack.stop()


@dataclass
class OnDuckDB:
    """The file that a stack's loader left, and the models on it."""

    warehouse: Warehouse
    models: Models

    def rows(self, statement: str) -> Rows:
        return self.warehouse.connection.execute(statement).fetchall()


@pytest.fixture(scope="module")
def duckdb(replayed: Stack) -> Iterator[OnDuckDB]:
    """DuckDB, built from what it loaded from S3: models, data tests and unit tests."""
    warehouse = Warehouse.open(replayed.settings.duckdb_path)
    models = Models(Target.duckdb(warehouse.path), replayed.home / "dbt", timezone=replayed.settings.timezone)
    models.build()
    yield OnDuckDB(warehouse, models)
    models.close()
    warehouse.close()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A Snowflake server, and connections.toml for it."""
    home = tmp_path_factory.mktemp("snowflake")
    with snowflake_host() as served, pytest.MonkeyPatch.context() as patch:
        write_connection(home, served.port)
        patch.setenv("SNOWFLAKE_HOME", str(home))
        yield served


def account_of(stack: Stack, host: Host) -> Account:
    """A new Snowflake account, set up, whose pipe has loaded a stack's bucket."""
    changes = {"warehouse": "snowflake", "snowflake": SnowflakeSettings(connection="peer")}
    account = Account(stack.settings.model_copy(update=changes), host.new_peer())
    account.set_up()
    account.load(lake_of(stack), objects_of(stack))
    return account


@pytest.fixture(scope="module")
def snowflake(replayed: Stack, host: Host) -> Iterator[Account]:
    """Snowflake, built from what its pipe loaded from the same bucket: models, data tests and unit tests."""
    account = account_of(replayed, host)
    account.run()
    account.models.build()
    yield account
    account.close()


def exchanges(recording: Path) -> Rows:
    """The exchange's own whole candles of 5 minutes, in nine fields."""
    with (recording / "exchange_klines_5m.csv").open() as file:
        rows = {int(row[0]): row for row in csv.reader(file)}
    return [tuple(Decimal(rows[time][column]) for column in (1, 2, 3, 4, 5, 7, 8, 9, 10)) for time in WHOLE_CANDLES]


def test_on_duckdb_the_whole_candles_equal_the_exchanges(duckdb, recording):
    ours = duckdb.rows(f"select {NINE_FIELDS} from gold.trades_ohlc_5m where is_complete order by open_time")
    assert ours == exchanges(recording)


def test_on_snowflake_the_whole_candles_equal_the_exchanges(snowflake, recording):
    ours = snowflake.rows(
        f"select {NINE_FIELDS} from CRYPTO_DB.GOLD.TRADES_OHLC_5M where is_complete order by open_time"
    )
    assert ours == exchanges(recording)


def test_both_have_every_trade_once(snowflake, duckdb):
    counts = "select count(*), count(distinct trade_id) from {}silver.trades_deduped"
    assert snowflake.rows(counts.format("CRYPTO_DB.")) == duckdb.rows(counts.format("")) == [(TRADES, TRADES)]


def test_silver_and_gold_are_equal_row_for_row(snowflake, duckdb):
    assert snowflake.differing(duckdb.rows) == []


def test_killed_again_and_again_it_ends_equal_to_the_uninterrupted_run(recording, endpoint, duckdb, tmp_path):
    stack = stack_in("killed", endpoint, tmp_path)
    try:
        stack.start_exchange("--replay", str(recording), "--speed", "50")
        stack.start_recorder()
        stack.start_warehouse()
        for at_least in (2_000, 9_000):
            wait_until(lambda: stack.trades() >= at_least, f"{at_least} trades in SILVER", 180)  # noqa: B023
            assert stack.kill("recorder") == -signal.SIGKILL
            assert stack.kill("warehouse") == -signal.SIGKILL
            stack.start_recorder()
            stack.start_warehouse()
        wait_until(lambda: stack.trades() == TRADES, f"{TRADES} trades in SILVER", 240)
        drain(stack)
    finally:
        stack.stop()
    killed = {name: stack.rows(statement) for name, statement in TABLES.items()}
    assert killed == {name: duckdb.rows(statement) for name, statement in TABLES.items()}
