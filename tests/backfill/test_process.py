"""The command as a process: killed, stopped, refused."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from candlewick.fake_binance.server.background import BackgroundExchange
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.lake.objects import Lake
from candlewick.moments import starts_at
from candlewick.spans import Spans
from made import leash

SYMBOL = "BTCDEMO"
TODAY = datetime.now(UTC).date()
FIRST = TODAY - timedelta(days=4)


@pytest.fixture
def running():
    options = ExchangeOptions(port=0, symbols=(SYMBOL,), rate=0.3, history=timedelta(days=6), weight_limit=1_000_000)
    with BackgroundExchange(options) as background:
        yield background.exchange


@pytest.fixture
def config(running, tmp_path):
    lines = [f'symbols = ["{SYMBOL}"]', 'data = "."', 'prefix = "demo"', "[exchange]"]
    lines += [f'rest = ["{running.rest_url}"]', f'archive = "{running.rest_url}"']
    path = tmp_path / "candlewick.toml"
    path.write_text("\n".join(lines))
    return path


def start(config, *arguments, **options):
    command = [sys.executable, "-m", "candlewick", "backfill", "-c", str(config), "--from", str(FIRST)]
    command += ["--to", str(TODAY - timedelta(days=1)), *arguments]
    environment = os.environ | {"COLUMNS": "120"}
    return leash.start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, **options)


def trades(folder):
    lake = Lake.open(str(folder / "lake"), "demo")
    lines = [json.loads(line) for item in lake.list_all() for line in lake.read_object(item.name).lines]
    return [line["t"] for line in lines if line["e"] == "trade"]


def objects(folder):
    return sum("/backfill_" in item.name for item in Lake.open(str(folder / "lake"), "demo").list_all())


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.01)


def test_killed_or_stopped_the_same_command_goes_on_and_fetches_each_trade_once(running, config, tmp_path):
    ids = Spans([(running.market.id_at(SYMBOL, starts_at(FIRST)), running.market.id_at(SYMBOL, starts_at(TODAY)) - 1)])
    had = 0
    for how in (signal.SIGKILL, signal.SIGTERM):
        process = start(config, "--yes")
        before = objects(tmp_path)
        wait_for(lambda before=before: objects(tmp_path) > before)
        process.send_signal(how)
        process.communicate()
        had = len(trades(tmp_path))
        assert 0 < had < ids.count
        assert process.returncode == {signal.SIGKILL: -9, signal.SIGTERM: 1}[how]
    process = start(config, "--yes")
    output, problems = process.communicate()
    assert (process.returncode, problems) == (0, "")
    assert f"{ids.count - had:,} trades are new in the lake" in output
    assert Spans((each, each) for each in sorted(trades(tmp_path))) == ids
    assert len(trades(tmp_path)) == ids.count
