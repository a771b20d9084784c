"""Behind a company's proxy, whose names only it resolves, with an authority of one's own: recorded all the same."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
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


async def test_streams_rest_and_archive_come_through_a_proxy_with_a_private_authority(strict, tmp_path, monkeypatch):
    addresses, authority = strict
    away = {kind: [url.replace("localhost", "binance.test") for url in addresses[kind]] for kind in ("streams", "rest")}
    archive = addresses["archive"].replace("localhost", "binance.test")
    stack = Stack(tmp_path / "home", symbols=("ETHBTC",), prefix="binance", history="0s").write_config()
    text = stack.config_path.read_text()
    start, end = text.index("[exchange]"), text.index("[feed]")
    section = f"[exchange]\nstreams = {json.dumps(away['streams'])}\nrest = {json.dumps(away['rest'])}\n"
    section += f"archive = {json.dumps(archive)}\n"
    stack.config_path.write_text(text[:start] + section + text[end:])
    async with ConnectProxy(password="secret") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        try:
            stack.start_recorder()
            await until(lambda: stack.beat("recorder").get("objects", 0) > 2, "trades to reach the lake")
            filling = stack.start("backfill", "backfill", *days_of("ETHBTC"), "--config", str(stack.config_path))
            await until(lambda: filling.poll() is not None, "a day of the archive", 120)
            assert filling.returncode == 0, stack.log("backfill")
            trying = stack.start("doctor", "doctor", "--json", "--config", str(stack.config_path))
            await until(lambda: trying.poll() is not None, "the doctor", 120)
        finally:
            stack.stop()
        ports = {url.rpartition(":")[2] for url in (*away["streams"], away["rest"][0], archive)}
        assert {f"CONNECT binance.test:{port}" for port in ports} <= set(proxy.asked)
    assert "secret" not in stack.log("recorder") + stack.log("backfill") + stack.log("doctor")
    told = {answer["what"]: answer for answer in json.loads(stack.log("doctor"))["answers"]}
    for what in (f"REST {away['rest'][0].rpartition('/')[2]}", f"streams {away['streams'][0].rpartition('/')[2]}"):
        assert told[what]["state"] == "ok" and f", through the proxy 127.0.0.1:{proxy.port}" in told[what]["text"]
    lake = Lake.open(stack.settings.lake_url, "binance")
    assert {"stream", "backfill"} <= {item.name.rpartition("/")[2].partition("_")[0] for item in lake.list_all()}


def days_of(symbol: str) -> list[str]:
    """What asks for yesterday, whose file is in the archive."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    return [symbol, f"--from={yesterday}", f"--to={yesterday}", "--yes"]
