"""One WebSocket connection to Binance's market streams: frames in, events out, pings answered.

Source: Binance web-socket-streams, 'General WSS information': the server pings every 20 s, the pong must copy the
payload; `serverShutdown` may come at any time. picows leaves pings, fragments and CLOSE to us.
"""

import asyncio
import time
from collections.abc import Callable

import structlog
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect
from python_socks import ProxyError

from candlewick.binance.sips import sip
from candlewick.binance.twins import Twins
from candlewick.errors import MalformedFrameError
from candlewick.moments import now_us
from candlewick.trade import Kline, ServerShutdown, Trade

HANDSHAKE_SECONDS = 10.0
MALFORMED_LOGGED = 10

Deliver = Callable[[bytes, Trade | Kline, int], None]
"""What takes an event: its bytes verbatim, decoded, and our clock when it came (µs since the epoch)."""

log = structlog.get_logger()


class Connection(WSListener):
    """An open connection. `stir` is called when there is something for its leg to see to."""

    def __init__(self, deliver: Deliver, stir: Callable[[], None], twins: Twins) -> None:
        self.opened_at = time.monotonic()
        self.last_frame_at = self.opened_at
        self.frames = 0
        self.malformed = 0
        self.is_over = False
        self.is_shutting_down = False
        self.first_event = asyncio.Event()
        self._deliver: Deliver | None = deliver
        self._stir = stir
        self._decode = twins.decode_event
        self._fragments = bytearray()
        self._transport: WSTransport | None = None
        self._end: asyncio.Task[BaseException | None] | None = None

    @property
    def age(self) -> float:
        """Seconds since it was opened."""
        return time.monotonic() - self.opened_at

    @property
    def silence(self) -> float:
        """Seconds since anything came, a ping included."""
        return time.monotonic() - self.last_frame_at

    def drop(self) -> None:
        """Close it; nothing is delivered from now on."""
        self._deliver = None
        if self._transport is not None and not self.is_over:
            self._transport.send_close(WSCloseCode.OK)
            self._transport.disconnect()

    async def failure(self) -> BaseException | None:
        """Return the fault of our own code that ended it, if one did."""
        return None if self._end is None else await asyncio.shield(self._end)

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Called by picows after the handshake. Its end is waited for whether or not anybody asks for the reason."""
        self._transport = transport
        sip(transport.underlying_transport)
        self._end = asyncio.create_task(_end_of(transport))
        if self._deliver is None:  # nobody wants it any more
            self.drop()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Called by picows when the connection has ended, whoever ended it."""
        self.is_over = True
        self.first_event.set()
        self._stir()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Called by picows for every frame; the frame lives only until this returns."""
        self.last_frame_at = time.monotonic()
        kind = frame.msg_type
        if kind == WSMsgType.TEXT and frame.fin:
            self._on_message(frame.get_payload_as_bytes())
        elif kind == WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif kind in (WSMsgType.TEXT, WSMsgType.CONTINUATION):
            self._on_fragment(frame)
        elif kind == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()

    def _on_fragment(self, frame: WSFrame) -> None:
        self._fragments += frame.get_payload_as_bytes()
        if frame.fin:
            message, self._fragments = bytes(self._fragments), bytearray()
            self._on_message(message)

    def _on_message(self, message: bytes) -> None:
        if self._deliver is None:
            return
        received_at = now_us()
        try:
            event, decoded = self._decode(message)
        except MalformedFrameError as error:
            self._on_malformed(error)
            return
        self.frames += 1
        if isinstance(decoded, ServerShutdown):
            self.is_shutting_down = True
            self._stir()
            return
        self._deliver(event, decoded, received_at)
        if not self.first_event.is_set():
            self.first_event.set()

    def _on_malformed(self, error: MalformedFrameError) -> None:
        """Count it: what it should have carried is missed by its id, and filled."""
        self.malformed += 1
        if self.malformed <= MALFORMED_LOGGED:
            log.warning("malformed frame", problem=str(error))


async def _end_of(transport: WSTransport) -> BaseException | None:
    try:
        await transport.wait_disconnected()
    except Exception as error:  # noqa: BLE001 (handed on, to be raised where a leg is run)
        return error
    return None


async def connect(
    url: str, deliver: Deliver, stir: Callable[[], None], proxy: str | None = None, twins: Twins | None = None
) -> Connection:
    """Open a connection, through a proxy where one is given; `twins` are shared by those that carry the same streams.

    Raises `OSError`, `TimeoutError` or picows' `WSError` where that fails. Whoever is cancelled meanwhile leaves none:
    picows goes on with a handshake that nobody waits for.
    """
    made: list[Connection] = []

    def make() -> Connection:
        made.append(Connection(deliver, stir, twins or Twins()))
        return made[-1]

    try:
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            _, listener = await ws_connect(make, url, enable_auto_pong=False, proxy=proxy)
    except BaseException as error:
        for connection in made:
            connection.drop()
        if not isinstance(error, ProxyError):
            raise
        raise ConnectionError(f"its proxy: {error}") from None
    if not isinstance(listener, Connection):  # picows hands over nothing where the peer left without an answer
        raise ConnectionResetError("closed during the handshake")
    return listener
