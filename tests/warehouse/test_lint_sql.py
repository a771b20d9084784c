"""What `make lint-sql` shows sqlfluff is SQL: the models of both databases are there, and nothing is left to put in."""

import importlib.util
import re
from pathlib import Path

import pytest

from candlewick.warehouse.compiling import KINDS
from candlewick.warehouse.targets import Kind

SCRIPT = Path(__file__).parents[2] / "scripts/lint_sql.py"


@pytest.mark.parametrize("kind", KINDS)
def test_each_statement_is_shown_as_an_owner_runs_it(kind: Kind) -> None:
    spec = importlib.util.spec_from_file_location("lint_sql", SCRIPT)
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    shown = dict(script.statements(kind))
    assert {"trades_deduped", "trades_ohlc_1m", "trades_ohlc_1d", "candle_audit", "tape_gaps"} <= shown.keys()
    roll_ups = {"trades_ohlc_5m", "trades_ohlc_15m", "trades_ohlc_1h", "trades_ohlc_4h"}
    assert len(roll_ups & shown.keys()) == 1, "they differ in their length only"
    assert [name for name, sql in shown.items() if re.search(r"\$[a-z]+\(", sql)] == []
