"""The exchange's own candles of days long past, into a real lake; the exchange's market is the truth."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from candlewick import backfill
from candlewick.backfill.candles import QUARTER
from candlewick.cli import app
from candlewick.config import Settings
from candlewick.config.sections import ExchangeSettings
from candlewick.fake_binance.server.background import BackgroundExchange
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.lake.objects import Lake
from candlewick.moments import starts_at
from candlewick.process import heartbeat

SYMBOLS = ("BTCDEMO", "ETHDEMO")
TODAY = datetime.now(UTC).date()
FIRST, LAST = TODAY - timedelta(days=12), TODAY - timedelta(days=1)
QUARTERS = range(starts_at(FIRST) // QUARTER.length, starts_at(TODAY) // QUARTER.length)


@pytest.fixture(scope="module")
def running():
    options = ExchangeOptions(port=0, symbols=SYMBOLS, rate=0.01, history=timedelta(days=14), weight_limit=1_000_000)
    with BackgroundExchange(options) as background:
        yield background.exchange


@pytest.fixture
def settings(running, tmp_path):
    exchange = ExchangeSettings(streams=(running.ws_url,), rest=(running.rest_url,), archive=running.rest_url)
    return Settings(data=tmp_path / "data", prefix="demo", symbols=SYMBOLS, exchange=exchange)


def fetch(settings):
    """Fetch the candles; the plan, and what came of it."""
    plans = []

    @contextmanager
    def watch(job):
        yield lambda: None

    outcome = backfill.run(
        settings, FIRST, LAST, agree=lambda plan: plans.append(plan) or True, watch=watch, only_candles=True
    )
    return plans[0], outcome


def candles(settings):
    """Symbol and quarter of every candle in the lake, sorted."""
    lake = Lake.open(settings.lake_url, settings.prefix)
    events = [json.loads(line) for item in lake.list_all() for line in lake.read_object(item.name).lines]
    assert {(event["e"], event["k"]["i"]) for event in events} == {("kline", "15m")}
    return sorted((event["s"], event["k"]["t"] // QUARTER.length) for event in events)


def test_each_candle_of_the_days_is_fetched_once_and_no_trade(settings):
    plan, outcome = fetch(settings)
    assert (plan.minutes, plan.kline_requests) == (2 * len(QUARTERS), 3)
    assert (outcome.is_complete, outcome.candles, outcome.trades) == (True, 2 * len(QUARTERS), 0)
    assert candles(settings) == [(symbol, quarter) for symbol in SYMBOLS for quarter in QUARTERS]
    beat = heartbeat.read(settings.run_path, backfill.BEAT)
    assert (beat["done"], beat["total"]) == (2 * len(QUARTERS), 2 * len(QUARTERS))


def test_what_is_held_is_not_fetched_again_even_where_the_checkpoint_is_lost(settings):
    fetch(settings)
    plan, outcome = fetch(settings)
    assert (plan.is_empty, outcome.objects) == (True, 0)
    backfill.settings_of(settings, "candles").state_path.unlink()
    assert fetch(settings)[0].is_empty
    assert candles(settings) == [(symbol, quarter) for symbol in SYMBOLS for quarter in QUARTERS]


def test_the_command_shows_its_plan_and_says_what_is_new(running, tmp_path):
    config = tmp_path / "candlewick.toml"
    config.write_text(
        f'symbols = ["BTCDEMO"]\ndata = "."\nprefix = "demo"\n[exchange]\nrest = ["{running.rest_url}"]\n'
    )
    days = ["--from", str(FIRST), "--to", str(LAST), "--candles", "--yes", "--config", str(config)]
    done = CliRunner().invoke(app, ["backfill", *days])
    assert done.exit_code == 0, done.output
    assert f"{len(QUARTERS):,} candles" in done.output and "are new in the lake" in done.output
