"""Logging in to Snowflake: by name from connections.toml, and one clear line for everything that can be wrong.

The real connector talks to fakesnow's server, which accepts every login, and to a server that refuses them as
Snowflake does: its codes and texts are those of Snowflake's documents and of the connector's own source.
"""

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from candlewick.config import SnowflakeSettings
from candlewick.errors import (
    CandlewickError,
    ConfigError,
    WarehouseAccountError,
    WarehouseError,
    WarehouseLoginError,
    WarehousePermissionError,
)
from candlewick.warehouse.snowflake import connection as room
from candlewick.warehouse.snowflake.connection import Connection
from peers.snowflake_peer import PASSWORD, snowflake_host, write_connection

SETTINGS = SnowflakeSettings(connection="peer")


class Refusal(ThreadingHTTPServer):
    """A Snowflake that lets nobody in: it answers a login with a status and a body, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.body: dict[str, Any] = {}
        self.asked: list[dict[str, Any]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Refusal

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["content-length"]))
        if self.path.startswith("/session/v1/login-request"):
            self.server.asked.append(json.loads(gzip.decompress(content))["data"])
        answer = json.dumps(self.server.body).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the tests' output for the tests."""


@pytest.fixture(scope="module")
def refusing_server() -> Iterator[Refusal]:
    server = Refusal()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def refusal(refusing_server: Refusal) -> Refusal:
    refusing_server.asked.clear()
    refusing_server.status = 200
    return refusing_server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path / "snowflake"))
    monkeypatch.setattr(room, "_LOGIN_SECONDS", 2)
    return tmp_path / "snowflake"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with snowflake_host() as host:
        yield host.port


def expect(kind: type[CandlewickError], *parts: str, role: str = "CANDLEWICK_READER", **settings: str) -> None:
    with pytest.raises(kind) as caught:
        Connection.open(SETTINGS.model_copy(update=settings), role)
    line = str(caught.value)
    assert "\n" not in line and PASSWORD not in line, line
    for part in parts:
        assert part in line, line


def test_a_connection_is_opened_by_its_name_with_a_role_of_ours(home, port):
    write_connection(home, port)
    with Connection.open(SETTINGS, "CANDLEWICK_READER") as connection:
        assert connection.run("SELECT 1 + ?", [1]) == [(2,)]
        assert connection.rows("SELECT 1 AS one, 'x' AS other") == [{"one": 1, "other": "x"}]
        assert (connection.login.account, connection.login.user) == ("fakesnow", "fake")


def test_without_a_name_it_is_the_default_connection(home, port, monkeypatch):
    write_connection(home, port, name="default")
    with Connection.open(SnowflakeSettings(), "CANDLEWICK_READER") as connection:
        assert connection.login.connection == "default"


@pytest.mark.parametrize(
    ("more", "authenticator"),
    [
        ({"authenticator": "SNOWFLAKE_JWT", "private_key_file": "key.p8"}, "SNOWFLAKE_JWT"),
        ({"authenticator": "oauth", "token": "a-token"}, "OAUTH"),
    ],
    ids=["key pair", "oauth"],
)
def test_a_key_pair_and_a_token_are_what_the_connector_sends(home, refusal, tmp_path, more, authenticator):
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "key.p8").write_bytes(pem)
    more = {key: str(tmp_path / value) if key == "private_key_file" else value for key, value in more.items()}
    refusal.body = {"success": False, "code": "390144", "message": "JWT token is invalid. [0ce9eb56]", "data": {}}
    write_connection(home, refusal.server_port, **more)
    expect(WarehouseLoginError, "key of user 'fake'", "RSA_PUBLIC_KEY")
    assert refusal.asked[0]["AUTHENTICATOR"] == authenticator
    assert refusal.asked[0]["TOKEN"]


@pytest.mark.parametrize(
    ("code", "message", "kind", "parts"),
    [
        (
            "390100",
            "Incorrect username or password was specified.",
            WarehouseLoginError,
            ("user 'fake'", "connection 'peer' in connections.toml"),
        ),
        (
            "390189",
            "Role 'CANDLEWICK_READER' specified in the connect string is not granted to this user. Contact your local "
            "system administrator, or attempt to login with another role, e.g. PUBLIC.",
            WarehousePermissionError,
            ("GRANT ROLE CANDLEWICK_READER TO USER fake", "[snowflake]"),
        ),
        ("390318", "OAuth access token expired. [1234]", WarehouseLoginError, ("has expired", "'peer'")),
        ("390303", "Invalid OAuth access token. [1234]", WarehouseLoginError, ("does not accept the token",)),
        (
            "390422",
            "Incoming request with IP/Token 203.0.113.7 is not allowed to access Snowflake. Contact your account "
            "administrator.",
            WarehouseLoginError,
            ("network policy",),
        ),
        (
            "390102",
            "Your user account has been temporarily locked. Try again later or contact your account administrator.",
            WarehouseLoginError,
            ("locked",),
        ),
    ],
    ids=["password", "role", "token expired", "token invalid", "network policy", "locked"],
)
def test_a_login_that_snowflake_refuses(home, refusal, code, message, kind, parts):
    refusal.body = {"success": False, "code": code, "message": message, "data": {}}
    write_connection(home, refusal.server_port)
    expect(kind, *parts)


@pytest.mark.parametrize("status", [403, 404])
def test_an_account_that_is_not_there(home, refusal, status):
    refusal.status = status
    write_connection(home, refusal.server_port)
    expect(WarehouseAccountError, "no account 'fakesnow'", "`account`")


def test_an_account_that_cannot_be_reached(home):
    write_connection(home, 1)
    expect(WarehouseAccountError, "'fakesnow'", "cannot be reached")


def test_a_name_that_connections_toml_has_not(home, port):
    write_connection(home, port)
    expect(ConfigError, "no connection 'production'", "it has: peer", "[snowflake]", connection="production")


def test_no_connections_toml_at_all(home):
    home.mkdir()
    expect(ConfigError, "no connection 'peer'", "it has: none")


def test_a_key_file_that_is_not_there(home, port, tmp_path):
    missing = str(tmp_path / "nothing.p8")
    write_connection(home, port, authenticator="SNOWFLAKE_JWT", private_key_file=missing)
    expect(WarehouseError, missing)


def test_an_object_that_the_role_may_not_see(home, port):
    write_connection(home, port)
    with Connection.open(SETTINGS, "CANDLEWICK_READER") as connection, pytest.raises(WarehouseError) as caught:
        connection.run("SELECT * FROM NOWHERE.RAW.BINANCE_RAW")
    assert "\n" not in str(caught.value) and "NOWHERE" in str(caught.value)
