"""Whoever opens the views reads each row once, whatever superseded files lie beside the live ones."""

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from candlewick.mart import views
from candlewick.mart.version import TRADES
from warehouse.small_mart import SmallMart

DAY = datetime(2024, 8, 8)
COUNT = f"select count(*), count(distinct trade_id) from {TRADES}"


@pytest.fixture
def mart(tmp_path: Path) -> SmallMart:
    return SmallMart.make(tmp_path)


def of_database(path: Path) -> tuple[int, int]:
    with duckdb.connect(str(path / views.DATABASE), read_only=True) as connection:
        return connection.execute(COUNT).fetchone()


def of_sql(path: Path) -> tuple[int, int]:
    with duckdb.connect() as connection:
        connection.execute((path / views.SQL).read_text())
        return connection.execute(COUNT).fetchone()


def test_the_views_have_each_trade_once_where_a_glob_counts_twice(
    mart: SmallMart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "EVERY_SECONDS", 0.0)
    publisher = mart.publisher()
    for trade_id in (1, 2, 3):
        mart.put_trade(trade_id, DAY + timedelta(seconds=trade_id))
        publisher.publish()
        assert of_database(mart.path) == of_sql(mart.path) == (trade_id, trade_id)
    everything = mart.path / TRADES.replace(".", "/") / "*.parquet"
    [(count,)] = duckdb.execute(f"select count(*) from '{everything}'").fetchall()
    assert count > 3


def test_the_database_can_be_opened_by_tools_of_the_version_before(mart: SmallMart) -> None:
    mart.put_trade(1, DAY)
    mart.publisher().publish()
    with duckdb.connect(str(mart.path / views.DATABASE), read_only=True) as connection:
        (tags,) = connection.execute("select tags from duckdb_databases() where database_name = 'mart'").fetchone()
    assert tags["storage_version"].startswith("v1.2.0")


def test_both_are_made_now_and_then_and_are_never_left_behind(mart: SmallMart) -> None:
    now = 0.0
    publisher = mart.publisher()
    publisher._views = views.Views(mart.path, clock=lambda: now)
    for trade_id in (1, 2):
        mart.put_trade(trade_id, DAY + timedelta(seconds=trade_id))
        publisher.publish()
    assert of_database(mart.path) == of_sql(mart.path) == (1, 1)
    now = views.EVERY_SECONDS
    assert publisher.publish() is None
    publisher.collect_garbage()
    assert of_database(mart.path) == of_sql(mart.path) == (2, 2)


def test_a_place_that_cannot_be_written_does_not_stop_the_mart(mart: SmallMart) -> None:
    (mart.path / views.DATABASE).mkdir(parents=True)
    (mart.path / views.SQL).mkdir()
    mart.put_trade(1, DAY)
    assert mart.publisher().publish().version == 1
