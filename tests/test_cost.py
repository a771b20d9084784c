"""The document about costs says what its script computes, and its arithmetic adds up."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from candlewick.config import SnowflakeSettings

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def cost() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cost", ROOT / "benchmarks/cost.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["cost"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.recording
def test_the_document_is_what_the_script_prints(cost, real_recording):
    assert (ROOT / "docs/cost.md").read_text() == cost.document(real_recording, cost.Estimates())


def test_puts_depend_on_the_flush_and_bytes_on_the_trades(cost):
    lines = [b'{"e":"trade","t":%d}' % number for number in range(1000)]
    one, many = (cost.measure(lines, 30, symbols, 60, cost.Estimates()) for symbols in (1, 50))
    assert one.objects == many.objects == 730 * 60
    assert many.text_bytes / one.text_bytes == pytest.approx(many.trades_per_second / one.trades_per_second, rel=0.1)


def test_a_longer_cycle_lets_the_warehouse_sleep(cost):
    rows = cost.warehouse_hours(cost.Estimates(run_seconds=15)).splitlines()
    assert "| 30 s | 100% | 730 | $1,460 |" in rows
    assert "| 300 s | 25% | 182 | $365 |" in rows


def test_the_monitor_lets_the_default_cycle_run_all_month_and_who_reads_some_hours_a_day(cost):
    defaults = SnowflakeSettings()
    assert (defaults.cycle_seconds, defaults.auto_suspend_seconds) == (cost.DEFAULT_CYCLE, cost.AUTO_SUSPEND)
    models = cost.MONTH_HOURS * cost.awake(defaults.cycle_seconds, cost.Estimates()) * cost.XS.value
    assert models + 2 * 31 < defaults.monthly_credits < 2 * models, "it is to stop a mistake, too"
    terraform = (ROOT / "deploy/terraform/snowflake/variables.tf").read_text()
    assert f"default     = {defaults.monthly_credits}\n" in terraform.partition('"monthly_credits"')[2][:200]


def test_every_way_stands_beside_the_others_and_sums_up(cost):
    lines = [b'{"e":"trade","t":%d}' % number for number in range(1000)]
    text = cost.ways([cost.measure(lines, 30, 1, 1, cost.Estimates())], cost.Estimates())
    rows = [row.strip("| ").split(" | ") for row in text.splitlines() if row.startswith("| 1 |")]
    assert [row[1] for row in rows].count("DuckDB") == 1
    assert len(rows) == 2 * len(cost.CYCLES) + 1 + 2 * len(cost.PUBLISHES)
    for row in rows:
        *parts, total = (float(cell.strip("$").replace(",", "")) for cell in row[3:])
        assert total == pytest.approx(sum(parts), abs=0.03)
    assert "$341 a month" in text


def test_the_promise_of_a_minute_is_the_sum_of_its_hops(cost):
    files = sum(hop.p99 for hop in (*cost.TO_S3, *cost.FILES, *cost.TO_CHART))
    streaming = sum(hop.p99 for hop in (*cost.TO_S3, *cost.STREAMING, *cost.TO_CHART))
    assert files < 60 and f"**{files:.0f} s**" in cost.latency()
    assert streaming < files and f"**{streaming:.0f} s**" in cost.latency()
