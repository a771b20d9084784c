"""One tape in both warehouses: the lake of `dashboard.proven` in the mart, and on Snowflake's peer."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from candlewick.config import Settings, SnowflakeSettings
from candlewick.lake.objects import Lake
from candlewick.mart.reader import Mart
from dashboard import proven
from made.snowflake_sides import Account
from peers.snowflake_peer import Host, Peer, write_connection


@dataclass(frozen=True)
class Proven:
    """The settings of both sides, the mart, and the peer that is the account."""

    embedded: Settings
    mart: Mart
    snowflake: Settings
    peer: Peer

    @property
    def snowflake_home(self) -> Path:
        """Where connections.toml is."""
        return self.snowflake.data / "snowflake"


def prepared(run: Path, base: Path, host: Host) -> Proven:
    """Load the lake on both sides, and run the models."""
    embedded, mart = proven.published(run, base)
    changes = {"warehouse": "snowflake", "lake": "s3://tape", "snowflake": SnowflakeSettings(connection="peer")}
    settings = embedded.model_copy(update={**changes, "data": base / "proven-account"})
    made = Proven(embedded, mart, settings, host.new_peer())
    made.snowflake_home.mkdir(parents=True)
    write_connection(made.snowflake_home, host.port)
    account = Account(settings, made.peer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SNOWFLAKE_HOME", str(made.snowflake_home))
        account.set_up()
        lake = Lake.open(embedded.lake_url, embedded.prefix)
        account.load(lake, [item.name for item in lake.list_all()])
        account.run()
        account.close()
    return made
