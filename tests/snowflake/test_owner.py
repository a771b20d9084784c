"""`candlewick warehouse` on Snowflake: the real dbt and connector, on fakesnow, with a pipe of the peer."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from candlewick import heartbeat, status
from candlewick.cli import app
from candlewick.config import Settings
from candlewick.snowflake.gold import Gold
from candlewick.snowflake.owner import Owner, _Pulse
from small_raw import SmallRaw
from snowflake_functions import needs_warehouse
from snowflake_peer import Peer


@pytest.fixture
def raw(peer: Peer, settings: Settings) -> SmallRaw:
    return SmallRaw.make(peer, settings)


@pytest.fixture
def owner(raw: SmallRaw, settings: Settings) -> Iterator[Owner]:
    with Owner.open(settings) as owner:
        yield owner


def test_the_models_run_on_news_and_without_it_no_statement_needs_the_warehouse(raw, owner, peer, settings):
    raw.put(1, 90)
    raw.load()
    assert owner.cycle(with_audit=True)
    reader = Gold(settings)
    rows = reader.query("select open_time, trade_count, close from gold.trades_ohlc_1m order by open_time")
    reader.close()
    assert [(row["trade_count"], row["close"]) for row in rows.to_pylist()] == [
        (60, Decimal("60.5")),
        (30, Decimal("90.5")),
    ]
    numbers = _Pulse("running", owner=owner).numbers()
    assert numbers["watermark"] == {"BTCUSDT": 90} and numbers["version"] == 1
    assert (numbers["objects"], numbers["rows"]) == (1, 91)

    peer.statements.clear()
    assert not owner.cycle()
    assert peer.statements and not [each for each in peer.statements if needs_warehouse(each)]

    raw.put(91, 100)
    raw.load()
    assert owner.cycle()
    assert owner.watermarks["BTCUSDT"][0] == 100


def test_a_pipe_that_is_paused_is_a_problem_with_its_next_step(raw, owner, peer, settings):
    owner.cycle()
    raw.put(1, 2)
    peer.pipe_state = "PAUSED"
    owner.cycle()
    heartbeat.Heartbeat(settings.run_path, "warehouse").beat(**_Pulse("running", owner=owner).numbers())
    report = status.collect(settings)
    assert not report.is_healthy and report.arrival is not None
    assert (report.arrival.state, report.arrival.waiting) == ("PAUSED", 1)
    assert "SET PIPE_EXECUTION_PAUSED = FALSE" in (report.arrival.problem or "")


def test_status_asks_the_pipe_where_no_warehouse_runs_here(raw, settings, tmp_path):
    raw.put(1, 2)
    file = tmp_path / "candlewick.toml"
    file.write_text('data = "data"\nlake = "s3://tape"\nwarehouse = "snowflake"\n[snowflake]\nconnection = "peer"\n')
    result = CliRunner().invoke(app, ["status", "-c", str(file)])
    assert "pipe CRYPTO_DB.RAW.BINANCE_PIPE RUNNING, 1 object waiting" in " ".join(result.output.split())
    file.write_text(file.read_text() + 'pipe = "NOT_THERE"\n')
    result = CliRunner().invoke(app, ["status", "-c", str(file)])
    assert "does not arrive" in result.output and "NOT_THERE" in result.output
    assert result.exit_code == 1
