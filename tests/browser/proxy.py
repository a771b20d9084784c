"""A small reverse proxy: it passes one path prefix on to a server, under a Host of the server's own, as nginx does."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import aiohttp
from aiohttp import web

Passes = Callable[[str], bool]

_HOP = {"host", "connection", "upgrade", "content-length", "transfer-encoding", "content-encoding", "accept-encoding"}
_HANDSHAKE = {"sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions", "sec-websocket-protocol"}


@contextmanager
def proxying(upstream: str, prefix: str, port: int, passes: Passes = lambda text: True) -> Iterator[str]:
    """Serve `prefix` of `upstream` on a port of this host while the block runs; its address.

    Of what a WebSocket of the server says, only texts that `passes` lets through reach the other side.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(_start(upstream, prefix, port, passes), loop).result(10)
    try:
        yield f"http://localhost:{port}"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _start(upstream: str, prefix: str, port: int, passes: Passes) -> web.AppRunner:
    session = aiohttp.ClientSession(auto_decompress=True)

    async def answer(request: web.Request) -> web.StreamResponse:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await _socket(session, request, upstream, headers, passes)
        body = await request.read()
        async with session.request(
            request.method, upstream + request.path_qs, headers=headers, data=body, allow_redirects=False
        ) as reply:
            kept = {name: value for name, value in reply.headers.items() if name.lower() not in _HOP}
            return web.Response(body=await reply.read(), status=reply.status, headers=kept)

    app = web.Application(client_max_size=1 << 24)
    app.router.add_route("*", prefix + "{rest:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.2)

    async def close(_: web.Application) -> None:
        await session.close()

    app.on_cleanup.append(close)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


async def _socket(
    session: aiohttp.ClientSession, request: web.Request, upstream: str, headers: dict[str, str], passes: Passes
) -> web.WebSocketResponse:
    protocols = [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if name.strip()]
    sent = {name: value for name, value in headers.items() if name.lower() not in _HANDSHAKE}
    async with session.ws_connect(upstream + request.path_qs, headers=sent, protocols=protocols, max_msg_size=0) as far:
        near = web.WebSocketResponse(protocols=protocols, max_msg_size=0)
        await near.prepare(request)
        pumps = [asyncio.create_task(_pump(near, far)), asyncio.create_task(_pump(far, near, passes))]
        _, waiting = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in waiting:
            pump.cancel()
        await near.close()
    return near


Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pump(source: Socket, target: Socket, passes: Passes = lambda text: True) -> None:
    async for message in source:
        if message.type is aiohttp.WSMsgType.TEXT and passes(message.data):
            await target.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await target.send_bytes(message.data)
