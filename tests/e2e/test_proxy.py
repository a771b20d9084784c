"""Behind a company's proxy, whose names only it resolves, with an authority of one's own: recorded all the same."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from candlewick.lake.objects import Lake
from e2e.stack import Stack, until
from made import leash
from peers.connect_proxy import ConnectProxy

TESTS = Path(__file__).parents[1]


@pytest.fixture
def strict(tmp_path):
    """The strict exchange as a process: its addresses, and its authority's certificate."""
    authority = tmp_path / "authority.pem"
    command = [sys.executable, "-m", "peers.strict_binance", "--ca", str(authority), "--live-for", "150"]
    process = leash.start(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=TESTS)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline()), authority
    finally:
        process.terminate()
        process.wait(20)


async def test_streams_and_rest_are_recorded_through_a_proxy_with_a_private_authority(strict, tmp_path, monkeypatch):
    addresses, authority = strict
    away = {kind: [url.replace("localhost", "binance.test") for url in addresses[kind]] for kind in ("streams", "rest")}
    stack = Stack(tmp_path / "home", symbols=("ETHBTC",), prefix="binance", history="0s").write_config()
    text = stack.config_path.read_text()
    start, end = text.index("[exchange]"), text.index("[feed]")
    section = f"[exchange]\nstreams = {json.dumps(away['streams'])}\nrest = {json.dumps(away['rest'])}\n"
    stack.config_path.write_text(text[:start] + section + text[end:])
    async with ConnectProxy(password="secret") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        try:
            stack.start_recorder()
            await until(lambda: stack.beat("recorder").get("objects", 0) > 2, "trades to reach the lake")
        finally:
            stack.stop()
        ports = {url.rpartition(":")[2] for url in (*away["streams"], away["rest"][0])}
        assert {f"CONNECT binance.test:{port}" for port in ports} <= set(proxy.asked)
    assert "secret" not in stack.log("recorder")
    assert any(Lake.open(stack.settings.lake_url, "binance").list_all())
