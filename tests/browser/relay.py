"""A relay before a server, which can fall silent as a server that hangs does: its connections stay open."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Relay:
    """Passes what two sides say on, but while it is held not what the server says."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._flows = threading.Event()
        self._flows.set()
        self._ends: list[socket.socket] = [self._listener]
        self.port: int = self._listener.getsockname()[1]

    def hold(self) -> None:
        """Let nothing of the server through any more."""
        self._flows.clear()

    def release(self) -> None:
        """Let through what was held, and what follows."""
        self._flows.set()

    def serve(self) -> None:
        """Accept connections until `close`."""
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._server_port))
                self._ends += [near, far]
                threading.Thread(target=self._copy, args=(near, far), daemon=True).start()
                threading.Thread(target=self._copy, args=(far, near), kwargs={"is_server": True}, daemon=True).start()

    def close(self) -> None:
        """End every connection."""
        self._flows.set()
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _copy(self, source: socket.socket, target: socket.socket, *, is_server: bool = False) -> None:
        with suppress(OSError):
            while chunk := source.recv(1 << 16):
                if is_server:
                    self._flows.wait()
                target.sendall(chunk)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@contextmanager
def relaying(port: int) -> Iterator[Relay]:
    """A relay before a port of this host, while the block runs."""
    relay = Relay(port)
    thread = threading.Thread(target=relay.serve, daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        relay.close()
        thread.join(10)
