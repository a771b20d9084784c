"""Connections in memory: asyncio's transports without sockets, whose bytes take virtual time to arrive.

Everything above them is the code that runs: picows and aiohttp on one side, aiohttp on the other. Each end calls its
protocol in the context of who made it, so that a recorder's request does not run the exchange on its machine.
"""

import asyncio
import contextvars
import errno
import socket
from collections import deque
from collections.abc import Callable
from typing import Any

from simulation.machine import MACHINE

HIGH_WATER = 1 << 20
"""Bytes on their way, as many as the kernels on both sides would take, beyond which a writer is told to pause."""

Address = tuple[str, int]


class NoSocket:
    """What asks a transport for its socket gets this: options mean nothing, and there is no descriptor."""

    family = socket.AF_INET

    def __init__(self, address: Address) -> None:
        self._address = address

    def fileno(self) -> int:
        """Return what no system call accepts; picows then writes through the transport."""
        return -1

    def setsockopt(self, *_: object) -> None:
        """Take an option."""

    def getsockopt(self, *_: object) -> int:
        """Return no option."""
        return 0

    def getsockname(self) -> Address:
        """Return the address."""
        return self._address


class End(asyncio.Transport):
    """One end of a connection; `peer` is the other one. Bytes arrive in order, `latency` seconds after."""

    peer: "End"

    def __init__(self, loop: asyncio.AbstractEventLoop, here: Address, there: Address, latency: float) -> None:
        super().__init__({"socket": NoSocket(here), "sockname": here, "peername": there})
        self._loop = loop
        self._latency = latency
        self._context = contextvars.copy_context()
        self._machine = MACHINE.get()
        self._protocol: asyncio.BaseProtocol | None = None
        self._sent: deque[bytes] = deque()
        self._sent_bytes = 0
        self._arriving: asyncio.TimerHandle | None = None
        self._is_reading = True
        self._is_writable = True
        self._is_closing = False
        self._is_lost = False
        self._sends_end = False
        if self._machine is not None:
            self._machine.ends.add(self)

    def open(self, protocol: asyncio.BaseProtocol) -> None:
        """Meet the protocol."""
        self._protocol = protocol
        self._context.run(protocol.connection_made, self)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return the protocol."""
        assert self._protocol is not None
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Go on with another protocol: an upgrade."""
        self._protocol = protocol

    def is_closing(self) -> bool:
        """Whether it ends or has ended."""
        return self._is_closing

    def is_reading(self) -> bool:
        """Whether bytes that arrive are handed on."""
        return self._is_reading and not self._is_closing

    def pause_reading(self) -> None:
        """Leave what arrives with the sender."""
        self._is_reading = False

    def resume_reading(self) -> None:
        """Take what has arrived, and what will."""
        self._is_reading = True
        self.peer._hurry()

    def get_write_buffer_size(self) -> int:
        """Return the bytes that are on their way."""
        return self._sent_bytes

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes."""
        if self._is_closing or not data:
            return
        self._sent.append(bytes(data))
        self._sent_bytes += len(data)
        self._hurry()
        if self._sent_bytes > HIGH_WATER and self._is_writable and self._protocol:
            self._is_writable = False
            self._context.run(self._protocol.pause_writing)

    def writelines(self, list_of_data: Any) -> None:
        """Send several pieces."""
        self.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        """Say that half a connection is not for us."""
        return False

    def close(self) -> None:
        """Send what is on its way, then end."""
        if not self._is_closing:
            self._is_closing = self._sends_end = True
            self._hurry()
            self._lose(None)

    def abort(self) -> None:
        """End at once: what is on its way is lost, and the other side hears of a reset."""
        if not self._is_closing or self._sent:
            self._is_closing = True
            self._cut()
            self._lose(None)

    def sever(self) -> None:
        """End as with the death of this process: nobody here hears of it."""
        self._is_closing = self._is_lost = True
        self._cut()

    def _cut(self) -> None:
        self._sent.clear()
        self._sent_bytes = 0
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None
        peer = self.peer
        self._loop.call_later(self._latency, peer._reset)

    def _reset(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._sent.clear()
            self._lose(ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))

    def _lose(self, error: Exception | None) -> None:
        """Tell the protocol, once."""
        if self._machine is not None:
            self._machine.ends.discard(self)
        if not self._is_lost and self._protocol is not None:
            self._is_lost = True
            self._loop.call_soon(self._protocol.connection_lost, error, context=self._context)

    def _hurry(self) -> None:
        if self._arriving is None and (self._sent or self._sends_end):
            self._arriving = self._loop.call_later(self._latency, self._arrive)

    def _arrive(self) -> None:
        """Hand what was sent to the other side, as far as that reads."""
        self._arriving = None
        peer = self.peer
        if peer._is_closing:
            if not self._is_closing and self._sent:  # what is sent to who has left is answered by a reset
                self._reset()
            return
        if not peer._is_reading:
            return
        content, self._sent, self._sent_bytes = b"".join(self._sent), deque(), 0
        if content:
            peer._context.run(peer._take, content)
        if not self._is_writable and self._protocol and not self._is_closing:
            self._is_writable = True
            self._context.run(self._protocol.resume_writing)
        if self._sends_end and not self._sent and not peer._is_closing:
            peer._context.run(peer._take_end)

    def _take(self, content: bytes) -> None:
        protocol = self._protocol
        if isinstance(protocol, asyncio.BufferedProtocol):
            rest = memoryview(content)
            while rest and not self._is_closing:
                buffer = memoryview(protocol.get_buffer(-1))
                size = min(len(buffer), len(rest))
                buffer[:size] = rest[:size]
                protocol.buffer_updated(size)
                rest = rest[size:]
        elif isinstance(protocol, asyncio.Protocol):
            protocol.data_received(content)

    def _take_end(self) -> None:
        protocol = self._protocol
        if isinstance(protocol, asyncio.Protocol | asyncio.BufferedProtocol) and not protocol.eof_received():
            self.close()


class Listener:
    """Who takes connections on a port."""

    def __init__(self, network: "Network", address: Address, factory: Callable[[], asyncio.BaseProtocol]) -> None:
        self.sockets = [NoSocket(address)]
        self.context = contextvars.copy_context()
        self.factory = factory
        self._network = network
        self._address = address

    def close(self) -> None:
        """Take no more connections; open ones stay."""
        self._network.listeners.pop(self._address[1], None)

    async def wait_closed(self) -> None:
        """Return at once."""

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop it is on."""
        return self._network.loop


class Network:
    """All listeners of a loop, and the connections to them."""

    def __init__(self, loop: asyncio.AbstractEventLoop, latency: Callable[[], float]) -> None:
        self.loop = loop
        self.listeners: dict[int, Listener] = {}
        self._latency = latency
        self._next_port = 40_000

    def listen(self, factory: Callable[[], asyncio.BaseProtocol], host: str, port: int) -> Listener:
        """Take connections. Raises `OSError` where the port is taken."""
        if port in self.listeners:
            raise OSError(errno.EADDRINUSE, "Address already in use")
        if not port:
            self._next_port += 1
            port = self._next_port
        listener = self.listeners[port] = Listener(self, (host, port), factory)
        return listener

    async def reach(self, address: Address) -> None:
        """Take as long as a handshake does. Raises `ConnectionRefusedError` where nobody listens."""
        await asyncio.sleep(self._latency())
        if address[1] not in self.listeners:
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"Connect call failed {address}")

    def connect(self, factory: Callable[[], asyncio.BaseProtocol], address: Address) -> tuple[End, Any]:
        """Connect to who listens. Raises `ConnectionRefusedError`."""
        listener = self.listeners.get(address[1])
        if listener is None:
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"Connect call failed {address}")
        self._next_port += 1
        own, latency = ("127.0.0.1", self._next_port), self._latency()
        near = End(self.loop, own, address, latency)
        far = listener.context.run(End, self.loop, address, own, latency)
        near.peer, far.peer = far, near
        listener.context.run(far.open, listener.factory())
        protocol = factory()
        near.open(protocol)
        return near, protocol


def address_of(sock: socket.socket, known: dict[int, Address]) -> Address:
    """Return where a socket was to be connected to, and give its descriptor back."""
    address = known.pop(sock.fileno())
    sock.close()
    return address
