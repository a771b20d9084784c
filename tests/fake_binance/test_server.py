"""The server as a whole: start, stop, ports, threads and the seam for faults."""

import asyncio
import json
import signal
import socket
import sys
import urllib.request

import pytest
from aiohttp import ClientSession, WSServerHandshakeError

from candlewick.errors import CandlewickError, ConfigError, PortTakenError
from candlewick.fake_binance.faults import Answer, Faults
from candlewick.fake_binance.server.background import BackgroundExchange
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.fake_binance.server.server import Exchange, run
from candlewick.process import heartbeat


def test_a_taken_port_is_named_in_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"port {port} on 127.0.0.1 is taken") as error:
            run(ExchangeOptions(port=port))
    assert "\n" not in str(error.value)


def test_a_host_that_is_not_ours_is_named():
    with pytest.raises(CandlewickError, match=r"cannot listen on 192\.0\.2\.1"):
        run(ExchangeOptions(host="192.0.2.1", port=0))


@pytest.mark.parametrize(
    "options",
    [{"rate": 0}, {"speed": -1}, {"symbols": ()}, {"symbols": ("BTCDEMO", "BTCDEMO")}, {"shift_to_now": True}],
)
def test_options_that_make_no_exchange_are_refused(options):
    with pytest.raises(ConfigError, match="exchange: "):
        ExchangeOptions(**options)


def test_an_exchange_in_a_thread_serves_and_stops():
    with BackgroundExchange(ExchangeOptions(port=0)) as background:
        url = background.exchange.rest_url
        with urllib.request.urlopen(f"{url}/api/v3/ping") as answer:
            assert json.load(answer) == {}
        port = background.exchange.port
        with pytest.raises(PortTakenError), BackgroundExchange(ExchangeOptions(port=port)):
            pass
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{url}/api/v3/ping")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_stops_it_cleanly_and_its_heartbeat_ends(tmp_path, number, eventually):
    program = (
        "import sys; from pathlib import Path;"
        "from candlewick.fake_binance.server.options import ExchangeOptions;"
        "from candlewick.fake_binance.server.server import run;"
        "run(ExchangeOptions(port=0, run_path=Path(sys.argv[1])))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(tmp_path))
    async with asyncio.timeout(30):
        beat = await eventually(lambda: heartbeat.read(tmp_path, "exchange"))
        assert beat["state"] == "open"
        assert beat["symbols"]["BTCDEMO"]["head"] > 1_000_000
        _, writer = await asyncio.open_connection("127.0.0.1", beat["port"])
        process.send_signal(number)
        assert await process.wait() == 0
        writer.close()
    assert heartbeat.read(tmp_path, "exchange") is None


async def test_stopping_ends_the_connections_with_a_close_frame(running):
    async with running() as client, client.connect("/ws/btcdemo@trade") as socket:
        await socket.receive()
        stopping = asyncio.create_task(client.exchange.stop())
        async for _ in socket:
            pass
        assert socket.close_code == 1001
        await stopping


class Disturbed(Faults):
    """Refuses the second connection, doubles the frames of the first, and fails every `ping`."""

    def refuses(self, connection):
        return 503 if connection == 2 else None

    def frames(self, connection, frame):
        return (frame, frame)

    def answers(self, path, query):
        return Answer(502, "bad gateway", (("X-Fault", "1"),)) if path.endswith("/ping") else None


async def test_a_policy_may_disturb_connections_frames_and_answers():
    async with Exchange(ExchangeOptions(port=0, rate=60), Disturbed()) as exchange, ClientSession() as http:
        async with http.ws_connect(f"{exchange.ws_url}/ws/btcdemo@trade") as socket:
            one, other = await socket.receive(), await socket.receive()
            assert one.data == other.data
            with pytest.raises(WSServerHandshakeError) as refused:
                await http.ws_connect(f"{exchange.ws_url}/ws/btcdemo@trade")
            assert refused.value.status == 503
        async with http.get(f"{exchange.rest_url}/api/v3/ping") as answer:
            assert (answer.status, answer.headers["X-Fault"]) == (502, "1")
        async with http.get(f"{exchange.rest_url}/api/v3/time") as answer:
            assert answer.status == 200
