"""The recorder's own server: live trades for whoever draws them, `/health` and `/metrics`.

A client of `/feed` subscribes with one text frame, `{"subscribe":{"BTCUSDT":next_id}}` (null: from now on), and may
do so again, which replaces what it had. It gets trades of ascending, contiguous ids from there on,
`{"s":…,"E":…,"sent":…,"trades":[[id,"price","quantity",T,0|1],…]}`, or `{"s":…,"gap":[first,last]}` where ids cannot
be given; times in µs. A client reads at its own pace from one ring per symbol, so nothing is buffered for it beyond
its socket; one that does not read at all is closed (1013), and one that asks for nothing (1008).

Every route passes the same gate as the dashboard's: see `process/gate.py`. One place is kept for whoever shows the key
that the recorder leaves beside its heartbeat: the dashboard is not locked out by others' sockets.
"""

import asyncio
import errno
import hmac
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Any, Self

import msgspec
import structlog
from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.typedefs import Handler

from candlewick.errors import UNREADABLE, CandlewickError, PortTakenError
from candlewick.moments import now_us
from candlewick.process.gate import Gate
from candlewick.recorder.ring import Gap, Ring

TRADES_PER_FRAME = 2_000
COALESCE_SECONDS = 0.03
SLOW_SECONDS = 5.0
SILENT_SECONDS = 10.0
CLIENTS_AT_MOST = 64
MESSAGE_BYTES = 65_536
KEY_FILE = "feed.key"
KEY_HEADER = "X-Candlewick-Key"

log = structlog.get_logger()


class Subscription(msgspec.Struct):
    """What a client sends: the next id it wants of each symbol."""

    subscribe: dict[str, int | None]


class TradesFrame(msgspec.Struct):
    """Trades of one symbol, as sent."""

    s: str
    E: int
    sent: int
    trades: list[tuple[int, str, str, int, int]]


class GapFrame(msgspec.Struct):
    """Ids that cannot be given."""

    s: str
    gap: tuple[int, int]


_SUBSCRIPTION = msgspec.json.Decoder(Subscription)
_ENCODER = msgspec.json.Encoder()


class Feed:
    """Serves the rings on one port; `port` tells which where 0 was asked for."""

    def __init__(
        self,
        host: str,
        port: int,
        rings: Mapping[str, Ring],
        health: Callable[[], dict[str, Any]],
        metrics: Callable[[], bytes],
        *,
        slow_seconds: float = SLOW_SECONDS,
        silent_seconds: float = SILENT_SECONDS,
        origins: Collection[str] = (),
        key: str = "",
    ) -> None:
        self.host = host
        self.port = port
        self.clients = 0
        self._rings = rings
        self._health = health
        self._metrics = metrics
        self._slow_seconds, self._silent_seconds = slow_seconds, silent_seconds
        self._gate, self._key = Gate(host, origins, "feed.origins"), key
        self._sockets: set[web.WebSocketResponse] = set()
        app = web.Application(middlewares=[self._pass_the_gate])
        app.add_routes(
            [
                web.get("/health", self._answer_health),
                web.get("/metrics", self._answer_metrics),
                web.get("/feed", self._answer_feed),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def __aenter__(self) -> Self:
        """Start to listen. Raises `PortTakenError`."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self.host, self.port).start()
        except OSError as error:
            await self._runner.cleanup()
            if error.errno == errno.EADDRINUSE:
                message = f"feed: port {self.port} on {self.host} is taken; stop who has it, or set feed.port"
                raise PortTakenError(message) from None
            raise CandlewickError(f"feed: cannot listen on {self.host}:{self.port}: {error.strerror}") from None
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)
        await self._runner.cleanup()

    @web.middleware
    async def _pass_the_gate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        address = ((request.transport and request.transport.get_extra_info("sockname")) or ("",))[0]
        if why := self._gate.refusal(headers, address=address):
            raise web.HTTPForbidden(text=f"{why}\n")
        return await handler(request)

    async def _answer_health(self, request: web.Request) -> web.Response:
        return web.Response(body=_ENCODER.encode(self._health()), content_type="application/json")

    async def _answer_metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=self._metrics(), headers={"Content-Type": "text/plain; version=0.0.4"})

    async def _answer_feed(self, request: web.Request) -> web.StreamResponse:
        """Serve one client until it leaves, or stops reading."""
        if self.clients >= CLIENTS_AT_MOST and not self._is_kept_for(request):
            raise web.HTTPServiceUnavailable(text=f"{CLIENTS_AT_MOST} clients are served already")
        socket = web.WebSocketResponse(heartbeat=20, compress=False, max_msg_size=MESSAGE_BYTES)
        await socket.prepare(request)
        self._sockets.add(socket)
        self.clients += 1
        try:
            await self._serve(socket)
        finally:
            self.clients -= 1
            self._sockets.discard(socket)
        return socket

    def _is_kept_for(self, request: web.Request) -> bool:
        """Whether a client shows the key; there is one place more, and no second."""
        shown = request.headers.get(KEY_HEADER, "")
        is_ours = bool(self._key) and hmac.compare_digest(shown.encode(), self._key.encode())
        return is_ours and self.clients <= CLIENTS_AT_MOST

    async def _serve(self, socket: web.WebSocketResponse) -> None:
        client = _Client(socket, self._rings, self._slow_seconds)
        sender = asyncio.create_task(client.send_for_ever())
        try:
            if not await self._first_words(socket, client):
                return
            async for message in socket:
                if message.type is WSMsgType.TEXT and (problem := client.subscribe(message.data)):
                    await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=problem.encode())
        finally:
            sender.cancel()
            await asyncio.wait([sender])
        if not sender.cancelled() and (fault := sender.exception()):
            raise fault

    async def _first_words(self, socket: web.WebSocketResponse, client: "_Client") -> bool:
        """Whether a client subscribes in time; one that only holds its place is closed."""
        try:
            message = await socket.receive(timeout=self._silent_seconds)
        except TimeoutError:
            await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"expected a subscription, got silence")
            return False
        if message.type is not WSMsgType.TEXT:
            await socket.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b"expected a subscription as text")
            return False
        if problem := client.subscribe(message.data):
            await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=problem.encode())
            return False
        return True


class _Client:
    """One subscriber: where it is in each ring."""

    def __init__(self, socket: web.WebSocketResponse, rings: Mapping[str, Ring], slow_seconds: float) -> None:
        self._socket = socket
        self._rings = rings
        self._slow_seconds = slow_seconds
        self._next_ids: dict[str, int | None] = {}

    def subscribe(self, text: str) -> str | None:
        """Take a subscription; return what is wrong with it, if anything is."""
        try:
            wanted = _SUBSCRIPTION.decode(text).subscribe
        except UNREADABLE as error:
            return f"expected {{'subscribe':{{symbol:next_id}}}}: {error}"[:120]
        for symbol in wanted:
            if symbol not in self._rings:
                return f"not recorded here: {symbol!r}"[:120]
        self._next_ids = {symbol: self._position(symbol, next_id) for symbol, next_id in wanted.items()}
        return None

    def _position(self, symbol: str, next_id: int | None) -> int | None:
        ids = self._rings[symbol].ids
        return ids[1] + 1 if next_id is None and ids else next_id

    async def send_for_ever(self) -> None:
        """Send what there is, and again after a moment; close the socket of a client that does not read."""
        while True:
            for symbol in list(self._next_ids):
                while frame := self._next_frame(symbol):
                    try:
                        async with asyncio.timeout(self._slow_seconds):
                            await self._socket.send_str(frame)
                    except TimeoutError:
                        await self._close_slow()
                        return
                    except ConnectionError:
                        return
            await asyncio.sleep(COALESCE_SECONDS)

    def _next_frame(self, symbol: str) -> str | None:
        """Return the next frame of a symbol and move on behind it; None where nothing is to be sent."""
        next_id = self._next_ids.get(symbol)
        ring = self._rings[symbol]
        if next_id is None and ring.ids:
            next_id = ring.ids[0]
        if next_id is None or (found := ring.read(next_id, TRADES_PER_FRAME)) is None:
            return None
        frame: GapFrame | TradesFrame
        if isinstance(found, Gap):
            self._next_ids[symbol] = found.last + 1
            frame = GapFrame(symbol, (found.first, found.last))
        else:
            self._next_ids[symbol] = found.rows[-1][0] + 1
            frame = TradesFrame(symbol, found.event_at, now_us(), found.rows)
        return _ENCODER.encode(frame).decode()

    async def _close_slow(self) -> None:
        log.warning("feed client too slow, closed")
        try:
            async with asyncio.timeout(1.0):
                await self._socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"too slow", drain=False)
        except TimeoutError:
            log.info("feed client does not close either")
