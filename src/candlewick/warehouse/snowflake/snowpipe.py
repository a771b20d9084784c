"""Snowpipe Streaming, high-performance architecture: the only module that knows Snowflake's SDK for it.

It logs in by the named connection of connections.toml with the loader's role, by key pair or programmatic access
token, and writes through the default pipe of RAW.BINANCE_RAW, for which INSERT on the table is enough. Sources:
Snowflake, "Snowpipe Streaming: access control", "error handling", and the SDK `snowpipe-streaming` 1.9.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from candlewick.config import SnowflakeSettings
from candlewick.errors import ConfigError, WarehouseError, WarehouseLoginError, WarehousePermissionError
from candlewick.warehouse.snowflake.channels import ChannelLostError, Row, SaturatedError, State
from candlewick.warehouse.snowflake.connection import parameters
from candlewick.warehouse.snowflake.errors import Login, explain

TABLE = "BINANCE_RAW"
_CLIENT = "candlewick"
_SATURATED = frozenset({"ReceiverSaturated", "MemoryThresholdExceeded", "MemoryThresholdExceededInContainer"})
_LOST = frozenset(
    {
        "InvalidChannelError",
        "ClosedChannelError",
        "ChannelClosedByUser",
        "ChannelNotFound",
        "InputChannelClosed",
        "OutputChannelClosed",
        "InvalidClientError",
        "ClosedClientError",
        "SfApiPipeFailedOverError",
    }
)
_REFUSED = frozenset({"AuthTokenError", "SfApiAuthError"})
_MISSING = frozenset({"SfApiNotFoundError", "SfApiUserError"})


class Snowpipe:
    """A client of one table. Satisfies `channels.Channels`."""

    def __init__(self, client: Any, login: Login) -> None:  # noqa: ANN401 - the SDK has no types
        self._client, self._login = client, login

    @classmethod
    def connect(cls, settings: SnowflakeSettings) -> Self:
        """Log in. Raises `ConfigError` and `WarehouseError`."""
        sdk = _sdk()
        given = parameters(settings)
        login = Login(
            settings.connection, str(given.get("account", "")), str(given.get("user", "")), settings.loader_role
        )
        with _explained(sdk, login):
            client = sdk.StreamingIngestClient.from_table(
                _CLIENT,
                settings.database,
                "RAW",
                TABLE,
                properties=properties(given, settings),
            )
        return cls(client, login)

    def open(self, name: str) -> tuple["SnowpipeChannel", State]:
        """Open a channel, and tell how far it is. Raises `WarehouseError`."""
        with _explained(_sdk(), self._login):
            channel, status = self._client.open_channel(name)
        return SnowpipeChannel(channel, self._login), _state(status)

    def close(self) -> None:
        """Let go of all channels without waiting."""
        with _explained(_sdk(), self._login):
            self._client.close(wait_for_flush=False)


class SnowpipeChannel:
    """An open channel. Satisfies `channels.Channel`."""

    def __init__(self, channel: Any, login: Login) -> None:  # noqa: ANN401 - the SDK has no types
        self._channel, self._login = channel, login

    def append(self, rows: Sequence[Row], first: str, last: str) -> None:
        """Append rows with the tokens of the first and the last of them. Raises as the contract says."""
        with _explained(_sdk(), self._login):
            self._channel.append_rows(list(rows), first, last)

    def state(self) -> State:
        """Ask how far the channel is. Raises `ChannelLostError` and `WarehouseError`."""
        with _explained(_sdk(), self._login):
            status = self._channel.get_channel_status()
        if status.status_code != "SUCCESS":
            raise ChannelLostError(f"Snowpipe Streaming: channel {status.channel_name} is {status.status_code}")
        return _state(status)


def _state(status: Any) -> State:  # noqa: ANN401 - the SDK has no types
    return State(status.latest_committed_offset_token, status.rows_error_count, status.last_error_message)


def properties(given: Mapping[str, Any], settings: SnowflakeSettings) -> dict[str, str]:
    """Return what the SDK wants to know, from a connection of connections.toml. Raises `ConfigError`."""
    account = str(given.get("account", ""))
    host = str(given.get("host", f"{account}.snowflakecomputing.com".lower()))
    port = int(given.get("port", 443))
    common = {
        "account": account,
        "user": str(given.get("user", "")),
        "role": settings.loader_role,
        "url": f"https://{host}:{port}",
        "max_client_lag_seconds": str(settings.streaming_lag_seconds),
    }
    return common | _credentials(given, settings.connection)


def _credentials(given: Mapping[str, Any], connection: str) -> dict[str, str]:
    if file := given.get("private_key_file") or given.get("private_key_path"):
        try:
            return {"private_key": Path(str(file)).expanduser().read_text(encoding="ascii")}
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"connection {connection!r} in connections.toml: private_key_file {file}: {error}"
            ) from None
    if str(given.get("authenticator", "")).upper() == "PROGRAMMATIC_ACCESS_TOKEN" and given.get("token"):
        return {"authorization_type": "PAT", "personal_access_token": str(given["token"])}
    raise ConfigError(
        f"ingest = 'streaming' needs a key pair: set private_key_file of connection {connection!r} in connections.toml "
        '(authenticator = "SNOWFLAKE_JWT"), or a programmatic access token'
    )


@contextmanager
def _explained(sdk: ModuleType, login: Login) -> Iterator[None]:
    try:
        yield
    except sdk.StreamingIngestError as error:
        raise _meaning(error, login) from error
    except TimeoutError as error:
        raise WarehouseError(f"Snowpipe Streaming: {error}") from error


def _meaning(error: Any, login: Login) -> Exception:  # noqa: ANN401 - the SDK has no types
    code, text = error.error_code.value, " ".join(str(error.message).split())
    if code in _SATURATED:
        return SaturatedError(text)
    if code in _LOST:
        return ChannelLostError(f"Snowpipe Streaming: {text}")
    if code in _REFUSED:
        return WarehouseLoginError(
            f"Snowpipe Streaming does not accept the key of user {login.user!r}; set its public half (ALTER USER … SET "
            f"RSA_PUBLIC_KEY), and private_key_file and account of {login.where}"
        )
    if code in _MISSING:
        return WarehousePermissionError(
            f"role {login.role} may not stream into RAW.{TABLE}, or it is not there ({text[:200]}); "
            f"run `candlewick setup snowflake`, and GRANT ROLE {login.role} TO USER {login.user}"
        )
    return explain(text, login)


def _sdk() -> ModuleType:
    os.environ.setdefault("SS_LOG_LEVEL", "error")  # it logs to standard output
    try:
        return import_module("snowflake.ingest.streaming")
    except ImportError:
        raise ConfigError("streaming needs the extra `snowflake`: pip install 'candlewick[snowflake]'") from None
