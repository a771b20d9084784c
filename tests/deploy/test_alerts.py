"""Alert rules and board: Prometheus itself checks and runs the rules, and every metric they name exists."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from candlewick import status
from candlewick.config import load
from candlewick.process.disk import Place
from candlewick.recorder import metrics as of_recorder
from candlewick.status import probe
from candlewick.warehouse.refused import Refused
from recorder.test_metrics import NUMBERS

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy/prometheus/alerts.yaml"
BOARD = ROOT / "deploy/grafana/candlewick.json"
RULES = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
NAMES = re.compile(r"candlewick_\w+")


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool") or shutil.which("promtool", path=str(ROOT / ".venv/bin"))
    if found is None and "CI" not in os.environ:
        pytest.skip("there is no promtool; scripts/promtool.sh fetches it")
    assert found, "CI must have promtool: scripts/promtool.sh fetches it"
    return found


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict[str, set[str]]:
    """Every sample that recorder and probe can tell, with its labels."""
    config = tmp_path_factory.mktemp("alerts") / "candlewick.toml"
    config.write_text('data = "."\n')
    report = replace(
        status.collect(load(config)),
        refused=Refused(0),
        processes=[status.Process(name, True, 1, 1, "running") for name in status.PROCESSES],
        symbols=[status.Symbol("BTCUSDT", 9, 9, 9, 0, 0, 1.0, 5.0)],
        audit={"match": 7, "mismatch": 0},
        freshness_seconds=2.5,
        recorded_seconds=1.0,
        cycle_ms={"dbt": 300.0},
        places=[Place("lake", "s3://bucket/lake", 7)],
    )
    texts = of_recorder.render(NUMBERS), probe.metrics(report)
    return {
        sample.name: set(sample.labels)
        for text in texts
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_prometheus_takes_the_rules_and_rings_when_it_should(promtool, tmp_path):
    shutil.copy(ALERTS, tmp_path)
    shutil.copy(Path(__file__).with_name("alerts_test.yaml"), tmp_path)
    for command in (["check", "rules", "alerts.yaml"], ["test", "rules", "alerts_test.yaml"]):
        done = subprocess.run([promtool, *command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_each_rule_is_seen_to_ring():
    tests = yaml.safe_load(Path(__file__).with_name("alerts_test.yaml").read_text())["tests"]
    rung = {case["alertname"] for test in tests for case in test.get("alert_rule_test", []) if case.get("exp_alerts")}
    assert rung == {rule["alert"] for rule in RULES}


def expressions() -> list[str]:
    board = json.loads(BOARD.read_text())
    drawn = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    return drawn + [rule["expr"] for rule in RULES]


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_every_metric_that_is_drawn_or_rung_for_exists(told, expression):
    for name in NAMES.findall(expression):
        assert name in told
    for name, labels in re.findall(r"(candlewick_\w+)\{([^}]*)\}", expression):
        assert set(re.findall(r"(\w+)=", labels)) <= told[name]


def test_labels_on_the_board_are_labels_of_the_metric(told):
    for panel in json.loads(BOARD.read_text())["panels"]:
        for target in panel["targets"]:
            [name] = set(NAMES.findall(target["expr"]))
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= told[name]


def test_every_alert_says_what_to_do_in_the_operators_page():
    page = (ROOT / "docs/operations.md").read_text()
    headings = {f"docs/operations.md#{name.lower()}" for name in re.findall(r"^### (\w+)$", page, re.M)}
    assert {rule["annotations"]["runbook"] for rule in RULES} == headings
    assert all(rule["annotations"]["runbook"].endswith(f"#{rule['alert'].lower()}") for rule in RULES)


def test_no_panel_lies_over_another():
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(BOARD.read_text())["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        taken |= cells
