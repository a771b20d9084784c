"""One client's WebSocket: frames wait here until it takes them; pings, pongs and limits as Binance has them."""

import asyncio
import socket as sockets
import time
from collections import deque
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from candlewick.fake_binance.faults import Faults
from candlewick.fake_binance.faults.line import Act, Announce, Close, Half, Line, Reset, Send
from candlewick.fake_binance.server import endings
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.fake_binance.server.session import Session
from candlewick.fake_binance.server.timeline import Events

MAX_WAITING = 50_000
"""A client that lets so many frames wait is cut off, in a market that waits for nobody."""

FEW_WAITING = 1_000
"""A market that waits for its clients goes on when no more frames than this wait."""
_KERNEL_BUFFER = 256 * 1024
"""Without a limit the kernel takes megabytes for a client that reads nothing, and its slowness does not show."""

_CLOSE_SECONDS = 2.0

_log = structlog.get_logger(__name__)


class Connection:
    """A WebSocket between its handshake and its end. `transport` is what it runs over; `now` is the venue's clock."""

    def __init__(
        self,
        number: int,
        socket: web.WebSocketResponse,
        transport: asyncio.BaseTransport | None,
        session: Session,
        options: ExchangeOptions,
        faults: Faults,
        now: Callable[[], int],
    ) -> None:
        self.session = session
        self._number = number
        self._socket = socket
        self._transport = transport
        self._options = options
        self._faults = faults
        self._line: Line | None = faults.opened(number)
        self._now = now
        self._waiting: deque[str | Half | Close] = deque()
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self._pinged: dict[bytes, float] = {}
        _limit_kernel_buffer(transport)
        self._cut: asyncio.Task[None] | None = None
        self._is_over = False

    async def run(self, changed: Callable[[], Awaitable[None]]) -> None:
        """Serve the client until either side ends it; `changed` is awaited after each of its requests."""
        tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._keep_alive())]
        try:
            await self._receive(changed)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._faults.closed(self._number)
            self._is_over = True
            self._waiting.clear()
            self._emptied.set()

    def offer(self, events: Events) -> None:
        """Queue the frames of some events, unless the connection is ending."""
        if self._is_ending:
            return
        for _, stream, payload in events:
            frame = self.session.frame(stream, payload)
            if self._line is None:
                self._waiting.extend(self._faults.frames(self._number, frame))
            else:
                self._line.offer(frame)
        self.carry_on()

    def carry_on(self) -> None:
        """Let through what is due by now."""
        if self._line is not None and not self._is_ending:
            for act in self._line.take():
                self._do(act)
        if self._waiting:
            self._filled.set()

    def is_slow(self) -> bool:
        """Return whether the client lets more frames wait than an exchange bears."""
        return self._queued > MAX_WAITING

    async def taken(self, at_most: int = FEW_WAITING) -> None:
        """Wait until `at_most` frames wait, or the connection ends."""
        while self._queued > at_most and not self._socket.closed:
            self._emptied.clear()
            await self._emptied.wait()

    @property
    def _queued(self) -> int:
        if self._is_ending:
            return 0
        return len(self._waiting) + (0 if self._line is None else len(self._line))

    @property
    def _is_ending(self) -> bool:
        return self._cut is not None or self._is_over

    def _do(self, act: Act) -> None:
        match act:
            case Send(text):
                self._waiting.append(text)
            case Half() | Close():
                self._waiting.append(act)
            case Announce():
                self._waiting.append(self.session.shutdown(self._now()))
            case Reset():
                endings.reset(self._transport)

    def cut(self, code: int, reason: str) -> asyncio.Task[None]:
        """End the connection, with a close frame if the client still takes one."""
        if self._cut is None:
            _log.info("connection cut", connection=self._number, problem=reason, waiting=len(self._waiting))
            self._waiting.clear()
            self._emptied.set()
            self._cut = asyncio.create_task(self._close(code, reason))
        return self._cut

    async def _close(self, code: int, reason: str) -> None:
        try:
            await asyncio.wait_for(self._socket.close(code=code, message=reason.encode()), _CLOSE_SECONDS)
        except (TimeoutError, ConnectionError):
            _log.info("connection aborted", connection=self._number)
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.abort()

    async def _receive(self, changed: Callable[[], Awaitable[None]]) -> None:
        async for message in self._socket:
            if self.session.is_flooding(time.monotonic()):
                self.cut(WSCloseCode.POLICY_VIOLATION, "Too many requests")
            elif message.type is WSMsgType.PING:
                await self._socket.pong(message.data)
            elif message.type is WSMsgType.PONG:
                self._take_pong(bytes(message.data))
            elif message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                self._waiting.append(self.session.answer(message.data))
                self._filled.set()
                await changed()

    async def _send(self) -> None:
        try:
            while True:
                await self._filled.wait()
                while self._waiting:
                    await self._send_next(self._waiting.popleft())
                    if len(self._waiting) <= FEW_WAITING:
                        self._emptied.set()
                self._filled.clear()
        except ConnectionError:
            self.cut(WSCloseCode.GOING_AWAY, "client gone")

    async def _send_next(self, frame: str | Half | Close) -> None:
        match frame:
            case Half(text):
                endings.break_off(self._transport, endings.text_frame(text))
            case Close(code, reason):
                self.cut(code, reason)
            case _:
                await self._socket.send_str(frame)

    async def _keep_alive(self) -> None:
        """Ping in turn; a client that leaves a ping without its pong too long is cut off."""
        try:
            while True:
                await asyncio.sleep(self._options.ping_seconds)
                now = time.monotonic()
                if any(now - sent >= self._options.pong_seconds for sent in self._pinged.values()):
                    self.cut(WSCloseCode.POLICY_VIOLATION, "Pong timeout")
                    return
                if self._line is None or self._line.allows_pings():
                    await self._ping(now)
        except ConnectionError:
            self.cut(WSCloseCode.GOING_AWAY, "client gone")

    async def _ping(self, now: float) -> None:
        payload = str(time.time_ns() // 1_000_000).encode()
        self._pinged[payload] = now
        await self._socket.ping(payload)

    def _take_pong(self, payload: bytes) -> None:
        """A pong answers its ping and those before it; one that copies no ping's payload answers nothing."""
        answered = self._pinged.get(payload)
        if answered is not None:
            self._pinged = {ping: sent for ping, sent in self._pinged.items() if sent > answered}


def _limit_kernel_buffer(transport: asyncio.BaseTransport | None) -> None:
    own = transport.get_extra_info("socket") if transport else None
    if own is not None:
        own.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, _KERNEL_BUFFER)
