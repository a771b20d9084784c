"""The Pipeline page tells what heartbeats and mart say, hop by hop, and never passes text on as HTML."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from candlewick.dashboard.health import health
from candlewick.dashboard.health.tiles import tiles_of
from candlewick.dashboard.health.trends import SAMPLES, Trends
from candlewick.status import Process, Report, Symbol
from candlewick.warehouse.arrival import Arrival
from candlewick.warehouse.sending import Sending

UTC = ZoneInfo("UTC")
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
    assert tiles[3].detail == "not running · version 17 · cycle 400 ms"


def test_tiles_go_grey_and_red_with_their_process_whatever_its_last_numbers_were() -> None:
    fast = Symbol("BTCUSDT", 150, 150, 150, holes=0, declared=0, history_fraction=1, lag_ms=42.0)

    beats = BEATS | {"recorder": {"legs": [{"state": "open"}, {"state": "replacing"}]}}

    def levels(*processes: Process) -> list[str]:
        return [tile.level for tile in tiles_of(report(symbols=[fast], processes=list(processes)), beats)]

    recorder, warehouse = Process("recorder", True, 1, 1, "recording"), Process("warehouse", True, 2, 1, "running")
    assert levels(recorder, warehouse) == ["good"] * 5
    silent = Process("recorder", False, 1, 1, "no sign of life")
    assert levels(silent, warehouse) == ["bad", "bad", "off", "good", "good"]
    assert levels(recorder, Process("warehouse", False, None, None, "not running"))[2:4] == ["off", "off"]


@pytest.mark.parametrize(
    ("legs", "age", "lag", "levels", "value", "detail"),
    [
        (["open", "open"], 1.0, 42.0, ["good", "good", "good"], "42 ms", "2 legs"),
        (["open", "replacing"], None, 42.0, ["good", "good", "good"], "42 ms", "2 legs"),
        (["open", "open"], 1.0, 2_500.0, ["warn", "good", "good"], "2,500 ms", "2 legs"),
        (["open", "waiting"], 1.0, 42.0, ["warn", "good", "good"], "42 ms", "1 of 2 legs"),
        (["waiting", "connecting"], 1.0, 42.0, ["bad", "off", "off"], "42 ms", "0 of 2 legs"),
        (["waiting", "paused"], 600.0, 42.0, ["bad", "off", "off"], "600 s", "since the newest trade · 0 of 2 legs"),
        # Nobody may trade: worth a look, and no fault of a hop.
        (["open", "open"], 600.0, 42.0, ["warn", "good", "good"], "600 s", "since the newest trade · 2 legs"),
        (["waiting", "waiting"], None, None, ["bad", "off", "off"], "–", "no trade yet · 0 of 2 legs"),
        (["open", "open"], None, None, ["off", "good", "good"], "–", "no trade yet · 2 legs"),
    ],
)
def test_no_hop_is_well_for_its_last_lag_while_its_legs_are_away_or_nothing_came(
    legs: list[str], age: float | None, lag: float | None, levels: list[str], value: str, detail: str
) -> None:
    alive = [Process("recorder", True, 1, 1, "recording"), Process("warehouse", True, 2, 1, "running")]
    symbol = Symbol("BTCUSDT", 150, 150, 150, holes=0, declared=0, history_fraction=1, lag_ms=lag)
    beats = {"recorder": {"legs": [{"state": state} for state in legs]}}
    tiles = tiles_of(report(symbols=[symbol], processes=alive, recorded_seconds=age), beats)
    assert [tile.level for tile in tiles[:3]] == levels
    assert (tiles[0].value, tiles[0].detail) == (value, detail)
    assert all(("nothing arrives" in tile.detail) == (levels[1] == "off") for tile in tiles[1:3])


def test_before_anything_runs_the_page_says_so_and_claims_nothing() -> None:
    nothing = report(symbols=[], audit={}, mart_version=None, freshness_seconds=None, cycle_ms={})
    assert [tile.level for tile in tiles_of(nothing, {})][:4] == ["off"] * 4
    assert "no candle has been compared" in health.audit_html(nothing.audit).lower()
    assert "Known as soon as" in health.gaps_html(None, UTC)
    assert "the recorder does not run" in health.legs_html({})


def test_a_stale_mart_is_a_warning() -> None:
    processes = [Process("warehouse", True, 2, 1, "running")]
    assert tiles_of(report(freshness_seconds=120.0, processes=processes), BEATS)[3].level == "warn"


def test_a_tile_draws_how_its_hop_went_and_keeps_some_minutes_of_it() -> None:
    trends = Trends()
    for lag in range(SAMPLES + 10):
        symbol = Symbol("A", 1, 1, 1, holes=0, declared=0, history_fraction=1, lag_ms=lag)
        trends.add(tiles_of(report(symbols=[symbol]), BEATS))
    lags = trends.numbers()["Exchange"]
    assert (len(lags), lags[-1]) == (SAMPLES, SAMPLES + 9)
    page = health.tiles_html(report(), BEATS, trends.numbers())
    assert page.count('class="spark"') == 5
    assert "clip-path:polygon(0.0% 100%," in page


def test_holes_and_mismatches_stand_out() -> None:
    assert '<span data-level="bad">7</span>' in health.tape_html(report().symbols)
    assert '<span data-verdict="mismatch">1 <i>mismatch</i></span>' in health.audit_html(report().audit)
    assert "None: every trade id between" in health.gaps_html([], UTC)


def test_each_hole_is_listed_with_what_its_backfill_has_come_to() -> None:
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
    page = health.gaps_html([gap], UTC)
    assert "<td>10–12</td>" in page
    assert '<span data-level="bad">being filled</span>' in page
    assert "2026-11-22 10:00:05" in page
    assert "<th>seen (Asia/Kolkata)</th>" in (page := health.gaps_html([gap], ZoneInfo("Asia/Kolkata")))
    assert "2026-11-22 15:30:05" in page


def test_a_leg_that_waits_stands_out_and_the_exchanges_limit_is_told() -> None:
    weight = {"used": 70, "limit": 6_000, "budget": 3_000}
    page = health.legs_html({"legs": [{"host": "wss://a", "state": "waiting"}], "weight": weight})
    assert '<span data-level="bad">waiting</span>' in page
    assert "70 of 6,000" in page


def test_names_are_text_even_where_they_look_like_html() -> None:
    page = health.skipped_html(["<script>alert(1)</script>"])
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_of_many_symbols_the_tape_shows_sums_and_the_worst_few_or_those_that_are_searched_for() -> None:
    symbols = [Symbol(f"S{n:03}USDT", n, n, n, 7 if n == 250 else 0, 0, 1.0, 5.0) for n in range(300)]

    def names(typed: str = "") -> list[str]:
        return re.findall(r"<tr><td>([^<]*)</td>", health.tape_html(symbols, typed))

    assert names()[:2] == ["all 300", "S250USDT"]
    assert len(names()) == 6
    assert names(" s12 ") == ["all 300", *(f"S12{n}USDT" for n in range(10))]
    assert names("nothing") == ["all 300"]


def test_how_objects_arrive_and_rows_are_sent_is_told_with_what_is_wrong() -> None:
    assert health.ways_html(report(), 0) == ""
    refused = Arrival("streaming", "RUNNING", 2, problem="Snowflake refused 3 rows (<b>too long</b>)")
    text = health.ways_html(report(arrival=refused, sending=Sending(7, 0, "no <i>warehouse</i>")), 60_000_000)
    assert "streaming RUNNING, 2 objects waiting" in text and "all sent 60 s ago, 7 rows" in text
    assert "refused 3 rows (&lt;b&gt;too long&lt;/b&gt;)" in text and "no &lt;i&gt;warehouse&lt;/i&gt;" in text
    assert text.count('data-level="bad"') == 2 and "Refused rows" not in text
