"""The WebSocket host of web-socket-streams.md, frame by frame over the protocol core of `websockets`."""

import asyncio
import contextlib
import re
import ssl
from collections import deque
from dataclasses import dataclass
from http import HTTPStatus
from random import Random
from urllib.parse import parse_qsl, unquote, urlsplit

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from . import events
from .control import MOST_STREAMS, Subscription
from .exchange import Exchange, clock
from .market import INTERVALS, SECOND, Market, Trade, span_of

MOST_MESSAGES = 5
MOST_ATTEMPTS = 300
_ATTEMPTS_WITHIN = 300 * SECOND
_MOST_UNSENT = 16 * 2**20
_KLINE = re.compile(r"(.+)@kline_(\w+)")


@dataclass(frozen=True)
class Habits:
    """How often a host pings and how it ends connections, all in seconds. Binance: 20, 60, 24 h and no notice."""

    ping: float = 20.0
    pong_within: float = 60.0
    lifetime: float = 86_400.0
    shutdown_after: float | None = None
    shutdown_notice: float = 3.0


class Host:
    """One stream host: it takes connections and hands events to whom they are for."""

    def __init__(self, exchange: Exchange, habits: Habits, name: str):
        self.exchange, self.habits = exchange, habits
        self.rng = Random(f"{exchange.seed}-{name}")
        self._connections: set[Connection] = set()
        self._attempts: dict[str, deque[int]] = {}
        exchange.listeners.append(self._on_trade)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self, reader, writer)
        self._connections.add(connection)
        try:
            await connection.serve()
        finally:
            self._connections.discard(connection)

    def admits(self, ip: str) -> bool:
        """Whether `ip` may try once more: 300 attempts within 5 minutes."""
        attempts, now = self._attempts.setdefault(ip, deque()), clock()
        attempts.append(now)
        while attempts[0] < now - _ATTEMPTS_WITHIN:
            attempts.popleft()
        return len(attempts) <= MOST_ATTEMPTS

    def _on_trade(self, market: Market, trade: Trade) -> None:
        symbol = market.instrument.symbol
        stream = f"{symbol.lower()}@trade"
        for connection in list(self._connections):
            if stream in connection.streams:
                connection.push(stream, events.trade_event(symbol, trade))


class Connection:
    """One client."""

    def __init__(self, host: Host, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self._subscription = Subscription()
        self._host, self._reader, self._writer = host, reader, writer
        self._seen = host.exchange.seen
        self._rng = Random(host.rng.random())
        self._protocol = ServerProtocol(max_size=65_536)
        self._unit = 1000
        self._messages: deque[int] = deque()
        self._pings: dict[bytes, int] = {}
        self._pinged_at = 0
        self._text = b""

    @property
    def streams(self) -> list[str]:
        """The names of the streams that this client listens to."""
        return self._subscription.streams

    async def serve(self) -> None:
        """Speak with the client until either side ends it."""
        duties: list[asyncio.Task[None]] = []
        try:
            while data := await self._reader.read(65_536):
                self._protocol.receive_data(data)
                for event in self._protocol.events_received():
                    if isinstance(event, Request):
                        self._open(event)
                        if self._protocol.state is State.OPEN:
                            duties = [
                                asyncio.create_task(duty()) for duty in (self._ping, self._send_klines, self._end)
                            ]
                    elif isinstance(event, Frame):
                        self._on_frame(event)
                self._flush()
                if self._protocol.close_expected():
                    break
        except ConnectionError:
            self._seen["connections broken"] += 1
        finally:
            for duty in duties:
                duty.cancel()
            self._writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):  # the client may have gone first
                await self._writer.wait_closed()

    def push(self, stream: str, event: dict[str, object]) -> None:
        """Send one event, at times in fragments with a ping between them."""
        if self._protocol.state is not State.OPEN:
            return
        text = events.written(
            events.in_unit(event, self._unit), stream if self._subscription.combined else None, self._rng
        )
        if self._rng.random() < 0.75:
            self._protocol.send_text(text)
        else:
            cuts = sorted(self._rng.randrange(len(text)) for _ in range(self._rng.randrange(1, 4)))
            parts = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
            self._protocol.send_text(parts[0], fin=False)
            for part in parts[1:-1]:
                self._protocol.send_continuation(part, fin=False)
            if clock() - self._pinged_at > SECOND:
                self._send_ping()
            self._protocol.send_continuation(parts[-1], fin=True)
        self._flush()

    def _open(self, request: Request) -> None:
        ip = self._writer.get_extra_info("peername")[0]
        address = urlsplit(request.path)
        self._seen["connections"] += 1
        unit, names, right = _address(address.path, address.query)
        if not self._host.admits(ip):
            self._seen["connections refused"] += 1
            response = self._protocol.reject(HTTPStatus.TOO_MANY_REQUESTS, "Too many connection attempts.\n")
        elif not right or len(names) > MOST_STREAMS:
            self._seen["addresses refused"] += 1
            response = self._protocol.reject(HTTPStatus.BAD_REQUEST, "Bad request.\n")
        else:
            self._unit, self._subscription = unit, Subscription(names, combined=address.path == "/stream")
            response = self._protocol.accept(request)
        self._protocol.send_response(response)

    def _on_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.PONG:
            self._count_message()
            if frame.data and self._pings.pop(bytes(frame.data), None) is None:
                self._seen["pongs without their ping"] += 1
        elif frame.opcode is Opcode.PING:
            self._count_message()
        elif frame.opcode in (Opcode.TEXT, Opcode.CONT):
            self._text += frame.data
            if frame.fin:
                text, self._text = self._text, b""
                self._count_message()
                answer = self._subscription.answer(text)
                if len(self._subscription.streams) > MOST_STREAMS:
                    self._cut("too many streams")
                elif self._protocol.state is State.OPEN:
                    self._protocol.send_text(answer)

    def _count_message(self) -> None:
        """Five incoming messages a second; pings, pongs and requests count."""
        now = clock()
        self._messages.append(now)
        while self._messages[0] <= now - SECOND:
            self._messages.popleft()
        if len(self._messages) > MOST_MESSAGES:
            self._cut("too many messages")

    async def _ping(self) -> None:
        habits = self._host.habits
        while True:
            await asyncio.sleep(habits.ping)
            if self._pings and clock() - min(self._pings.values()) > habits.pong_within * SECOND:
                self._cut("no pong")
                return
            self._send_ping()
            self._flush()

    def _send_ping(self) -> None:
        payload = f"{clock()}-{self._rng.randrange(10**9)}".encode()
        self._pings[payload] = self._pinged_at = clock()
        if self._protocol.state is State.OPEN:
            self._protocol.send_ping(payload)

    async def _send_klines(self) -> None:
        """A push every two seconds, and a bar's last one, with `x`, when its time is over."""
        last: dict[str, int] = {}
        while True:
            await asyncio.sleep(2 - clock() % (2 * SECOND) / SECOND + 0.1)
            now = clock()
            for stream in list(self.streams):
                found = _KLINE.fullmatch(stream)
                market = self._host.exchange.markets.get(found[1].upper()) if found else None
                if not found or market is None or found[2] not in INTERVALS:
                    continue  # an unknown stream is silent: no error is documented
                opens, closes = span_of(found[2], now)
                before = last.get(stream, opens)
                for begin, end in ((before, opens), (opens, closes)):
                    if begin < end:
                        candle = market.candle(begin, end, self._host.exchange.fresh(market))
                        symbol = market.instrument.symbol
                        self.push(stream, events.kline_event(symbol, found[2], candle, now, closed=end <= now))
                last[stream] = opens

    async def _end(self) -> None:
        """Say `serverShutdown` where the host is about to stop, and cut the connection when its time is over."""
        habits = self._host.habits
        if habits.shutdown_after is None:
            await asyncio.sleep(habits.lifetime)
            self._cut("lifetime over")
            return
        await asyncio.sleep(habits.shutdown_after * self._rng.uniform(0.7, 1.3))
        self._seen["serverShutdown"] += 1
        self.push("!serverShutdown", {"e": "serverShutdown", "E": clock()})
        await asyncio.sleep(habits.shutdown_notice)
        self._writer.transport.abort()

    def _cut(self, why: str) -> None:
        self._seen[f"cut: {why}"] += 1
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(1008, why)
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if not data:
                self._writer.write_eof() if self._writer.can_write_eof() else self._writer.close()
            elif not self._writer.is_closing():
                self._writer.write(data)
        if not self._writer.is_closing() and self._writer.transport.get_write_buffer_size() > _MOST_UNSENT:
            self._seen["cut: slow reader"] += 1
            self._writer.transport.abort()


def _address(path: str, query: str) -> tuple[int, list[str], bool]:
    """The time unit (µs), the streams' names and whether the address is one that the documents know."""
    parameters = dict(parse_qsl(query, keep_blank_values=True))
    unit = {"MICROSECOND": 1, "microsecond": 1, "MILLISECOND": 1000, None: 1000}.get(parameters.pop("timeUnit", None))
    if path == "/stream":
        names = [name for name in parameters.pop("streams", "").split("/") if name]
    else:
        names = [unquote(name) for name in path.removeprefix("/ws").split("/") if name]
    right = unit is not None and not parameters and (path in {"/stream", "/ws"} or path.startswith("/ws/"))
    return unit or 1000, names, right
