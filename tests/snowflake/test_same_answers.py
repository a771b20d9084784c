"""What reads the warehouse reads both alike: audit, dashboard and SQL of visitors, on one tape in the mart and here.

One file, since the account takes half a minute to make: workers of a test run share files, not fixtures.
"""

import asyncio
import csv
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import structlog
from starlette.requests import Request
from starlette.responses import Response
from typer.testing import CliRunner

from candlewick import audit
from candlewick.audit import report
from candlewick.audit import verdict as verdicts
from candlewick.cli import app
from candlewick.dashboard.console import Console
from candlewick.dashboard.health import hops
from candlewick.dashboard.routes.candles import Api
from candlewick.dashboard.routes.evidence import Evidence
from candlewick.dashboard.routes.export import Export, csv_bytes, parquet_bytes
from candlewick.dashboard.routes.flow import FlowRoutes
from candlewick.dashboard.site import Site
from candlewick.dashboard.views import pipeline
from candlewick.dashboard.views.data import COLUMNS, EXAMPLES
from candlewick.errors import QueryRefusedError, WarehouseLoginError
from candlewick.moments import instant
from candlewick.warehouse.duckdb.sandbox import Sandbox
from candlewick.warehouse.home import home_of
from candlewick.warehouse.rows import Limits
from candlewick.warehouse.snowflake.follower import Follower
from candlewick.warehouse.snowflake.visitor import MOST_SESSIONS, Visitor
from dashboard.proven import DECLARED, MISSING, SECOND, SYMBOL
from made.snowflake_proven import Proven

TIMEFRAMES = ("1s", "1m", "5m", "15m", "1h", "4h", "1d")
ROUTES = [
    *(f"candles?timeframe={timeframe}&limit=4" for timeframe in TIMEFRAMES),
    f"candles?timeframe=1m&before={SECOND + 240}&limit=2",
    f"candles?timeframe=1m&since={SECOND + 60}&before={SECOND + 240}",
    "day?",
    *(f"lineage?timeframe=1m&t={SECOND + 60 * minute}" for minute in (0, 1, 2, 3, 4, 5, 500)),
    *(f"lineage?timeframe={timeframe}&t={SECOND + 60}" for timeframe in TIMEFRAMES),
    "proof?",
    f"proof?since={SECOND + 60}&before={SECOND + 180}",
    f"trades?from={SECOND}&limit=7",
    f"trades?from={SECOND + 30}&from_id=104&limit=20",
    f"trades?from={SECOND - 3 * 86_400}&limit=2",
    f"trades?from={SECOND + 10**6}",
    *(f"footprint?timeframe={each}&since={SECOND - 86_400}&before={SECOND + 600}" for each in ("5m", "1h", "1d")),
    f"footprint?timeframe=1m&since={SECOND}&before={SECOND + 360}&step=5",
    f"profile?since={SECOND}&before={SECOND + 360}&step=1",
    f"profile?since={SECOND}&before={SECOND + 360}&step=0.01&exact=1",
    "tape?limit=12",
    "tape?limit=3&least=0.9",
    "export?timeframe=1m&format=csv",
    "export?timeframe=5m&format=parquet",
]


@pytest.fixture
def sites(proven: Proven) -> Iterator[tuple[Site, Site]]:
    """The dashboard on Snowflake, and on the mart."""
    follower = Follower(proven.snowflake)
    made = Site(proven.embedded, follower), Site(proven.embedded, proven.mart)
    yield made
    for site in made:
        site.close()
    follower.close()


def ask(site: Site, path: str) -> Response:
    """Ask a route of the dashboard."""
    parts = (
        Api(site.reader, site.reads, site.catalogue),
        Evidence(site.reader, site.evidence_reads, site.catalogue, site.settings),
        Export(site.reader, site.reads, site.catalogue),
        FlowRoutes(site.reader, site.evidence_reads, site.catalogue, site.hub, site.settings.zone),
    )
    handlers = {route.path: route.endpoint for part in parts for route in part.routes()}
    name, _, query = path.partition("?")
    request = Request({"type": "http", "headers": [], "query_string": f"symbol={SYMBOL}&{query}".encode()})
    return asyncio.run(handlers[f"/api/{name}"](request))


def told(answer: Response) -> object:
    """What an answer says, but for when a warehouse got its rows, which differs between two."""
    content = bytes(answer.body)
    if answer.media_type == "application/json":
        return json.loads(content, object_hook=timeless)
    if answer.media_type == "text/csv":
        return [timeless(row) for row in csv.DictReader(io.StringIO(content.decode()))]
    return pq.read_table(io.BytesIO(content)).drop_columns(["loaded_at"]).to_pydict()


def timeless(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith("loaded_")}


@pytest.mark.parametrize("path", ROUTES)
def test_every_route_answers_alike(sites, path):
    ours, theirs = (ask(site, path) for site in sites)
    assert ours.status_code == theirs.status_code == 200, ours.body
    assert told(ours) == told(theirs)


def test_the_pipeline_page_shows_alike(sites):
    now = instant(SECOND + 5 * 60)
    ours, theirs = (
        (
            pipeline.minutes(site, SYMBOL, now),
            pipeline.newest_gaps(site),
            [timeless(row) for row in hops.latencies(site.reader, now)],
        )
        for site in sites
    )
    assert ours == theirs
    assert all(ours)


@pytest.fixture
def settled(monkeypatch):
    """No hole is too young to be one."""
    monkeypatch.setattr(verdicts, "BEING_FILLED", timedelta(0))


@pytest.mark.parametrize("since", [None, instant(SECOND + 60), instant(SECOND + 240)])
def test_the_verdict_is_that_of_the_embedded_warehouse(proven, settled, since):
    ours, theirs = (audit.run(settings, since, asks=False) for settings in (proven.snowflake, proven.embedded))
    assert json.loads(report.to_json(ours)) == json.loads(report.to_json(theirs)) | {"mart_version": None}


def test_the_verdict_names_the_mismatch_the_hole_and_what_was_declared(proven, settled):
    verdict = audit.run(proven.snowflake, None, asks=False)
    assert [(each.open_time, each.fields) for each in verdict.mismatches] == [(instant(SECOND + 60), ("volume",))]
    assert [(each.first, each.last) for each in verdict.holes] == [MISSING]
    assert verdict.tapes[0].declared == DECLARED[1] - DECLARED[0] + 1


def test_our_trades_of_a_minute_are_equal_by_id(proven):
    with home_of(proven.snowflake).reader().connect() as snowflake, proven.mart.connect() as mart:
        ours = verdicts.trades(snowflake, "BTCUSDT", *DECLARED) | verdicts.trades(snowflake, "BTCUSDT", 100, 124)
        assert ours == verdicts.trades(mart, "BTCUSDT", 100, 124)
        assert len(ours) == 25


def test_the_audits_command_reports_and_exits_alike(proven, settled, tmp_path):
    said = []
    for settings in (proven.snowflake, proven.embedded):
        file = tmp_path / f"{settings.warehouse}.toml"
        file.write_text(
            f'symbols = ["BTCUSDT"]\ndata = "{settings.data}"\nlake = "{settings.lake_url}"\n'
            f'warehouse = "{settings.warehouse}"\n[snowflake]\nconnection = "peer"\n'
        )
        said.append(CliRunner().invoke(app, ["audit", "--offline", "-c", str(file)]))
    assert said[0].output == said[1].output
    assert "Not proved: 1 mismatches, 1 holes" in said[0].output
    assert [each.exit_code for each in said] == [1, 1]


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
def test_every_example_of_the_data_page_answers_as_the_mart_does_and_can_be_taken_away(console, proven, path: Path):
    statement = path.read_text().replace("$symbol", SYMBOL)
    with closing(Console(Sandbox(proven.mart))) as embedded:
        ours, theirs = console.run(statement).table, embedded.run(statement).table
    assert ours.column_names == theirs.column_names
    assert ours.num_rows
    assert rows(ours) == rows(theirs)
    assert csv_bytes(ours).startswith(f'"{ours.column_names[0]}"'.encode())
    assert pq.read_table(io.BytesIO(parquet_bytes(ours))).num_rows == ours.num_rows


def test_the_tables_are_told_those_that_are_live_too(console):
    told = {row["name"]: row["described"] for row in console.run(COLUMNS).table.to_pylist()}
    assert {"GOLD.TRADES_OHLC_1M_LIVE", "GOLD.CANDLE_AUDIT", "SILVER.TRADES_DEDUPED"} <= told.keys()


def test_only_the_first_rows_come_and_it_says_so(console):
    answer = console.run("select trade_id from silver.trades_deduped order by trade_id", Limits(rows=7))
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
    assert [statement for statement in proven.peer.statements if statement != "SELECT 1"] == [
        "USE SECONDARY ROLES NONE",
        "ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 30 STATEMENT_QUEUED_TIMEOUT_IN_SECONDS = 30"
        " ROWS_PER_RESULTSET = 1000001 SEARCH_PATH = '$current, $public' QUERY_TAG = 'candlewick sql'",
        "SELECT CURRENT_AVAILABLE_ROLES()",
        "(select 1 as one)",
    ]


def test_each_visitor_has_a_session_and_its_statements_have_their_name(console, proven):
    proven.peer.statements.clear()
    for visitor in ("ada@example.com", "eve'; drop", "ada@example.com"):
        console.run("select 1 as one", visitor=visitor)
    tags = [statement.partition("QUERY_TAG = ")[2] for statement in proven.peer.statements if "QUERY_TAG" in statement]
    assert tags == ["'candlewick sql ada@example.com'", "'candlewick sql eve___drop'"]
    sessions = console._engine._sessions
    assert sorted(sessions) == ["ada@example.com", "eve'; drop"]
    for number in range(MOST_SESSIONS):
        console._engine._session_of(str(number))
    assert list(sessions) == [str(number) for number in range(MOST_SESSIONS)]


def test_a_user_who_is_unfit_is_told_of_when_the_dashboard_starts(proven):
    proven.peer.available_roles = ["CANDLEWICK_READER", "PUBLIC", "ACCOUNTADMIN"]
    try:
        with closing(Visitor(proven.snowflake)) as visitor, structlog.testing.capture_logs() as said:
            Console(visitor).prepare()
    finally:
        proven.peer.available_roles.remove("ACCOUNTADMIN")
    assert [(line["log_level"], "ACCOUNTADMIN" in line["problem"]) for line in said] == [("error", True)]
    with closing(Visitor(proven.snowflake)) as visitor, structlog.testing.capture_logs() as said:
        Console(visitor).prepare()
    assert said == []


def test_a_user_who_could_take_another_role_is_no_visitor(proven):
    """`USE ROLE` is refused as a statement, but a fence that a statement could climb is not the only one."""
    proven.peer.available_roles = ["CANDLEWICK_READER", "PUBLIC", "ACCOUNTADMIN"]
    try:
        with closing(Visitor(proven.snowflake)) as visitor, pytest.raises(WarehouseLoginError, match="ACCOUNTADMIN"):
            Console(visitor).run("select 1 as one")
    finally:
        proven.peer.available_roles.remove("ACCOUNTADMIN")


def test_what_was_checked_is_what_is_sent(console, proven):
    proven.peer.statements.clear()
    console.run("select 1 as one -- and nothing\n/* else */;")
    assert proven.peer.statements[-1] == "select 1 as one"
