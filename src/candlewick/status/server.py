"""The warehouse process's own server, in a thread: `/healthz` and `/metrics`, and nothing else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from candlewick.config import Settings
from candlewick.errors import PortTakenError
from candlewick.process.gate import Gate
from candlewick.status import collect
from candlewick.status.probe import TEXT, health, metrics


@contextmanager
def probed(settings: Settings) -> Iterator[int | None]:
    """Answer probes while the block runs, on the settings' port; None where there is none. Raises `PortTakenError`."""
    probe = settings.probe
    if not probe.port:
        yield None
        return
    gate = Gate(probe.host, probe.origins, setting="probe.origins")
    try:
        server = ThreadingHTTPServer((probe.host, probe.port), partial(_Probe, settings, gate))
    except OSError as error:
        raise PortTakenError(
            f"probe: cannot listen on {probe.host}:{probe.port}: {error.strerror}; set probe.port, or 0 for none"
        ) from None
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="probe", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Probe(BaseHTTPRequestHandler):
    """One request."""

    timeout = 10

    def __init__(self, settings: Settings, gate: Gate, *request: object) -> None:
        self._settings, self._gate = settings, gate
        super().__init__(*request)  # type: ignore[arg-type]

    def do_GET(self) -> None:  # the names are the base class's
        """Called by the server's thread."""
        address = str(self.connection.getsockname()[0])
        headers = {name.lower(): value for name, value in self.headers.items()}
        if why := self._gate.refusal(headers, address=address):
            self._answer(403, f"{why}\n".encode(), TEXT)
            return
        url = urlsplit(self.path)
        if url.path == "/healthz":
            self._answer(*health(collect(self._settings), dict(parse_qsl(url.query))), "application/json")
        elif url.path == "/metrics":
            self._answer(200, metrics(collect(self._settings)), TEXT)
        else:
            self._answer(404, b"expected /healthz or /metrics\n", TEXT)

    def do_HEAD(self) -> None:
        """Called by the server's thread."""
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing: a probe comes every few seconds."""

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
