"""What probes are told: `/healthz` for whoever restarts or routes, `/metrics` for Prometheus. Pure.

`/healthz` is 200 where all is well and 503 where not: a process that should run does not, the newest trade in the
warehouse is too old, a trade is missing, a candle is not the exchange's own. `?expect=recorder,warehouse` says what
should run on this machine (default: what has beaten here and did not end on purpose), `?max_age=5m` how old the newest
trade may be (default 60 s). It tells numbers and no names: it is answered to strangers.
"""

from collections.abc import Iterator, Mapping

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from candlewick.errors import ConfigError
from candlewick.status import Report
from candlewick.status.expecting import processes, seconds

MAX_AGE = "60s"
TEXT = "text/plain; version=0.0.4; charset=utf-8"


def health(report: Report, asked: Mapping[str, str]) -> tuple[int, bytes]:
    """Return the status code and the JSON of `/healthz`; 400 for a question that is none."""
    try:
        expected = processes(asked["expect"], "expect") if "expect" in asked else _beating(report)
        max_age = seconds(asked.get("max_age", MAX_AGE), "max_age")
    except ConfigError as error:
        return 400, msgspec.json.encode({"status": "bad request", "problem": str(error)})
    is_well = not report.problems(expected, max_age)
    told = {
        "status": "ok" if is_well else "failing",
        "processes": {each.name: each.is_well for each in report.processes if each.name in expected},
        "freshness_seconds": _rounded(report.freshness_seconds),
        "recorded_seconds": _rounded(report.recorded_seconds),
        "missing_trades": report.holes,
        "open_gaps": report.gaps,
        "audit": report.audit,
    }
    return (200 if is_well else 503), msgspec.json.encode(told)


def metrics(report: Report) -> bytes:
    """Return `/metrics`."""
    registry = CollectorRegistry()
    registry.register(_Numbers(report))
    return generate_latest(registry)


def _beating(report: Report) -> tuple[str, ...]:
    return tuple(process.name for process in report.processes if process.pid is not None)


def _rounded(age: float | None) -> float | None:
    return None if age is None else round(age, 3)


class _Numbers:
    """A collector over one report."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def collect(self) -> Iterator[Metric]:
        report = self._report
        up = {each.name: float(each.is_well) for each in report.processes}
        yield _by("candlewick_up", "Whether a process lives and does its work", "process", up)
        ages = {"warehouse": report.freshness_seconds, "recorder": report.recorded_seconds}
        yield _by("candlewick_newest_trade_age_seconds", "Age of the newest trade", "place", ages)
        missing = {each.symbol: each.holes for each in report.symbols}
        yield _by("candlewick_missing_trades", "Trade ids missing between durable ones", "symbol", missing)
        declared = {each.symbol: each.declared for each in report.symbols}
        yield _by("candlewick_declared_missing_trades", "Ids that the exchange does not have", "symbol", declared)
        yield GaugeMetricFamily("candlewick_open_gaps", "Holes of the tape that are open", report.gaps)
        yield _by("candlewick_audited_candles", "Closed 1m candles by the audit's verdict", "verdict", report.audit)
        cycle = {step: ms / 1e3 for step, ms in report.cycle_ms.items()}
        yield _by("candlewick_cycle_duration_seconds", "The warehouse's last cycle, by step", "step", cycle)
        stored = {place.name.lower().replace(" ", "_"): place.size for place in report.places}
        yield _by("candlewick_stored_bytes", "What lies where, by sums that are kept", "place", stored)
        skipped = len(report.skipped_objects)
        yield GaugeMetricFamily("candlewick_skipped_objects", "Objects of the lake that cannot be read", skipped)
        if report.refused is not None:
            refused = report.refused.count
            yield GaugeMetricFamily("candlewick_refused_rows", "Rows that Snowflake refused within a day", refused)


def _by(name: str, text: str, label: str, values: Mapping[str, float | int | None]) -> Metric:
    metric = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        if value is not None:
            metric.add_metric([key], float(value))
    return metric
