"""A Snowflake account as near as it gets: fakesnow's server, logged in to by connections.toml as a user would."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from candlewick.config import Settings, SnowflakeSettings
from made.snowflake_proven import Proven, prepared
from peers.snowflake_peer import Host, Peer, snowflake_host, write_connection


@pytest.fixture(scope="session")
def snowflake_server() -> Iterator[Host]:
    with snowflake_host() as host:
        yield host


@pytest.fixture
def peer(snowflake_server: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Peer:
    """An empty account, and connections.toml for it."""
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path / "snowflake"))
    write_connection(tmp_path / "snowflake", snowflake_server.port)
    return snowflake_server.new_peer()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a warehouse on Snowflake."""
    snowflake = SnowflakeSettings(connection="peer")
    return Settings(
        data=tmp_path / "data", lake="s3://tape", warehouse="snowflake", timezone="UTC", snowflake=snowflake
    )


@pytest.fixture(scope="session")
def proven_account(run_folder: Path, snowflake_server: Host, tmp_path_factory: pytest.TempPathFactory) -> Proven:
    """The account of `proven`, loaded once."""
    return prepared(run_folder, tmp_path_factory.getbasetemp(), snowflake_server)


@pytest.fixture
def proven(proven_account: Proven, snowflake_server: Host, monkeypatch: pytest.MonkeyPatch) -> Proven:
    """One tape in both warehouses, and connections.toml for the one on Snowflake. It is read, never written."""
    monkeypatch.setenv("SNOWFLAKE_HOME", str(proven_account.snowflake_home))
    snowflake_server.be(proven_account.peer)
    return proven_account
