"""`candlewick audit` on Snowflake: the verdict that the embedded warehouse gives on the same tape."""

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from candlewick import audit
from candlewick.audit import report
from candlewick.audit import verdict as verdicts
from candlewick.cli import app
from candlewick.dashboard.reader import instant
from dashboard.proven import DECLARED, MISSING, SECOND


@pytest.fixture(autouse=True)
def _settled(monkeypatch):
    """No hole is too young to be one."""
    monkeypatch.setattr(verdicts, "BEING_FILLED", timedelta(0))


@pytest.mark.parametrize("since", [None, instant(SECOND + 60), instant(SECOND + 240)])
def test_the_verdict_is_that_of_the_embedded_warehouse(proven, since):
    ours, theirs = (audit.run(settings, since, asks=False) for settings in (proven.snowflake, proven.embedded))
    assert json.loads(report.to_json(ours)) == json.loads(report.to_json(theirs)) | {"mart_version": None}


def test_it_names_the_mismatch_the_hole_and_what_was_declared(proven):
    verdict = audit.run(proven.snowflake, None, asks=False)
    assert [(each.open_time, each.fields) for each in verdict.mismatches] == [(instant(SECOND + 60), ("volume",))]
    assert [(each.first, each.last) for each in verdict.holes] == [MISSING]
    assert verdict.tapes[0].declared == DECLARED[1] - DECLARED[0] + 1


def test_our_trades_of_a_minute_are_equal_by_id(proven):
    with audit.open_reader(proven.snowflake).connect() as snowflake, proven.mart.connect() as mart:
        ours = verdicts.trades(snowflake, "BTCUSDT", *DECLARED) | verdicts.trades(snowflake, "BTCUSDT", 100, 124)
        assert ours == verdicts.trades(mart, "BTCUSDT", 100, 124)
        assert len(ours) == 25


def test_the_command_reports_and_exits_alike(proven, tmp_path):
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
