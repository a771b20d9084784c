"""`candlewick status`: what is shown to people."""

import io
from dataclasses import replace

from rich.console import Console

from candlewick import status
from candlewick.config import load


def shown(report: status.Report) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(status.render(report))
    return console.file.getvalue()


def test_before_anything_runs_the_report_says_so(tmp_path):
    config = tmp_path / "candlewick.toml"
    config.write_text('symbols = ["BTCUSDT"]\ndata = "."\n')
    report = status.collect(load(config))
    text = shown(report)
    assert not report.is_healthy
    assert text.count("not running") == 3
    assert "BTCUSDT" in text


def test_names_that_look_like_markup_are_shown_as_they_are(tmp_path):
    config = tmp_path / "candlewick.toml"
    config.write_text('data = "."\n')
    report = replace(status.collect(load(config)), skipped_objects=["raw/[/x].json.zst: torn [bold]"])
    assert "raw/[/x].json.zst: torn [bold]" in shown(report)
