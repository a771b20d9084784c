"""Our client of Snowpipe Streaming: the real SDK, over TLS, against a stand-in for its endpoints."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from candlewick.config import SnowflakeSettings
from candlewick.errors import ConfigError, WarehouseLoginError, WarehousePermissionError
from candlewick.warehouse.snowflake.channels import ChannelLostError
from candlewick.warehouse.snowflake.snowpipe import Snowpipe, properties
from peers.snowpipe_peer import Account, trusted_account

SETTINGS = SnowflakeSettings(connection="peer")
LINE = b'{"e":"trade","E":2,"t":1,"T":3,"p":"61837.63000000"}'
ROW = {"PAYLOAD": msgspec.Raw(LINE), "OBJECT_NAME": "x", "ROW_NUMBER": 1, "LOADED_AT": "2026-01-24 00:00:00.000000"}


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """An account that the SDK trusts, and a connection to it with a key pair."""
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path / "snowflake"))
    with trusted_account(tmp_path) as account:
        yield account


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def test_a_line_arrives_as_it_is_and_its_token_when_it_is_committed(account):
    snowpipe = Snowpipe.connect(SETTINGS)
    channel, state = snowpipe.open("demo-r1")
    assert (state.committed, state.refused) == (None, 0)
    channel.append([ROW, ROW | {"ROW_NUMBER": 2}], "x#1/2", "x#2/2")
    peer = account.channels["demo-r1"]
    wait_until(lambda: peer.waiting)
    assert channel.state().committed is None
    peer.commit()
    wait_until(lambda: channel.state().committed == "x#2/2")
    snowpipe.close()
    assert [row["ROW_NUMBER"] for row in peer.rows] == [1, 2]
    assert peer.rows[0]["PAYLOAD"] == msgspec.json.decode(LINE)
    again = Snowpipe.connect(SETTINGS)
    assert again.open("demo-r1")[1].committed == "x#2/2"
    again.close()


def test_a_channel_that_another_client_has_opened_is_lost(account):
    first, second = Snowpipe.connect(SETTINGS), Snowpipe.connect(SETTINGS)
    channel, _ = first.open("demo-r1")
    second.open("demo-r1")
    channel.append([ROW], "x#1/1", "x#1/1")

    def is_lost() -> bool:
        try:
            channel.append([ROW], "x#1/1", "x#1/1")
        except ChannelLostError as error:
            return "\n" not in str(error)
        return False

    wait_until(is_lost)
    for client in (first, second):
        client.close()


@pytest.mark.slow  # the SDK tries for ten seconds
def test_a_key_that_snowflake_does_not_know_is_one_line_with_the_next_step(account):
    account.knows_key = False
    with pytest.raises(WarehouseLoginError, match=r"key of user 'fake'.*RSA_PUBLIC_KEY") as caught:
        Snowpipe.connect(SETTINGS)
    assert "\n" not in str(caught.value)


def test_a_table_that_is_not_there_is_one_line_with_the_next_step(account):
    account.has_table = False
    with pytest.raises(WarehousePermissionError, match=r"RAW\.BINANCE_RAW.*GRANT ROLE CANDLEWICK_LOADER TO USER fake"):
        Snowpipe.connect(SETTINGS)


def test_a_password_is_no_login_for_streaming():
    with pytest.raises(ConfigError, match="needs a key pair: set private_key_file of connection 'peer'"):
        properties({"account": "a", "user": "u", "password": "p"}, SETTINGS)


def test_the_sdk_is_told_account_role_and_address(tmp_path):
    (tmp_path / "key.p8").write_text("a key")
    told = properties({"account": "MyOrg-acc", "user": "u", "private_key_file": str(tmp_path / "key.p8")}, SETTINGS)
    assert told["url"] == "https://myorg-acc.snowflakecomputing.com:443"
    assert (told["role"], told["private_key"]) == ("CANDLEWICK_LOADER", "a key")
