"""An HTTP front before a real S3 server, for what that server cannot be asked to do.

It passes requests on as they are, unless `ignore_conditions` takes away the header of a conditional put, as stores
do that do not know it, or `answers` holds answers that it gives instead, first in, first out; one of them may be a
`Break` of the connection, which comes before the request is passed on, or when it is done.
"""

import socket
import ssl
import struct
import threading
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Answer(NamedTuple):
    """An answer as AWS documents it."""

    status: int
    body: str
    only_conditional: bool = False


class Break(NamedTuple):
    """The end of a connection without an answer: reset at once, or held until the client gives up."""

    is_done: bool
    is_reset: bool = True
    only_conditional: bool = True


def fault(status: int, code: str, more: str = "", *, only_conditional: bool = False) -> Answer:
    """Return an error: its status, its code, and more elements of its body."""
    body = f"<Error><Code>{code}</Code><Message>{code}.</Message>{more}</Error>"
    return Answer(status, body, only_conditional)


class Front(ThreadingHTTPServer):
    """Listens on a free port of this host, at `url`."""

    daemon_threads = True

    def __init__(self, server: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.server_url = server
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.reset()

    def reset(self) -> None:
        """Be transparent again."""
        self.ignore_conditions = False
        self.answers: deque[Answer | Break] = deque()
        self.refuses: Answer | None = None
        """Where set, the answer that everybody gets."""
        self.seen: list[tuple[str, str, dict[str, str]]] = []

    def canned(self, *, conditional: bool) -> Answer | Break | None:
        if self.refuses is not None:
            return self.refuses
        if self.answers and (conditional or not self.answers[0].only_conditional):
            return self.answers.popleft()
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Front

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {key.lower(): value for key, value in self.headers.items()}
        self.server.seen.append((self.command, self.path, headers))
        answer = self.server.canned(conditional="if-none-match" in headers)
        if isinstance(answer, Answer):
            self._reply(answer.status, {}, answer.body.encode())
            return
        if answer is not None:
            self._break(answer, body, headers)
            return
        self._reply(*self._pass_on(body, headers))

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _serve  # noqa: N815

    def _break(self, answer: Break, body: bytes, headers: dict[str, str]) -> None:
        if answer.is_done:
            self._pass_on(body, headers)
        if not answer.is_reset:
            self.rfile.read(1)  # returns when the client is gone
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _pass_on(self, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Have the request done; its answer."""
        if self.server.ignore_conditions:
            headers.pop("if-none-match", None)
        headers.setdefault("content-type", "application/octet-stream")  # urllib's own default is an HTML form
        request = urllib.request.Request(
            self.server.server_url + self.path, data=body, headers=headers, method=self.command
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, dict(response.headers), response.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def _reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for key, value in headers.items():
            if key.lower() not in {"content-length", "connection", "transfer-encoding", "date", "server"}:
                self.send_header(key, value)
        length = headers.get("Content-Length", len(body)) if self.command == "HEAD" else len(body)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the tests' output for the tests."""


@contextmanager
def serve(server: str, certificate: Path | None = None) -> Iterator[Front]:
    """Run a front before the S3 server at an address until the block ends; with a certificate and key, over TLS."""
    front = Front(server)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        front.socket = context.wrap_socket(front.socket, server_side=True)
        front.url = front.url.replace("http://", "https://")
    thread = threading.Thread(target=front.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield front
    finally:
        front.shutdown()
        front.server_close()
        thread.join()


def make_certificate(path: Path) -> Path:
    """Write a certificate for 127.0.0.1 and its key to one file that a client can also trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(certificate.public_bytes(pem) + private)
    return path
