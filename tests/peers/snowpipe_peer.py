"""Snowpipe Streaming's endpoints as the real SDK asks them, over TLS on this host: a stand-in, as no emulator has them.

It keeps the rows and offset tokens of the default pipe's channels. Requests and fields are those that the SDK 1.9 sends
and insists on; their meaning is that of Snowflake's REST documents: a channel that is opened again gets another
continuation token, rows with an older one are refused, and what was taken is committed when `commit` says so.
"""

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from backports import zstd
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from peers.s3_front import make_certificate
from peers.snowflake_peer import write_connection

_LIMITS = {
    "max_client_lag_seconds": 1,
    "rowset_flush_threshold_kb": 4_096,
    "max_buffered_kb_for_rowset_mode": 16_384,
    "rowset_threshold_lookback_seconds": 60,
    "rowset_threshold_ewma_weight": 50,
    "target_file_size_compressed_mb": 16,
    "cpu_throttle_high_watermark_percent": 99,
    "cpu_throttle_low_watermark_percent": 98,
    "mem_throttle_high_watermark_percent": 99,
    "mem_throttle_low_watermark_percent": 98,
}
_STAGE = {
    "location_type": "S3",
    "location": "bucket/path",
    "use_s3_regional_url": False,
    "region": "us-east-1",
    "bucket_name": "bucket",
    "path_prefix": "path",
    "path": "path",
    "creds": {"AWS_KEY_ID": "a", "AWS_SECRET_KEY": "b", "AWS_TOKEN": "c"},
    "volume_hash": "x",
}


@dataclass
class Channel:
    """What Snowflake keeps of a channel."""

    opened: int = 0
    committed: str | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[tuple[list[dict[str, Any]], str]] = field(default_factory=list)

    def commit(self) -> None:
        """Let what was taken become durable."""
        for rows, token in self.waiting:
            self.rows, self.committed = self.rows + rows, token
        self.waiting = []


class Account(ThreadingHTTPServer):
    """Listens at `port`, with the certificate in a file. `knows_key` says whether a login's key is the user's."""

    daemon_threads = True

    def __init__(self, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.channels: dict[str, Channel] = {}
        self.knows_key = True
        self.has_table = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Account

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = urlsplit(self.path)
        status, answer = self._answer(parts.path, parse_qs(parts.query), body)
        content = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

    def _answer(self, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, Any]:
        if path in ("/v2/streaming/hostname", "/oauth/token"):
            return self._let_in(path)
        if path.endswith(":pipe-info"):
            return self._pipe()
        if path.endswith(":bulk-channel-status"):
            names = json.loads(body)["channel_names"]
            return 200, {"channel_statuses": {name: self._status(name) for name in names}}
        if path.endswith("/rows"):
            return self._take(path.split("/")[-2], query, body)
        return self._open(path.rpartition("/")[2]) if "/channels/" in path else (200, {})

    def _let_in(self, path: str) -> tuple[int, Any]:
        if not self.server.knows_key:
            return _refusal(401, "390144", "JWT token is invalid.")
        now = int(time.time())
        token = jwt.encode({"iat": now, "exp": now + 3_600}, "k" * 32, "HS256")
        return 200, "127.0.0.1" if path.endswith("hostname") else token

    def _pipe(self) -> tuple[int, Any]:
        if not self.server.has_table:
            return _refusal(
                404, "ERR_PIPE_DOES_NOT_EXIST_OR_NOT_AUTHORIZED", "The pipe does not exist or not authorized"
            )
        stages = dict.fromkeys(("stage_location", "rowset_stage_location", "durable_stage_location"), _STAGE)
        later = {"expiry_time_ms": int(time.time() * 1_000) + 3_600_000}
        key = {"pipe_key": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "pipe_key_id": 1, "diversifier": "AA=="}
        places = {name: stage | later for name, stage in stages.items()}
        return 200, {**places, "encryption_info": key, "parameter_overrides": _LIMITS}

    def _open(self, name: str) -> tuple[int, Any]:
        channel = self.server.channels.setdefault(name, Channel())
        channel.opened, channel.waiting = channel.opened + 1, []
        return 200, {"next_continuation_token": str(channel.opened), "channel_status": self._status(name)}

    def _take(self, name: str, query: dict[str, list[str]], body: bytes) -> tuple[int, Any]:
        channel = self.server.channels[name]
        if query["continuationToken"] != [str(channel.opened)]:
            return _refusal(409, "STALE_CONTINUATION_TOKEN_SEQUENCER", "Channel sequencer is stale; reopen the channel")
        lines = zstd.decompress(body).splitlines()
        channel.waiting.append(([json.loads(line) for line in lines if line], query["endOffsetToken"][0]))
        return 200, {"next_continuation_token": str(channel.opened)}

    def _status(self, name: str) -> dict[str, Any]:
        channel = self.server.channels.get(name, Channel())
        counts = {"rows_inserted": len(channel.rows), "rows_parsed": len(channel.rows), "rows_error_count": 0}
        nothing = ("last_error_offset_upper_bound", "last_error_message", "last_error_timestamp_ms")
        return {
            "database_name": "CRYPTO_DB",
            "schema_name": "RAW",
            "pipe_name": "BINANCE_RAW-STREAMING",
            "channel_name": name,
            "channel_status_code": "SUCCESS",
            "last_committed_offset_token": channel.committed,
            "created_on_ms": 1,
            "rows_errors": 0,
            "snowflake_avg_processing_latency_ms": 0,
            **counts,
            **dict.fromkeys(nothing),
        }

    def log_message(self, format: str, *args: object) -> None:
        """Keep the tests' output for the tests."""


def _refusal(status: int, code: str, message: str) -> tuple[int, Any]:
    return status, {"code": code, "error_code": code, "message": message}


@contextmanager
def snowpipe_account(certificate: Path) -> Iterator[Account]:
    """Serve an account on a free port of this host until the block ends."""
    account = Account(certificate)
    thread = threading.Thread(target=account.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield account
    finally:
        account.shutdown()
        account.server_close()
        thread.join()


@contextmanager
def trusted_account(home: Path) -> Iterator[Account]:
    """Serve an account that the SDK trusts; `snowflake` in a folder has a connection to it with a key pair."""
    certificate = make_certificate(home / "certificate.pem")
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (home / "key.p8").write_bytes(pem)
    with snowpipe_account(certificate) as account, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(certificate))
        more = {"authenticator": "SNOWFLAKE_JWT", "private_key_file": str(home / "key.p8")}
        write_connection(home / "snowflake", account.server_port, **more)
        yield account
