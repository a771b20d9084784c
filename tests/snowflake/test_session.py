"""A login that threads share: opened when needed, and again where Snowflake has ended it."""

from importlib import import_module

import pytest

from candlewick.config import SnowflakeSettings
from candlewick.errors import ConfigError, WarehouseError
from candlewick.warehouse.snowflake.session import Session

sessions = import_module("fakesnow.server").sessions


def test_it_logs_in_once_and_again_where_the_session_is_over(peer):
    session = Session(SnowflakeSettings(connection="peer"), "CANDLEWICK_READER")
    before = len(sessions)
    assert session(lambda connection: connection.run("SELECT 1")) == [(1,)]
    assert session(lambda connection: connection.run("SELECT 2")) == [(2,)]
    assert len(sessions) == before + 1
    sessions.clear()
    assert session(lambda connection: connection.run("SELECT 3")) == [(3,)]
    assert len(sessions) == 1
    session.close()


def test_a_statement_that_is_wrong_is_not_run_twice(peer):
    session = Session(SnowflakeSettings(connection="peer"), "CANDLEWICK_READER")
    session(lambda connection: connection.run("SELECT 1"))
    peer.statements.clear()
    with pytest.raises(WarehouseError):
        session(lambda connection: connection.run("SELECT nothing FROM nowhere"))
    assert len(peer.statements) == 1
    session.close()


def test_a_login_that_is_refused_is_not_tried_again(peer):
    session = Session(SnowflakeSettings(connection="unknown"), "CANDLEWICK_READER")
    with pytest.raises(ConfigError, match="no connection 'unknown'"):
        session(lambda connection: connection.run("SELECT 1"))
