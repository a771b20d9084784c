"""The recorder's numbers in Prometheus' text format: the same numbers as its heartbeat, so they never disagree."""

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

GAUGES = {
    "emitted": ("candlewick_emitted_trade_id", "Last trade id of the live tape"),
    "head": ("candlewick_durable_trade_id", "Last trade id that is durable in the lake"),
    "holes": ("candlewick_hole_trades", "Trade ids missing between durable ones"),
    "declared": ("candlewick_declared_trades", "Trade ids that the exchange says do not exist"),
    "lag_ms": ("candlewick_lag_seconds", "From the exchange's event to its arrival, smoothed, clocks aligned"),
    "last_event_at": ("candlewick_last_event_timestamp_seconds", "Event time of the newest trade, since the epoch"),
}
UNITS = {"lag_ms": 1_000, "last_event_at": 1_000_000}
"""How many of a number's unit are one of the metric's base unit."""
COUNTERS = {
    "trades": ("candlewick_trades", "Trades of the live tape"),
    "copies": ("candlewick_copies", "Copies of trades that another leg had delivered before"),
    "holes_seen": ("candlewick_live_holes", "Holes that were seen in the live tape"),
    "conflicts": ("candlewick_conflicting_copies", "Copies that differ from the trade that was kept"),
    "backfilled": ("candlewick_backfilled_trades", "Trades that were asked for by id"),
}


class _Numbers:
    """A collector over one reading of the recorder's numbers."""

    def __init__(self, numbers: dict[str, Any]) -> None:
        self._numbers = numbers

    def collect(self) -> Iterator[Metric]:
        symbols: dict[str, dict[str, Any]] = self._numbers["symbols"]
        for kind, family in ((GaugeMetricFamily, GAUGES), (CounterMetricFamily, COUNTERS)):
            for key, (name, text) in family.items():
                metric = kind(name, text, labels=["symbol"])
                for symbol, values in symbols.items():
                    if values.get(key) is not None:
                        metric.add_metric([symbol], values[key] / UNITS.get(key, 1))
                yield metric
        yield self._history(symbols)
        yield from self._legs()
        yield from self._totals()

    def _history(self, symbols: dict[str, dict[str, Any]]) -> Metric:
        metric = GaugeMetricFamily(
            "candlewick_history_fraction", "Share of the wanted history that is recorded", labels=["symbol"]
        )
        for symbol, values in symbols.items():
            metric.add_metric([symbol], values["history"]["fraction"])
        return metric

    def _legs(self) -> Iterator[Metric]:
        frames = CounterMetricFamily("candlewick_leg_frames", "Events that a leg delivered", labels=["leg", "host"])
        is_open = GaugeMetricFamily("candlewick_leg_open", "Whether a leg is connected", labels=["leg", "host"])
        for index, leg in enumerate(self._numbers["legs"]):
            labels = [str(index), leg["host"]]
            frames.add_metric(labels, leg["frames"])
            is_open.add_metric(labels, float(leg["state"] in ("open", "replacing")))
        yield from (frames, is_open)

    def _totals(self) -> Iterator[Metric]:
        weight = self._numbers["weight"]
        yield GaugeMetricFamily("candlewick_weight_used", "Request weight spent in the last minute", weight["used"])
        yield GaugeMetricFamily("candlewick_weight_budget", "Request weight that may be spent", weight["budget"])
        yield CounterMetricFamily("candlewick_objects", "Objects written to the lake", self._numbers["objects"])
        yield CounterMetricFamily(
            "candlewick_other_quote_amounts",
            "Trades whose own quote amount is not price times quantity, cut after eight places",
            self._numbers.get("other_quote_amounts", 0),
        )
        yield GaugeMetricFamily(
            "candlewick_buffered_bytes", "Bytes of live lines not durable yet", self._numbers["buffered_bytes"]
        )


def render(numbers: dict[str, Any]) -> bytes:
    """Return the numbers of a heartbeat as Prometheus' text."""
    registry = CollectorRegistry()
    registry.register(_Numbers(numbers))
    return generate_latest(registry)
