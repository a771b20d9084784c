"""`/api/live`: the chart's WebSocket. A browser says what it looks at; changed bars and a status come back.

    browser → {"subscribe": [["BTCUSDT", "1m"], …], "tape": ["BTCUSDT"]}    replaces what it followed
              {"ping": a number or a text}              answered by {"pong": the same, "now": ms}
    server  → {"s": symbol, "f": timeframe, "b": [bars], "g": event ms, "t": sent ms}
              {"s": symbol, "f": timeframe, "i": {status}}
              {"s": symbol, "p": {trades as columns}, "g": event ms, "t": sent ms}    each trade, where `tape` names it
              {"alerts": true}                          an alert rang, or was changed: ask /api/alerts
              {"drawings": [owner, symbol]}             an owner's drawings were changed: ask /api/drawings
              {"error": "one line"}

A frame's bars are those that changed, so applying one twice does no harm, and a lost one is made good by a snapshot.
Trades are told once; who misses some sees it by their ids, and asks `/api/tape` for them.
"""

import asyncio
from typing import Any

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from candlewick.dashboard.live.hub import Hub
from candlewick.dashboard.live.topic import Viewer
from candlewick.dashboard.routes.catalogue import Catalogue, RequestError
from candlewick.errors import UNREADABLE
from candlewick.moments import now_us

SERIES_PER_VIEWER = 24
"""Four charts, a symbol to compare with in each, and the symbols that a reader set alerts for."""
VIEWERS = 256
MESSAGES_PER_SECOND = 20
MESSAGE_BYTES = 4_096
PATH = "/api/live"
TRY_AGAIN_LATER = 1013
UNSUPPORTED_DATA = 1003


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """What a browser may say."""

    subscribe: list[tuple[str, str]] | None = None
    tape: list[str] = []
    ping: int | float | str | None = None


class Live:
    """The WebSocket route."""

    def __init__(self, hub: Hub, catalogue: Catalogue, *, viewers: int = VIEWERS) -> None:
        self._hub, self._catalogue, self._limit = hub, catalogue, viewers
        self._connected = 0
        self._decoder = msgspec.json.Decoder(Request)

    async def serve(self, socket: WebSocket) -> None:
        """Serve one connection until it ends."""
        await socket.accept()
        if self._connected >= self._limit:
            await socket.close(TRY_AGAIN_LATER, f"this dashboard serves {self._limit} connections at a time")
            return
        self._connected += 1
        viewer = Viewer()
        try:
            async with asyncio.TaskGroup() as tasks:
                sender = tasks.create_task(self._send(socket, viewer))
                await self._receive(socket, viewer)
                sender.cancel()
        except* WebSocketDisconnect:
            pass  # the ordinary end
        finally:
            self._connected -= 1
            self._hub.follow_tapes(viewer, set())
            await self._hub.watch(viewer, set())

    async def _send(self, socket: WebSocket, viewer: Viewer) -> None:
        while True:
            await socket.send_text(await viewer.frames.get())
            if viewer.is_behind and viewer.frames.empty():
                self._hub.catch_up(viewer)

    async def _receive(self, socket: WebSocket, viewer: Viewer) -> None:
        second, count = 0, 0
        while (message := await socket.receive())["type"] == "websocket.receive":
            text = message.get("text")
            if text is None:
                await socket.close(UNSUPPORTED_DATA, "expected text, got a binary message")
                return
            now = now_us() // 1_000_000
            second, count = (now, count + 1) if now == second else (now, 1)
            if count > MESSAGES_PER_SECOND or len(text) > MESSAGE_BYTES:
                await socket.close(1008, f"expected at most {MESSAGES_PER_SECOND} small messages a second")
                return
            await self._answer(viewer, text)

    async def _answer(self, viewer: Viewer, text: str) -> None:
        try:
            request = self._decoder.decode(text)
            if request.subscribe is not None:
                tapes = {self._catalogue.symbol(symbol) for symbol in request.tape}
                await self._hub.watch(viewer, {self._checked(*key) for key in self._within(request.subscribe)})
                self._hub.follow_tapes(viewer, tapes)
            else:
                viewer.offer(_json(pong=request.ping, now=now_us() / 1_000))
        except (*UNREADABLE, RequestError) as error:
            viewer.offer(_json(error=str(error)))

    def _within(self, keys: list[tuple[str, str]]) -> list[tuple[str, str]]:
        if len(keys) > SERIES_PER_VIEWER:
            raise RequestError(f"expected at most {SERIES_PER_VIEWER} series per connection, got {len(keys)}")
        return keys

    def _checked(self, symbol: str, timeframe: str) -> tuple[str, str]:
        return self._catalogue.symbol(symbol), self._catalogue.timeframe(timeframe)


def _json(**values: Any) -> str:
    return msgspec.json.encode(values).decode()
