from prometheus_client.parser import text_string_to_metric_families

from candlewick.recorder import metrics

NUMBERS = {
    "state": "recording",
    "symbols": {
        "BTCDEMO": {
            "head": 90,
            "emitted": 100,
            "holes": 3,
            "declared": 1,
            "last_event_at": 1723161255343000,
            "lag_ms": -12.5,
            "trades": 50,
            "copies": 49,
            "conflicts": 0,
            "holes_seen": 1,
            "backfilled": 7,
            "history": {"fraction": 0.25},
        },
        "ETHDEMO": {"head": None, "emitted": None, "holes": 0, "lag_ms": None, "history": {"fraction": 0.0}},
    },
    "legs": [{"host": "ws://a", "state": "open", "frames": 99}, {"host": "ws://b", "state": "waiting", "frames": 0}],
    "weight": {"used": 10, "limit": 100, "budget": 50},
    "objects": 4,
    "buffered_bytes": 1_000,
}


def samples():
    families = text_string_to_metric_families(metrics.render(NUMBERS).decode())
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value for family in families for sample in family.samples
    }


def test_every_number_is_where_a_scraper_finds_it():
    found = samples()
    assert found["candlewick_emitted_trade_id", "BTCDEMO"] == 100
    assert found["candlewick_durable_trade_id", "BTCDEMO"] == 90
    assert found["candlewick_lag_seconds", "BTCDEMO"] == -0.0125
    assert found["candlewick_copies_total", "BTCDEMO"] == 49
    assert found["candlewick_backfilled_trades_total", "BTCDEMO"] == 7
    assert found["candlewick_history_fraction", "BTCDEMO"] == 0.25
    assert found["candlewick_leg_open", "0", "ws://a"] == 1
    assert found["candlewick_leg_open", "1", "ws://b"] == 0
    assert found["candlewick_objects_total",] == 4
    assert found["candlewick_weight_budget",] == 50


def test_what_is_not_known_is_left_out():
    assert ("candlewick_emitted_trade_id", "ETHDEMO") not in samples()
    assert samples()["candlewick_hole_trades", "ETHDEMO"] == 0


def test_every_reading_is_new():
    assert metrics.render(NUMBERS) == metrics.render(NUMBERS)
