"""The WebSocket side: `/ws/<stream>` and `/stream?streams=a/b`, and who gets which events."""

import asyncio
from itertools import count

from aiohttp import WSCloseCode, web

from candlewick.fake_binance.faults import Faults, Refusal
from candlewick.fake_binance.server import endings
from candlewick.fake_binance.server.connection import FEW_WAITING, Connection
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.fake_binance.server.session import RefusedError, Session
from candlewick.fake_binance.server.timeline import Step
from candlewick.fake_binance.server.venue import Venue
from candlewick.fake_binance.server.wire import Unit


class Hub:
    """All connections of one venue."""

    def __init__(self, venue: Venue, options: ExchangeOptions, faults: Faults) -> None:
        self.connections: dict[Connection, None] = {}  # in the order in which they were opened
        self._venue = venue
        self._options = options
        self._faults = faults
        self._numbers = count(1)
        self._listened = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of both kinds of address."""
        return [
            web.get("/ws", self._raw),
            web.get("/ws/{names:.*}", self._raw),
            web.get("/stream", self._combined),
        ]

    def carry_on(self) -> None:
        """Let through, on every connection, what is due by now."""
        for connection in self.connections:
            connection.carry_on()

    async def listened_to(self) -> None:
        """Wait until somebody reads a stream."""
        await self._listened.wait()

    async def publish(self, step: Step) -> None:
        """Queue a step's events for everybody; then wait for slow readers, or cut them off."""
        if not len(step):
            return
        for connection in self.connections:
            session = connection.session
            connection.offer(step.events(session.streams, session.unit))
            if connection.is_slow() and not self._venue.pace.waits_for_slow:
                connection.cut(WSCloseCode.POLICY_VIOLATION, "Too much backpressure")
        if self._venue.pace.waits_for_slow:
            await self.taken()

    async def taken(self, at_most: int = FEW_WAITING) -> None:
        """Wait until each client has taken its frames, but for `at_most`."""
        for connection in list(self.connections):
            await connection.taken(at_most)

    async def close(self) -> None:
        """End all connections: the server stops."""
        await asyncio.gather(
            *(connection.cut(WSCloseCode.GOING_AWAY, "server stopped") for connection in self.connections)
        )

    async def _raw(self, request: web.Request) -> web.StreamResponse:
        names = request.match_info.get("names", "")
        return await self._serve(request, names, combined=False)

    async def _combined(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, request.query.get("streams", ""), combined=True)

    async def _serve(self, request: web.Request, names: str, *, combined: bool) -> web.StreamResponse:
        number = next(self._numbers)
        if (refusal := self._faults.handshake(number)) is not None:
            return await _refuse(request, refusal)
        try:
            wanted = [name for name in names.split("/") if name]
            session = Session(wanted, combined=combined, unit=Unit.named(request.query.get("timeUnit")))
        except RefusedError as refused:
            return web.Response(status=400, text=str(refused))
        socket = web.WebSocketResponse(autoping=False, compress=False)
        await socket.prepare(request)
        connection = Connection(
            number, socket, request.transport, session, self._options, self._faults, self._venue.now
        )
        self.connections[connection] = None
        try:
            await self._follow()
            await connection.run(self._follow)
        finally:
            del self.connections[connection]
            await self._follow()
        return socket

    async def _follow(self) -> None:
        """Make the klines that somebody reads and no others, and open a market that waits for its first reader."""
        known = self._venue.market.instruments
        read = (stream for connection in self.connections for stream in connection.session.streams)
        wanted = dict.fromkeys(stream for stream in read if stream.symbol in known)
        if wanted:
            self._venue.open()
            self._listened.set()
        else:
            self._listened.clear()
        self._venue.timeline.keep_only(wanted)
        for stream in wanted:
            for _ in self._venue.timeline.watch(stream):
                await asyncio.sleep(0)


async def _refuse(request: web.Request, refusal: Refusal) -> web.Response:
    """Refuse a handshake: with an answer, in the middle of one, or without."""
    await asyncio.sleep(refusal.seconds)
    if refusal.how == "half":
        endings.break_off(request.transport, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
    elif refusal.how != "answer":
        endings.reset(request.transport)
    return web.Response(status=refusal.status)
