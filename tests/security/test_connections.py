"""What a client may cost: half a request, a large message, a hundred exports at once."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from candlewick import config
from candlewick.dashboard.connections import STREAMLIT_BYTES, Messages, Requests
from candlewick.dashboard.live.socket import MESSAGE_BYTES, PATH, Live
from candlewick.dashboard.reads import Reads
from candlewick.dashboard.routes.catalogue import Catalogue
from candlewick.dashboard.routes.export import Export
from candlewick.dashboard.serve import bind
from candlewick.dashboard.site import EXPORTS_WAITING, Site
from dashboard.test_hub import until
from dashboard.warehouse import SYMBOL, Warehouse


class Impatient(Requests):
    seconds = 0.5


class Slow(Warehouse):
    """A warehouse whose candles come when it is told so."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = threading.Event()

    def candles(self, *asked: object) -> object:  # type: ignore[override]
        self.may_answer.wait(60)
        return super().candles(*asked)  # type: ignore[arg-type]


@pytest.fixture
def warehouse() -> Iterator[Slow]:
    warehouse = Slow()
    yield warehouse
    warehouse.may_answer.set()


@pytest.fixture
async def port(warehouse: Slow, tmp_path: Path) -> AsyncIterator[int]:
    site = Site(config.load(None, data=tmp_path, symbols=(SYMBOL,), feed={"port": 1}), warehouse)  # type: ignore[arg-type]

    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(str(len(text)))

    app = Starlette(
        routes=[
            *Export(site.reader, site.export_reads, site.catalogue).routes(),
            WebSocketRoute(PATH, Live(site.hub, Catalogue((SYMBOL,))).serve),
            WebSocketRoute("/_stcore/stream", echo),
        ]
    )
    listener = bind("127.0.0.1", 0)
    server = uvicorn.Server(
        uvicorn.Config(
            app, http=Impatient, ws=Messages, ws_max_size=STREAMLIT_BYTES, log_config=None, timeout_graceful_shutdown=1
        )
    )
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await until(lambda: server.started, "the server's start")
    yield listener.getsockname()[1]
    warehouse.may_answer.set()
    server.should_exit = True
    await task
    site.close()


@pytest.mark.parametrize(
    "half",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf",
    ],
)
async def test_half_a_request_is_not_waited_for_for_ever(port: int, half: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(half)
    answered = await asyncio.wait_for(reader.read(), 60)  # ends when the server closes
    assert b" 408 " in answered or half.startswith(b"POST")
    writer.close()


async def test_a_connection_that_is_kept_open_may_ask_again(port: int) -> None:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        for _ in range(2):
            async with session.get("/nothing") as answer:
                assert answer.status == 404


@pytest.mark.parametrize("path", [PATH, "/_stcore/stream"])
async def test_a_websocket_stays_open_for_longer_than_a_request_may_take(port: int, path: str) -> None:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session, session.ws_connect(path) as socket:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(4 * Impatient.seconds):
                while (await socket.receive()).type != aiohttp.WSMsgType.CLOSED:
                    pass  # a status
        assert not socket.closed


@pytest.mark.parametrize(("path", "most"), [(PATH, MESSAGE_BYTES), ("/_stcore/stream", STREAMLIT_BYTES)])
async def test_a_message_that_is_too_large_is_refused_by_its_first_bytes(port: int, path: str, most: int) -> None:
    """The header of a frame tells its length: the server answers it, and none of the message is ever sent."""
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        socket = await session.ws_connect(path, max_msg_size=0)
        writer = socket._writer.transport  # type: ignore[attr-defined]
        writer.write(b"\x81\xff" + (most + 1).to_bytes(8, "big") + b"mask")
        while (message := await asyncio.wait_for(socket.receive(), 60)).type is aiohttp.WSMsgType.TEXT:
            pass  # a status that was on its way
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.MESSAGE_TOO_BIG)


@pytest.mark.parametrize(
    "said", [b"\x00\xff", "[" * 4_000, '{"ping":' + "[" * 1_000 + "]" * 1_000 + "}", '{"ping":{}}']
)
async def test_what_is_no_message_of_ours_is_told_so_in_one_line(port: int, said: bytes | str) -> None:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        socket = await session.ws_connect(PATH)
        await (socket.send_bytes(said) if isinstance(said, bytes) else socket.send_str(said))
        message = await asyncio.wait_for(socket.receive(), 60)
        if isinstance(said, bytes):
            assert (message.type, socket.close_code) == (aiohttp.WSMsgType.CLOSE, 1003)
        else:
            assert json.loads(message.data)["error"]


async def test_exports_wait_in_a_line_of_their_own_that_has_an_end(port: int, warehouse: Slow) -> None:
    path = f"/api/export?symbol={SYMBOL}&timeframe=1m"
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", connector=aiohttp.TCPConnector(limit=0)) as session:
        asked = [asyncio.create_task(session.get(path)) for _ in range(40)]
        refused = 40 - 1 - EXPORTS_WAITING
        await until(lambda: sum(task.done() for task in asked) == refused, "those that are turned away")
        warehouse.may_answer.set()
        answers = [await task for task in asked]
        turned_away = [answer for answer in answers if "others are being served" in await answer.text()]
        assert len(turned_away) == refused
        assert {(answer.status, "Retry-After" in answer.headers) for answer in turned_away} == {(503, True)}


async def test_a_line_that_was_full_has_room_again() -> None:
    reads = Reads(threads=1, waiting=0)
    assert [await reads(str, number) for number in range(5)] == list("01234")
    reads.close()
