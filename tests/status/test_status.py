"""`candlewick status`: what is shown to people, and what counts as a problem."""

import io
import json
from dataclasses import replace
from datetime import datetime

import pytest
from rich.console import Console
from typer.testing import CliRunner

from candlewick import status
from candlewick.cli import app
from candlewick.config import Settings, load
from candlewick.errors import ConfigError
from candlewick.moments import now_us
from candlewick.process.heartbeat import Heartbeat
from candlewick.status import Symbol
from candlewick.status.expecting import processes, seconds
from candlewick.status.rendering import render
from candlewick.supervisor.progress import one_line
from warehouse.small_mart import SmallMart


def shown(report: status.Report, *named: str, everything: bool = False) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(render(report, named, everything=everything))
    return console.file.getvalue()


def settings_in(tmp_path) -> Settings:
    config = tmp_path / "candlewick.toml"
    config.write_text('symbols = ["BTCUSDT"]\ndata = "."\n')
    return load(config)


def tape(number: int, *, holes: int = 0) -> Symbol:
    return Symbol(f"S{number:03}USDT", 9, 9, 9, holes, 0, 1.0, 5.0)


def beat(settings: Settings, process: str, **numbers) -> None:
    Heartbeat(settings.run_path, process).beat(**numbers)


def recorded(seconds_ago: float, **numbers) -> dict:
    symbol = {"last_event_at": now_us() - round(seconds_ago * 1e6), "holes": 0, "head": 7}
    return {"state": "recording", "symbols": {"BTCUSDT": symbol | numbers}}


def test_before_anything_runs_the_report_says_so(tmp_path):
    report = status.collect(settings_in(tmp_path))
    text = shown(report)
    assert not report.is_healthy
    assert text.count("not running") == 3
    assert "BTCUSDT" in text


def test_ids_are_whole_in_80_columns(tmp_path):
    symbol = Symbol("ETHBTCDEMO", 2134665028, 2134665004, 2134664999, 12345, 123, 1.0, 999.0)
    console = Console(file=io.StringIO(), width=80)
    console.print(render(replace(status.collect(settings_in(tmp_path)), symbols=[symbol])))
    [line] = [line for line in console.file.getvalue().splitlines() if line.startswith("ETHBTC")]
    assert line.split()[:4] == ["ETHBTCDEMO", "2134665028", "2134665004", "2134664999"]
    assert line.split()[4:] == ["12345", "123", "100%", "999", "ms"]


def test_names_that_look_like_markup_are_shown_as_they_are(tmp_path):
    report = status.collect(settings_in(tmp_path))
    skipped = replace(report, skipped_objects=["raw/[/x].json.zst: torn [bold]"])
    assert "raw/[/x].json.zst: torn [bold]" in shown(skipped)


def test_a_host_that_only_records_is_well_when_its_newest_trade_is_young(tmp_path):
    settings = settings_in(tmp_path)
    beat(settings, "recorder", **recorded(3))
    report = status.collect(settings)
    assert report.problems(["recorder"], 60.0) == []
    assert report.problems(["recorder"]) == []
    (old,) = report.problems(["recorder"], 1.0)
    assert "s old, expected 1 s at most" in old
    assert {line.partition(":")[0] for line in report.problems()} == {"warehouse", "dashboard"}


def test_missing_trades_are_a_problem_that_names_the_worst(tmp_path):
    settings = settings_in(tmp_path)
    beat(settings, "recorder", **recorded(3, holes=1_234))
    assert status.collect(settings).problems(["recorder"]) == ["1,234 trades are missing: BTCUSDT 1,234"]


def test_a_recorder_that_waits_is_not_well_and_says_for_what(tmp_path):
    settings = settings_in(tmp_path)
    beat(settings, "recorder", state="waiting", waiting={"problem": "api.binance.com cannot be reached", "until": 1})
    report = status.collect(settings)
    assert report.problems(["recorder"]) == ["recorder: waiting: api.binance.com cannot be reached"]
    assert "api.binance.com cannot be reached" in shown(report)


def test_what_is_not_sent_to_snowflake_is_a_problem_and_is_shown(tmp_path):
    settings = settings_in(tmp_path)
    beat(settings, "warehouse", sending={"rows": 1_234, "sent_at": now_us() - 7_200_000_000, "problem": None})
    report = status.collect(settings)
    assert report.problems(["warehouse"]) == []
    assert "to Snowflake, all sent 2 h ago, 1,234 rows by this process" in shown(report)
    beat(settings, "warehouse", sending={"rows": 0, "sent_at": None, "problem": "the warehouse is suspended"})
    report = status.collect(settings)
    assert report.problems(["warehouse"]) == ["not sent to Snowflake: the warehouse is suspended"]
    assert "nothing sent yet" in shown(report) and "not sent          the warehouse is suspended" in shown(report)


def test_of_many_symbols_sums_and_the_worst_are_shown_and_the_rest_on_demand(tmp_path):
    symbols = [tape(number, holes=7 if number == 250 else 0) for number in range(300)]
    report = replace(status.collect(settings_in(tmp_path)), symbols=symbols)
    text = shown(report)
    assert "all 300" in text and "S250USDT" in text and text.count("USDT") <= 6
    assert shown(report, "S123USDT").count("USDT") == 1
    assert shown(report, everything=True).count("USDT") == 300
    assert one_line(report).startswith("300 symbols · holes 7 (S250USDT 7) · ")
    few = one_line(replace(report, symbols=symbols[:2]))
    assert few.startswith("head S000USDT 9, S001USDT 9 · holes 0 · ")


@pytest.mark.parametrize("text", ["recorder,exchange", "all"])
def test_an_unknown_process_is_a_mistake(text):
    with pytest.raises(ConfigError, match="--expect: expected some of recorder, warehouse, dashboard"):
        processes(text, "--expect")


def test_what_is_expected_comes_from_the_command_line(tmp_path):
    settings = settings_in(tmp_path)
    beat(settings, "recorder", **recorded(3))
    config = str(tmp_path / "candlewick.toml")

    def exit_code(*options: str) -> int:
        return CliRunner().invoke(app, ["status", "-c", config, *options]).exit_code

    assert exit_code() == 1
    assert exit_code("--expect", "recorder", "--max-age", "60s") == 0
    assert exit_code("--expect", "recorder", "--max-age", "1s") == 1
    assert (processes("none", "--expect"), seconds("2m", "--max-age"), seconds(None, "--max-age")) == ((), 120.0, None)


def test_after_a_stop_the_counts_come_from_the_mart(tmp_path):
    mart = SmallMart.make(tmp_path)
    mart.put_trade(7, datetime(2026, 1, 1))
    run = mart.warehouse.connection.execute
    run("insert into gold.candle_audit select 'BTCUSDT', date '2026-01-01', 'match', now()::timestamp from range(3)")
    run("insert into gold.tape_gaps values ('BTCUSDT', 5, 'open'), ('BTCUSDT', 3, 'filled')")
    mart.publisher().publish()
    report = status.collect(settings_in(tmp_path))
    assert (report.audit["match"], report.gaps, report.symbols[0].in_warehouse) == (3, 1, 7)
    assert "3 match" in shown(report)


def test_days_that_are_over_are_counted_and_what_is_not_sealed_says_why(tmp_path):
    mart = SmallMart.make(tmp_path)
    mart.put_trade(7, datetime(2026, 1, 1))
    days = [("sealed", None), ("healing", "2 trade ids are missing, 5 first"), ("whole", "at rest soon")]
    for number, (state, why) in enumerate(days, 1):
        values = [f"2026-01-0{number}", state, why]
        row = "select 'BTCUSDT' as symbol, ? as day, ? as state, ? as why, now()::timestamp as loaded_at"
        insert = f"insert into gold.tape_days by name {row}"
        mart.warehouse.connection.execute(insert, values)
        mart.publisher().publish()
        report = status.collect(settings_in(tmp_path))
        assert report.days.counts[state] == 1
    text = shown(report)
    assert "1 healing, 1 sealed, 1 whole" in text
    assert "BTCUSDT 2026-01-02 healing: 2 trade ids are missing, 5 first" in text and "at rest soon" not in text
    told = json.loads(status.to_json(report))["days"]
    assert told["counts"]["sealed"] == 1 and told["open"][0]["day"] == "2026-01-03"
