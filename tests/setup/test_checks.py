"""`candlewick doctor` against the strict stand-in for Binance, and hosts that answer as none should."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from candlewick.config import Settings
from candlewick.lake.objects import Lake
from candlewick.moments import now_us
from candlewick.setup.checks import data, machine
from candlewick.setup.checks.answers import asked
from candlewick.setup.checks.exchange import ask
from e2e.strict_stack import Exchange
from peers.connect_proxy import ConnectProxy
from warehouse.lakes import Writer, trade_line

pytestmark = pytest.mark.timeout(400)
SYMBOLS = ("ETHBTC", "DOGEUSDT")
STRIDE = 3
"""From one of these ids to the next, where a host gives some with gaps."""


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    exchange = Exchange(tmp_path_factory.mktemp("strict"), "--live-for=380", "--symbols", *SYMBOLS)
    yield exchange
    exchange.stop()


def doctor(home: Path, exchange: Exchange, *options: str, **hosts: object) -> tuple[int, dict[str, Any]]:
    """Run the command; its exit code, and what it answers to each question."""
    told = {**{name: exchange.addresses[name] for name in ("streams", "rest", "archive")}, **hosts}
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in told.items())
    symbols = json.dumps(SYMBOLS)
    (home / "candlewick.toml").write_text(f"symbols = {symbols}\ndata = '.'\n[exchange]\n{lines}[feed]\nport = 0\n")
    command = [sys.executable, "-m", "candlewick", "doctor", "--json", *options, "-c", str(home / "candlewick.toml")]
    trusted = {"SSL_CERT_FILE": str(exchange.authority)}
    done = subprocess.run(
        command, cwd=home, env=os.environ | trusted, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert report["is_well"] == (done.returncode == 0)
    return done.returncode, {each["what"]: each for each in report["answers"]}


def test_a_short_recording_is_proved_and_all_that_it_rests_on_is_well(tmp_path, exchange):
    code, found = doctor(tmp_path, exchange, "--real", "--minutes=0.1")
    assert code == 0, found
    assert {what for what, each in found.items() if each["state"] == "unknown"} <= {
        f"archive {exchange.addresses['archive'].partition('://')[2]}"
    }
    for symbol in SYMBOLS:
        assert found[f"ids of {symbol}"]["text"].startswith("1,000 trades, "), found
    assert " 6,000 of weight a minute" in f" {found['limits']['text']}"
    assert any("gives no trades by id" in found[what]["text"] for what in found if what.startswith("REST "))
    assert "of 2 symbols in 6 s" in found["trial: recorded"]["text"]
    assert "0 are not" in found["trial: proved"]["text"] and "0 ids are missing" in found["trial: proved"]["text"]
    assert [path.name for path in tmp_path.iterdir()] == ["candlewick.toml"], "nothing is left"


class Odd(BaseHTTPRequestHandler):
    """A REST host that serves another place, or gives ids with gaps."""

    is_blocked = False

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].rpartition("/")[2]
        status, answer = (451, {"code": 0, "msg": "Service unavailable from a restricted location"})
        if not self.is_blocked:
            status, answer = 200, self.answer_to(path)
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_to(self, path: str) -> Any:
        if path == "time":
            return {"serverTime": now_us() + 7_000_000}
        if path == "aggTrades":
            fields = {"a": 9, "p": "1.0", "q": "1.0", "f": 2_999, "l": 2_999, "T": now_us(), "m": True, "M": True}
            return [fields]
        row = {"price": "1.00", "qty": "1.00", "quoteQty": "1.00", "time": now_us(), "isBuyerMaker": True}
        return [{"id": number, "isBestMatch": True, **row} for number in range(2_000, 3_000, STRIDE)]

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def odd_host(*, is_blocked: bool = False) -> Iterator[str]:
    handler = type("Handler", (Odd,), {"is_blocked": is_blocked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def answers(tmp_path: Path, rest: str) -> dict[str, tuple[str, str, str]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = free.getsockname()[1]
    hosts = {"rest": (rest,), "streams": (f"ws://127.0.0.1:{nobody}",), "archive": f"http://127.0.0.1:{nobody}"}
    settings = Settings(data=tmp_path, symbols=("BTCUSDT",), exchange=hosts)  # type: ignore[arg-type]
    return {what.partition(" 127")[0]: tuple(rest) for what, *rest in ask(settings)}  # type: ignore[misc]


def test_a_place_that_is_not_served_and_hosts_that_are_not_reached_are_told_with_the_next_step(tmp_path):
    with odd_host(is_blocked=True) as rest:
        found = answers(tmp_path, rest)
    for what in ("REST", "clock", "limits", "ids of BTCUSDT"):
        state, text, next_step = found[what]
        assert state == "wrong" and "451: the exchange does not serve the place" in text and "serves" in next_step
    for what in ("streams", "archive"):
        state, text, next_step = found[what]
        assert state == "wrong" and "cannot be reached (connect" in text
        assert next_step == "open the way to it, or name a proxy: `exchange.proxy`, HTTPS_PROXY"


@pytest.mark.parametrize(
    ("proxy", "says", "next_step"),
    [
        (ConnectProxy(refuses=True), "403", "have the proxy {proxy} let CONNECT to it through"),
        (ConnectProxy(password="secret"), "407", "HTTPS_PROXY = http://user:password@{proxy}"),
        (None, "connection refused", "have the proxy {proxy} let CONNECT to it through, or set another one, or none"),
    ],
    ids=["refuses", "asks for a password", "is not there"],
)
async def test_a_proxy_that_does_not_let_through_is_told_with_the_next_step(
    tmp_path, monkeypatch, proxy, says, next_step
):
    hosts = {"rest": ("https://a.test",), "streams": ("wss://b.test",), "archive": "https://c.test"}
    settings = Settings(data=tmp_path, symbols=("BTCUSDT",), exchange=hosts)  # type: ignore[arg-type]
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    async with proxy or ConnectProxy() as started:
        port = 1 if proxy is None else started.port
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        found = await asyncio.to_thread(lambda: list(ask(settings)))
    assert [answer.what.partition(" ")[0] for answer in found] == [
        "REST",
        "streams",
        "archive",
        "clock",
        "limits",
        "ids",
    ]
    for answer in found:
        assert answer.state == "wrong" and "cannot be reached" in answer.text and says in answer.text, answer
        assert next_step.format(proxy=f"127.0.0.1:{port}") in answer.next_step, answer


def test_ids_with_gaps_and_a_clock_that_is_wrong_are_told(tmp_path):
    with odd_host() as rest:
        found = answers(tmp_path, rest)
    state, text, next_step = found["ids of BTCUSDT"]
    assert (state, text) == ("wrong", "334 trades, 2000 to 2999, with 333 gaps") and next_step
    state, text, next_step = found["clock"]
    told = re.fullmatch(r"(\d+\.\d+) s behind the exchange's, ± (\d+\.\d+) s", text)
    assert state == "wrong" and told and "NTP" in next_step
    assert abs(float(told[1]) - 7) <= float(told[2]) + 0.001


def test_what_was_written_is_read_and_a_newer_or_damaged_one_is_told(tmp_path):
    settings = Settings(data=tmp_path, symbols=("BTCUSDT",))
    lake = Lake.open(settings.lake_url, settings.prefix)
    Writer(lake, "r1").stream([trade_line("BTCUSDT", 7, now_us())])
    settings.state_path.parent.mkdir(parents=True)
    settings.state_path.write_text('{"v": 99, "recorder": "r1"}')
    settings.duckdb_path.parent.mkdir(parents=True, exist_ok=True)
    settings.duckdb_path.write_bytes(b"no database")
    found = {each.what: each for each in asked(data.checks(settings))}
    assert found["the lake takes an object once"].text.endswith("a second one of its name was refused")
    assert found["newest object of the lake"].text.endswith("1 lines, a manifest of version 1")
    assert found["checkpoint"].state == "wrong" and "version" in found["checkpoint"].text
    assert found["warehouse"].state == "wrong" and found["warehouse"].next_step == "candlewick rebuild"
    assert not list(lake.files(f"{settings.prefix}/staging")), "the probe is removed"


def test_a_port_that_is_taken_and_a_folder_that_everybody_may_write_are_told(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(data=tmp_path, feed={"port": taken.getsockname()[1]})  # type: ignore[arg-type]
        tmp_path.chmod(0o777)
        found = {each.what: each for each in asked(machine.checks(settings))}
    assert found["port of the feed"].state == "wrong" and found["port of the feed"].next_step == "set another port"
    assert found["data folder"].state == "wrong" and found["data folder"].next_step == f"chmod o-w {tmp_path}"
    assert found["fsync"].text.endswith(" ms") and found["disk speed"].text.endswith(" a second")
    assert list(tmp_path.iterdir()) == []
