"""A Snowflake account as near as it gets: fakesnow's server, logged in to by connections.toml as a user would."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from candlewick.config import Settings, SnowflakeSettings
from snowflake_peer import Host, Peer, snowflake_host, write_connection


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
