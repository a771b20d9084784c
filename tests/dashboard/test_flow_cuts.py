"""Live, history and a replay give the same cells wherever they are cut: the server's, which the chart carries on."""

import json
import random
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest

from candlewick.dashboard.routes.flow import footprints_json
from candlewick.warehouse.compiling import program
from candlewick.warehouse.duckdb.periods import with_news
from candlewick.warehouse.flow.reading import Flow
from dashboard.test_indicators import FRONTEND, node_with_packages

START = datetime(2026, 1, 24, 13, 0)
TRADES, CUTS, STEP = 600, 25, Decimal(5)
TABLES = """
    create schema silver; create schema gold;
    create table gold.footprint_audit (
        symbol varchar, open_time timestamp, status varchar, mismatched_fields varchar, is_complete boolean);
    create table gold.trades_ohlc_1m (symbol varchar, open_time timestamp);
    create table gold.tape_gaps (
        symbol varchar, first_missing_id bigint, last_missing_id bigint, state varchar,
        previous_traded_at timestamp, next_traded_at timestamp);
    create table tape (
        business_key varchar, symbol varchar, trade_id bigint, price decimal(38, 8), quantity decimal(38, 8),
        is_buyer_maker boolean, traded_at timestamp, received_at timestamp, loaded_at timestamp, source varchar,
        quote_quantity decimal(38, 8));
"""


class Server:
    """The warehouse's rule and the dashboard's reading of it, over as much of a tape as there is at a cut."""

    def __init__(self, trades: list[tuple[Any, ...]], sql: str) -> None:
        self._connection = duckdb.connect()
        self._connection.execute(TABLES)
        self._connection.executemany(f"insert into tape values ({', '.join('?' * 11)})", trades)
        self._sql = sql

    def query(self, sql: str, params: Sequence[object] = ()) -> pa.Table:
        return self._connection.cursor().sql(sql, params=list(params)).to_arrow_table()

    def footprints(self, before_id: int) -> Any:
        made = "create or replace table silver.trades_deduped as select * from tape where trade_id <"
        self._connection.execute(f"{made} {before_id}")
        run = with_news(self._connection, self._sql, lambda _: datetime(1970, 1, 1))
        self._connection.execute(f"create or replace table gold.trades_footprint_1m as {run}")
        flow = Flow(self, "BTC", ZoneInfo("UTC"))  # type: ignore[arg-type]  # it reads no candles
        return json.loads(footprints_json(flow.footprints("1m", START, START + timedelta(hours=1), STEP)))


@pytest.fixture(scope="module")
def node() -> Iterator["subprocess.Popen[str]"]:
    command = [node_with_packages(), "test/cells.mjs"]
    with subprocess.Popen(command, cwd=FRONTEND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


def tape(rng: random.Random) -> list[tuple[Any, ...]]:
    """Trades of some minutes with contiguous ids beyond 2^53; some are stamped a little early."""
    rows, at, price = [], START, Decimal("95000")
    for number in range(TRADES):
        at += timedelta(microseconds=int(rng.random() ** 4 * 4_000_000))
        price += Decimal(rng.randint(-200, 200)).scaleb(-2)
        stamped = max(START, at - timedelta(seconds=0.9 if rng.random() < 0.02 else 0))
        quantity = Decimal(rng.randint(1, 10**9)).scaleb(-8)
        quote = (price * quantity).quantize(Decimal("1e-8"), "ROUND_DOWN")
        trade_id = 2**53 + number
        rows.append(
            (f"BTC-{trade_id}", "BTC", trade_id, price, quantity, rng.random() < 0.5, stamped, at, at, "ws", quote)
        )
    return rows


def test_live_history_and_a_replay_give_the_servers_cells_wherever_they_are_cut(
    node: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    [model] = [each for each in program("duckdb", "UTC", tmp_path).models if each.name == "trades_footprint_1m"]
    rng = random.Random(7)
    trades = tape(rng)
    server = Server(trades, model.sql)
    everything = server.footprints(2**53 + TRADES)
    columns = {
        "i": [str(row[2]) for row in trades],
        "t": [int(row[6].replace(tzinfo=UTC).timestamp() * 1_000_000) for row in trades],
        "p": [str(row[3]) for row in trades],
        "q": [f"{row[4]:f}" for row in trades],
        "m": [int(row[5]) for row in trades],
    }
    assert len(everything["bars"]["t"]) > 5
    for cut in [1, TRADES - 1, *(rng.randrange(1, TRADES) for _ in range(CUTS))]:
        told = {"all": everything, "settled": server.footprints(2**53 + cut), "trades": columns, "step": f"{STEP:.8f}"}
        told |= {"fed": max(0, cut - rng.randrange(20)), "from": columns["t"][cut] // 60_000_000 * 60}
        assert node.stdin
        assert node.stdout
        node.stdin.write(json.dumps(told) + "\n")
        node.stdin.flush()
        history, live, replay = json.loads(node.stdout.readline())
        assert live == history, f"cut at {cut}"
        assert [bar[:2] for bar in replay] == [bar[:2] for bar in history], f"replayed from {told['from']}"
