"""How the dashboard's server holds a connection: how long it waits for a request, how large a message may be.

Uvicorn waits for ever for the rest of a request, and knows one limit for all WebSockets.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from candlewick.dashboard.live.socket import MESSAGE_BYTES, PATH

REQUEST_SECONDS = 10.0
STREAMLIT_BYTES = 2**20
"""Streamlit's messages tell which button was pressed, and the text that was written."""
_UNFINISHED = (h11.IDLE, h11.SEND_BODY)
_TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Requests(H11Protocol):
    """HTTP/1.1 that gives a client so many seconds for a whole request."""

    _late: asyncio.TimerHandle | None = None
    _is_given_away = False
    seconds = REQUEST_SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take what came, and wait on where it was not all."""
        super().data_received(data)
        self._wait()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Give the connection to its WebSocket, which may be silent as long as it likes; h11 is never told of it."""
        self._is_given_away = True
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._come()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._is_given_away or self.conn.their_state not in _UNFINISHED:
            self._come()
        elif self._late is None:
            self._late = self.loop.call_later(self.seconds, self._give_up)

    def _come(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self) -> None:
        if self.conn.their_state is h11.IDLE and self.conn.our_state is h11.IDLE:
            self.transport.write(_TOO_LATE)
        self.transport.close()


class Messages(WebSocketsSansIOProtocol):
    """WebSockets whose messages are refused by the length that their first bytes tell, before they are held."""

    def handle_connect(self, event: Any) -> None:  # noqa: ANN401 - of the websockets package, as uvicorn has it
        """Accept a handshake; ours may say little."""
        super().handle_connect(event)
        if event.path.partition("?")[0].endswith(PATH):
            self.conn.max_message_size = MESSAGE_BYTES
