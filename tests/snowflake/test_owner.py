"""`candlewick warehouse` on Snowflake: the real connector, on fakesnow, with a pipe of the peer."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from candlewick import status
from candlewick.cli import app
from candlewick.config import Settings
from candlewick.process import heartbeat
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.owner import Owner, _Pulse
from made.small_raw import SmallRaw
from peers.snowflake_functions import needs_warehouse
from peers.snowflake_peer import Peer


@pytest.fixture
def raw(peer: Peer, settings: Settings) -> SmallRaw:
    return SmallRaw.make(peer, settings)


def test_the_models_run_on_news_and_without_it_no_statement_needs_the_warehouse(raw, peer, settings):
    raw.put(1, 90)
    raw.load()
    peer.refused = [("binance/raw/torn.json.zst", "Error parsing JSON")] * 30
    with Owner.open(settings) as owner:
        assert owner.cycle(with_audit=True)
        numbers = _Pulse("running", owner=owner).numbers()
        skipped = numbers["skipped_objects"]
        assert skipped[0] == "binance/raw/torn.json.zst: Error parsing JSON"
        assert (len(skipped), skipped[-1]) == (21, "10 more within a day: information_schema.copy_history tells all")
        assert numbers["statements"] > 0
        assert minutes(settings) == [(60, Decimal("60.5")), (30, Decimal("90.5"))]
        report = told(owner, settings)
        assert (report.symbols[0].in_warehouse, report.mart_version) == (90, 1)
        assert (owner.objects, owner.work.lines) == (1, 91)

        peer.statements.clear()
        assert not owner.cycle()
        assert peer.statements and not [each for each in peer.statements if needs_warehouse(each)]

        raw.put(91, 100, at=datetime(2024, 8, 8, 0, 1, 30, tzinfo=UTC))
        peer.pipe_state = "PAUSED"
        assert not owner.cycle()
        report = told(owner, settings)
        assert not report.is_healthy and report.arrival is not None
        assert (report.arrival.state, report.arrival.waiting) == ("PAUSED", 1)
        assert "SET PIPE_EXECUTION_PAUSED = FALSE" in (report.arrival.problem or "")

        peer.pipe_state = "RUNNING"
        raw.load()
        assert owner.cycle()
        assert told(owner, settings).symbols[0].in_warehouse == 100
    assert minutes(settings)[1] == (40, Decimal("100.5"))


def minutes(settings: Settings) -> list[tuple[int, Decimal]]:
    """Trades and close of each minute in GOLD."""
    with Connection.open(settings.snowflake, settings.snowflake.reader_role) as connection:
        return connection.run("select trade_count, close from gold.trades_ohlc_1m order by open_time")


def told(owner: Owner, settings: Settings) -> status.Report:
    """What `candlewick status` makes of the heartbeat."""
    heartbeat.Heartbeat(settings.run_path, "warehouse").beat(**_Pulse("running", owner=owner).numbers())
    return status.collect(settings)


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
