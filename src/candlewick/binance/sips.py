"""Reading in sips: a connection hands over so many bytes in a turn of the event loop, however many have come.

Under a burst picows reads all that the system holds, megabytes at a time, from one connection after the other, and
nothing else of the process has its turn: nothing is made durable, no heart beats. So what it offers to read into is
cut, and a connection that has filled its sip waits for the next turn. What it has not read waits in the system's
buffers, and beyond them at the exchange, as TCP has it.
"""

import asyncio
from typing import cast

BYTES_AT_ONCE = 65_536
"""Some 300 trades: about 3 ms of work."""


class Sips(asyncio.BufferedProtocol):
    """Stands before a transport's protocol, and hands on whatever the transport calls."""

    def __init__(self, transport: asyncio.Transport, protocol: asyncio.BufferedProtocol) -> None:
        self._transport = transport
        self._protocol = protocol

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where to read into: a part of what the protocol offers."""
        return cast("memoryview", self._protocol.get_buffer(sizehint))[:BYTES_AT_ONCE]

    def buffer_updated(self, nbytes: int) -> None:
        """Hand on what was read; after a full sip everybody else comes first."""
        self._protocol.buffer_updated(nbytes)
        if nbytes >= BYTES_AT_ONCE:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._transport.resume_reading)

    def eof_received(self) -> bool | None:
        """Hand on that the peer sends no more."""
        return self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Hand on that it is over."""
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """Hand on that the peer does not read."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Hand on that it reads again."""
        self._protocol.resume_writing()


def sip(transport: asyncio.Transport) -> None:
    """Let a connected transport read in sips from now on."""
    protocol = transport.get_protocol()
    assert isinstance(protocol, asyncio.BufferedProtocol), f"expected a buffered protocol, got {protocol!r}"
    transport.set_protocol(Sips(transport, protocol))
