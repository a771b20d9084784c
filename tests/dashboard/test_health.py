"""The Pipeline page tells what heartbeats and mart say, hop by hop, and never passes text on as HTML."""

from datetime import datetime

from candlewick.dashboard.health import health_html, tiles_of
from candlewick.status import Process, Report, Symbol

BEATS = {
    "recorder": {"legs": [{"state": "open"}, {"state": "waiting"}], "objects": 1_234},
    "dashboard": {"viewers": 3, "feed": "connected"},
}


def report(**changes: object) -> Report:
    values: dict[str, object] = {
        "processes": [
            Process("recorder", True, 1, 1, "recording"),
            Process("warehouse", False, None, None, "not running"),
        ],
        "symbols": [
            Symbol(
                "BTCUSDT",
                emitted=150,
                head=120,
                in_warehouse=100,
                holes=0,
                declared=0,
                history_fraction=0.5,
                lag_ms=42.0,
            ),
            Symbol(
                "ETHUSDT", emitted=90, head=90, in_warehouse=None, holes=7, declared=2, history_fraction=1, lag_ms=5_000
            ),
        ],
        "audit": {"match": 98, "mismatch": 1, "pending": 1, "no_oracle": 0},
        "gaps": 1,
        "skipped_objects": [],
        "mart_version": 17,
        "freshness_seconds": 1.5,
        "cycle_ms": {"load": 100.0, "dbt": 300.0},
    }
    return Report(**(values | changes))  # type: ignore[arg-type]


def test_every_hop_has_a_tile_in_the_order_in_which_a_trade_travels() -> None:
    tiles = tiles_of(report(), BEATS)
    assert [tile.hop for tile in tiles] == ["Exchange", "Lake", "Warehouse", "Mart", "Screens"]
    assert [tile.value for tile in tiles] == ["5,000 ms", "30", "20", "1.5 s", "3"]
    assert tiles[0].detail == "1 of 2 legs"
    assert tiles[0].level == "warn"
    assert "1,234 objects" in tiles[1].detail
    assert tiles[3].detail == "version 17 · cycle 400 ms"


def test_before_anything_runs_the_page_says_so_and_claims_nothing() -> None:
    nothing = report(symbols=[], audit={}, mart_version=None, freshness_seconds=None, cycle_ms={})
    assert [tile.level for tile in tiles_of(nothing, {})][:4] == ["off"] * 4
    page = health_html(nothing, {}, None)
    assert "None: every trade id" not in page
    assert "Known as soon as" in page


def test_a_stale_mart_is_a_warning() -> None:
    assert tiles_of(report(freshness_seconds=120.0), BEATS)[3].level == "warn"


def test_holes_and_mismatches_stand_out() -> None:
    page = health_html(report(), BEATS, [])
    assert '<span data-level="bad">7</span>' in page
    assert '<span data-verdict="mismatch">1 <i>mismatch</i></span>' in page
    assert "None: every trade id between" in page


def test_each_hole_is_listed_with_its_state() -> None:
    seen = datetime(2026, 11, 22, 10, 0, 5)
    gap = {
        "symbol": "BTCUSDT",
        "first_missing_id": 10,
        "last_missing_id": 12,
        "missing_count": 3,
        "state": "open",
        "first_seen_at": seen,
        "filled_at": None,
    }
    page = health_html(report(), BEATS, [gap])
    assert "<td>10–12</td>" in page
    assert '<span data-level="bad">open</span>' in page
    assert "2026-11-22 10:00:05" in page


def test_names_are_text_even_where_they_look_like_html() -> None:
    page = health_html(report(skipped_objects=["<script>alert(1)</script>"]), BEATS, [])
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
