"""Order flow by HTTP, over a real mart in which every kind of proof occurs."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from starlette.requests import Request

import candlewick
from candlewick.dashboard.bars import FeedTrade
from candlewick.dashboard.routes.columns import array
from candlewick.dashboard.routes.flow import FlowRoutes, footprints_json
from candlewick.mart.reader import Mart
from candlewick.moments import instant
from candlewick.warehouse.flow.reading import Flow
from dashboard.proven import FIRST_ID, MISSING, SECOND, SYMBOL, minutes

MINUTE = 60
COUNTS = {"bn", "sn"}


@pytest.fixture
def ask(proven_site):
    site = proven_site

    def answer(path: str) -> tuple[int, Any]:
        flow = FlowRoutes(site.reader, site.evidence_reads, site.catalogue, site.hub, site.settings.zone)
        handlers = {route.path: route.endpoint for route in flow.routes()}
        name, _, query = path.partition("?")
        request = Request({"type": "http", "headers": [], "query_string": f"symbol={SYMBOL}&{query}".encode()})
        response = asyncio.run(handlers[f"/api/{name}"](request))
        text = bytes(response.body).decode()
        return response.status_code, json.loads(text) if response.status_code == 200 else text

    return answer


def total(levels: dict[str, list[Any]], *names: str) -> Decimal:
    return sum((Decimal(str(value)) for name in names for value in levels[name]), Decimal(0))


def test_a_footprint_has_the_minutes_trades_and_says_how_each_stands(ask):
    status, told = ask(f"footprint?timeframe=1m&since={SECOND}&before={SECOND + 6 * MINUTE}")
    assert status == 200
    assert told["bars"]["t"] == [SECOND + MINUTE * n for n in range(6)]
    assert told["bars"]["x"] == ["incomplete", "mismatch", "incomplete", "incomplete", "incomplete", "forming"]
    assert told["why"][0] == f"ids {MISSING[0]} to {MISSING[1]} are missing"
    assert "2024-08-08 23:55 UTC: base differ from the exchange's" in told["why"]
    made = minutes()
    assert told["bars"]["f"] == [str(minute.ids[0]) for minute in made]
    kept = [minute.trades for minute in made]
    kept[2] = [trade for trade in kept[2] if trade[0] not in MISSING]
    trades = [trade for minute in kept for trade in minute]
    levels = told["levels"]
    assert total(levels, "bv", "sv") == Decimal(sum(q for _, _, q, _ in trades)).scaleb(-2)
    assert total(levels, "bq", "sq") == Decimal(sum(p * q for _, p, q, _ in trades)).scaleb(-4)
    assert total(levels, "sn") == sum(1 for i, *_ in trades if i % 3 == 0)
    first = [q if i % 3 else -q for i, _, q, _ in kept[0]]
    running = [sum(first[: n + 1]) for n in range(len(first))]
    amounts = [Decimal(told["bars"][name][0]) for name in ("d", "lo", "hi")]
    assert amounts == [Decimal(n).scaleb(-2) for n in (running[-1], min(running), max(running))]


class Growing:
    """A warehouse in which one minute more has been made each time that something was asked of it."""

    def __init__(self, mart: Mart, since: datetime) -> None:
        self._mart, self._until = mart, since
        self.candles = mart.candles

    def query(self, sql: str, params: Sequence[Any] = ()) -> pa.Table:
        self._until += timedelta(minutes=1)
        for table in ("gold.trades_footprint_1m", "gold.footprint_audit", "gold.trades_ohlc_1m"):
            sql = sql.replace(table, f"(select * from {table} where open_time < timestamp '{self._until}')")
        return self._mart.query(sql, params)


@pytest.mark.parametrize("timeframe", ["1m", "3m"])
def test_a_footprint_is_of_one_state_of_the_warehouse_and_its_standing_of_none_later(proven_site, timeframe):
    start = instant(SECOND).replace(tzinfo=None)
    reader = Growing(proven_site.reader, start)
    made = Flow(reader, SYMBOL, proven_site.settings.zone).footprints(timeframe, start, start + timedelta(minutes=6))
    opened = made.bars.column("open_time").to_pylist()
    assert set(opened) == set(made.levels.column("open_time").to_pylist())
    sides = made.levels.group_by("open_time").aggregate([("buy_volume", "sum"), ("sell_volume", "sum")]).to_pylist()
    assert made.bars.column("delta").to_pylist() == [row["buy_volume_sum"] - row["sell_volume_sum"] for row in sides]
    assert json.loads(footprints_json(made))["bars"]["x"] == made.standings
    assert made.standings[-1] == "forming"


def test_longer_bars_and_larger_steps_add_up_to_the_same(ask):
    query = f"since={SECOND - SECOND % 300}&before={SECOND + 6 * MINUTE}"
    small, large = (
        ask(f"footprint?timeframe={timeframe}&{query}&step={step}")[1]
        for timeframe, step in (("1m", "0.01"), ("5m", "50"))
    )
    assert set(large["bars"]["s"]) == {"50"}
    assert all(Decimal(price) % 50 == 0 for price in large["levels"]["p"])
    for name in ("bv", "sv", "bq", "sq", "bn", "sn"):
        assert total(small["levels"], name) == total(large["levels"], name)


def test_a_profile_tells_its_point_of_control_and_why_it_is_not_proved(ask):
    status, told = ask(f"profile?since={SECOND}&before={SECOND + 6 * MINUTE}&step=1")
    assert status == 200
    volumes = [Decimal(b) + Decimal(s) for b, s in zip(told["levels"]["bv"], told["levels"]["sv"], strict=True)]
    point, low, high = told["area"]
    assert volumes[point] == max(volumes)
    assert sum(volumes[low : high + 1]) >= sum(volumes) * 7 / 10
    assert told["x"] == "mismatch"
    assert told["why"]
    exact = ask(f"profile?since={SECOND}&before={SECOND + 6 * MINUTE}&step=0.01&exact=1")[1]
    assert (exact["step"], total(exact["levels"], "bv", "sv")) == ("0.01", sum(volumes))


def test_the_tape_goes_back_page_by_page_and_names_what_lacks(ask):
    ids, before = [], ""
    while before is not None:
        _, page = ask(f"tape?limit=7{before}")
        assert all(MISSING[0] <= int(hole["first"]) for hole in page["missing"])
        ids += map(int, page["i"])
        before = None if page["next"] is None or not page["i"] else f"&before={page['next']}"
    known = [i for minute in minutes() for i, *_ in minute.trades if i not in MISSING]
    assert ids == known[::-1]
    _, page = ask(f"tape?limit=20&before={MISSING[1] + 2}")
    assert {"first": str(MISSING[0]), "last": str(MISSING[1]), "state": "open"} in page["missing"]


def test_the_tape_shows_only_what_is_large_enough(ask):
    _, page = ask("tape?limit=5&least=0.9")
    known = [(i, q) for minute in minutes() for i, _, q, _ in minute.trades if q >= 90 and i not in MISSING]
    assert page["i"] == [str(i) for i, _ in known][::-1][:5]


def test_the_feeds_trades_are_on_top_of_the_tape_and_a_hole_before_them_is_named(ask, proven_site, monkeypatch):
    last = max(i for minute in minutes() for i, *_ in minute.trades)
    newer = [FeedTrade(last - 1, 1, 1, 1), *(FeedTrade(last + n, 5 * 10**8, n * 10**8, 7, n == 4) for n in (3, 4))]
    monkeypatch.setattr(proven_site.hub, "recent", lambda _: newer)
    _, page = ask("tape?limit=3")
    assert (page["live"], page["i"]) == (2, [str(last + 4), str(last + 3), str(last)])
    assert (page["p"][:2], page["q"][:2], page["m"][:2]) == (["5", "5"], ["4", "3"], [1, 0])
    assert page["missing"] == [{"first": str(last + 1), "last": str(last + 2), "state": "on its way"}]
    assert ask(f"tape?limit=3&before={last + 4}")[1]["i"] == [str(last + 3), str(last), str(last - 1)]


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("footprint?timeframe=1s&since=0&before=60", "expected a timeframe of 1m"),
        ("footprint?timeframe=1m&since=0", "before: expected seconds"),
        ("footprint?timeframe=1m&since=0&before=9999999", "expected at most 1,500 bars"),
        ("footprint?timeframe=1m&since=60&before=60", "expected a start before the end"),
        ("footprint?timeframe=1m&since=0&before=60&step=2", "expected a step such as"),
        ("profile?since=0&before=60&step=big", "step: expected a number such as 0.5, got 'big'"),
        ("profile?since=0&before=99999999", "45 days at a time"),
        ("tape?least=x", "least: expected a number"),
        ("tape?before=x", "before: expected a whole number"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_line(ask, path, problem):
    status, text = ask(path)
    assert status == 400
    assert problem in text
    assert text.count("\n") == 1


def test_a_time_without_trades_has_no_levels(ask):
    status, told = ask("footprint?timeframe=1m&since=0&before=600")
    assert (status, told["bars"]["t"], told["levels"]["p"]) == (200, [], [])
    assert ask("profile?since=0&before=600")[1]["area"] is None


def test_the_python_api_gives_the_same(proven_site, monkeypatch, ask):
    path = proven_site.settings.data / "candlewick.toml"
    path.write_text(f'data = "."\nsymbols = ["{SYMBOL}"]\ntimezone = "UTC"\n')
    monkeypatch.chdir(path.parent)
    period = {"start": "2024-08-08T23:54", "end": "2024-08-09T00:00"}
    rows = candlewick.footprint(SYMBOL, "1m", **period).arrow
    told = ask(f"footprint?timeframe=1m&since={SECOND}&before={SECOND + 6 * MINUTE}")[1]
    assert rows.column("buy_volume").to_pylist() == [Decimal(text) for text in told["levels"]["bv"]]
    assert rows.column("standing").to_pylist() == [told["bars"]["x"][place] for place in told["levels"]["b"]]
    assert rows.column("first_trade_id")[0].as_py() == FIRST_ID
    profile = candlewick.profile(SYMBOL, **period, step="1").arrow
    assert profile.column("is_poc").to_pylist().count(True) == 1
    assert set(profile.column("standing").to_pylist()) == {"mismatch"}


def test_amounts_that_are_text_have_no_exponent_however_small():
    column = pa.chunked_array([pa.array([Decimal("0E-8"), Decimal("1E-8"), Decimal("12.50")], pa.decimal128(38, 8))])
    assert array(column, quoted=True) == '["0","0.00000001","12.5"]'
