"""Probes: 200 or 503 for a reason, and numbers that Prometheus reads."""

import json
import re
import urllib.error
import urllib.request
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from candlewick import status
from candlewick.config import ProbeSettings, load
from candlewick.errors import PortTakenError
from candlewick.process.disk import Place
from candlewick.recorder import metrics as of_recorder
from candlewick.status.probe import health, metrics
from candlewick.status.server import probed
from e2e.stack import free_port
from recorder.test_metrics import NUMBERS

NOT_BASE = re.compile(
    r"_(milli|micro|nano)?(seconds?|sec|ms|us)$|milli|micro|kilo|mega|_(kb|mb|gb|minutes|hours|days)\b"
)


@pytest.fixture
def settings(tmp_path):
    config = tmp_path / "candlewick.toml"
    config.write_text('data = "."\n')
    return load(config)


@pytest.fixture
def fresh(settings):
    """A report of a machine on which all is well."""
    processes = [status.Process(name, True, 1, 1, "running") for name in status.PROCESSES]
    symbols = [status.Symbol("BTCUSDT", 9, 9, 9, 0, 0, 1.0, 5.0)]
    audit = {"match": 7, "mismatch": 0, "pending": 1, "no_oracle": 0}
    return replace(
        status.collect(settings),
        processes=processes,
        symbols=symbols,
        audit=audit,
        freshness_seconds=2.5,
        cycle_ms={"load": 120.0, "dbt": 300.0},
        places=[Place("lake", "s3://bucket/lake", 7), Place("DuckDB file", "/data/candlewick.duckdb", 8)],
    )


def test_all_is_well(fresh):
    code, body = health(fresh, {})
    told = json.loads(body)
    assert (code, told["status"], told["freshness_seconds"], told["missing_trades"]) == (200, "ok", 2.5, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"freshness_seconds": 61.0},
        {"freshness_seconds": None},
        {"symbols": [status.Symbol("BTCUSDT", 9, 9, 9, 3, 0, 1.0, 5.0)]},
        {"audit": {"mismatch": 1}},
        {"processes": [status.Process("recorder", False, 1, 1, "no sign of life")]},
        {"processes": [status.Process("recorder", True, 1, 1, "waiting", "nobody answers")]},
    ],
    ids=["old", "unknown age", "holes", "mismatch", "dead", "waiting"],
)
def test_what_is_not_well_is_a_503_that_names_nobody(fresh, change):
    code, body = health(replace(fresh, **change), {})
    assert (code, json.loads(body)["status"]) == (503, "failing")
    assert b"BTCUSDT" not in body and b"nobody answers" not in body


def test_who_asks_says_what_to_expect(fresh):
    old = replace(fresh, freshness_seconds=61.0)
    assert health(old, {"max_age": "5m"})[0] == 200
    gone = replace(fresh, processes=[status.Process("dashboard", False, None, None, "not running")])
    assert (health(gone, {})[0], health(gone, {"expect": "dashboard"})[0]) == (200, 503)
    assert health(fresh, {"max_age": "soon"})[0] == health(fresh, {"expect": "nobody"})[0] == 400


@pytest.mark.parametrize("render", [metrics, lambda _: of_recorder.render(NUMBERS)])
def test_metrics_are_what_promtool_asks_for(fresh, render):
    """Help for each, base units, counters that end in `_total` and nothing else that does."""
    families = list(text_string_to_metric_families(render(fresh).decode()))
    assert len(families) > 8
    for family in families:
        assert family.documentation, f"{family.name} has no help"
        assert re.fullmatch(r"candlewick_[a-z][a-z0-9_]*", family.name)
        unit = NOT_BASE.search(family.name)
        assert unit is None or unit[0] == "_seconds", f"{family.name} is not in a base unit"
        assert not family.name.endswith(("_total", "_count", "_sum", "_bucket", "_gauge", "_counter"))
        for sample in family.samples:
            assert sample.name == (f"{family.name}_total" if family.type == "counter" else family.name)


def test_metrics_carry_what_an_alarm_is_made_of(fresh):
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics(fresh).decode())
        for sample in family.samples
    }
    assert found["candlewick_newest_trade_age_seconds", "warehouse"] == 2.5
    assert found["candlewick_audited_candles", "mismatch"] == 0
    assert found["candlewick_missing_trades", "BTCUSDT"] == 0
    assert found["candlewick_cycle_duration_seconds", "load"] == 0.12
    assert found["candlewick_stored_bytes", "lake"] == 7
    assert found["candlewick_stored_bytes", "duckdb_file"] == 8
    assert found["candlewick_up", "recorder"] == 1


def fetch(url: str, **headers: str) -> tuple[int, str, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read()


def test_the_warehouse_answers_on_a_port_of_its_own(settings):
    settings = settings.model_copy(update={"probe": ProbeSettings(port=free_port())})
    with probed(settings) as port:
        url = f"http://127.0.0.1:{port}"
        code, kind, body = fetch(f"{url}/healthz?expect=warehouse")
        assert (code, kind, json.loads(body)["status"]) == (503, "application/json", "failing")
        code, kind, body = fetch(f"{url}/metrics")
        assert (code, kind.startswith("text/plain; version=0.0.4"), b"candlewick_up" in body) == (200, True, True)
        assert fetch(f"{url}/")[0] == 404
        assert fetch(f"{url}/metrics", Host="evil.example")[0] == 403
        with pytest.raises(PortTakenError, match="probe: cannot listen on"), probed(settings):
            pass
    with probed(settings.model_copy(update={"probe": ProbeSettings()})) as port:
        assert port is None
