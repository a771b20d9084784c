"""Faults on demand over HTTP, and from the command line."""

import asyncio
import json
import os
import signal
import socket
import sys

import pytest
from aiohttp import ClientSession
from typer.testing import CliRunner

from candlewick.cli import app
from candlewick.errors import ConfigError
from candlewick.fake_binance.faults import KINDS, Faults, Script
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.fake_binance.server.server import Exchange
from candlewick.process import heartbeat

PATH = "/candlewick/faults"


@pytest.fixture
async def client(running):
    async with running(Script(), symbols=("BTCDEMO",)) as one:
        yield one


async def post(client, given, **options):
    async with client.http.post(client.exchange.rest_url + PATH, data=json.dumps(given), **options) as answer:
        text = await answer.text()
        return answer.status, json.loads(text) if text.startswith(("{", "[")) else text


async def test_a_posted_fault_begins_at_once_and_is_told(client):
    status, told = await post(client, {"kind": "server_error", "count": 2, "status": 502})
    assert (status, told[0]["fault"]) == (200, {"kind": "server_error", "at": 0.0, "count": 2, "status": 502})
    async with client.http.get(client.exchange.rest_url + "/api/v3/ping") as answer:
        assert answer.status == 502
    _, _, journal = await client.get(PATH)
    assert journal["counts"] == {"server_error": 1}
    assert [(each["number"], each["hits"], each["notes"]) for each in journal["faults"]] == [(1, 1, ["/api/v3/ping"])]


async def test_a_list_begins_together_and_delete_ends_all(client):
    status, told = await post(client, [{"kind": "ban", "seconds": 60}, {"kind": "refuse", "seconds": 60}])
    assert (status, [each["number"] for each in told]) == (200, [1, 2])
    assert (await client.get("/api/v3/ping"))[0] == 418
    async with client.http.delete(client.exchange.rest_url + PATH) as answer:
        assert answer.status == 200
    assert (await client.get("/api/v3/ping"))[0] == 200
    async with client.connect("/ws/btcdemo@trade") as stream:
        await stream.receive()


@pytest.mark.parametrize("given", [{"kind": "meteor"}, 7, {"kind": "drop", "seconds": 3}])
async def test_what_is_no_fault_is_a_400_that_says_why(client, given):
    status, told = await post(client, given)
    assert status == 400
    assert told["error"].startswith("faults: ")
    assert len(client.exchange.faults.journal) == 0


async def test_a_web_page_may_not_inject(client):
    status, _ = await post(client, {"kind": "drop"}, headers={"Origin": "http://evil.example"})
    assert status == 403
    assert len(client.exchange.faults.journal) == 0


def own_address():
    """Return an address of this machine that is not its loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return probe.getsockname()[0]


async def test_another_machine_may_not_inject():
    try:
        address = own_address()
    except OSError:
        pytest.skip("this machine has no address but its loopback")
    options = ExchangeOptions(host="0.0.0.0", port=0, faults="on-demand")
    async with Exchange(options) as exchange, ClientSession() as http:
        async with http.post(f"http://{address}:{exchange.port}{PATH}", data='{"kind":"drop"}') as answer:
            assert answer.status == 403
        async with http.post(f"http://127.0.0.1:{exchange.port}{PATH}", data='{"kind":"drop"}') as answer:
            assert answer.status == 200


async def test_without_faults_there_is_no_endpoint_no_script_and_no_market_around_the_market(running):
    async with running() as client:
        assert (await post(client, {"kind": "drop"}))[0] == 404
        assert type(client.exchange.faults) is Faults
        assert type(client.exchange.market).__name__ == "SyntheticMarket"
        assert [task.get_name() for task in client.exchange._tasks] == ["publish"]


def test_the_help_text_names_the_option_and_its_forms():
    result = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(app, ["exchange", "--help"])
    assert "--faults" in result.output
    assert "seed=7,every=5s,kinds=drop|silence" in result.output
    assert "on-demand" in result.output
    assert {kind.room for kind in KINDS.values()} <= set(result.output.replace(",", " ").split())


def test_a_spec_that_cannot_be_read_ends_the_start():
    with pytest.raises(ConfigError, match="got 'meteor'"):
        Exchange(ExchangeOptions(port=0, faults="kinds=meteor"))


async def test_the_command_injects_by_seed_and_logs_each_fault(tmp_path, eventually):
    program = (
        "import sys; from pathlib import Path; from candlewick.process import log; log.configure('exchange');"
        "from candlewick.fake_binance.server.options import ExchangeOptions;"
        "from candlewick.fake_binance.server.server import run;"
        "run(ExchangeOptions(port=0, run_path=Path(sys.argv[1]), faults='seed=7,every=0.1s,kinds=waf|hole'))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), stderr=asyncio.subprocess.PIPE, env=os.environ
    )
    async with asyncio.timeout(30), ClientSession() as http:
        beat = await eventually(lambda: heartbeat.read(tmp_path, "exchange"))
        url = f"http://127.0.0.1:{beat['port']}{PATH}"
        faults = []
        while len(faults) < 5:
            async with http.get(url) as answer:
                faults = (await answer.json())["faults"]
        process.send_signal(signal.SIGTERM)
        _, logged = await process.communicate()
    lines = [json.loads(line) for line in logged.decode().splitlines() if '"event": "fault"' in line]
    told = [each["fault"] | {"number": each["number"]} for each in faults]
    assert [{name: line[name] for name in each} for line, each in zip(lines, told, strict=False)] == told
