"""What DuckDB has computed, sent to an account: by the real connector's PUT and fakesnow's COPY of real Parquet."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from candlewick.config import Settings, SnowflakeSettings
from candlewick.errors import WarehouseError
from candlewick.mart.publisher import Publisher
from candlewick.mart.version import CANDLES, DAYS, GAPS
from candlewick.setup.sql import render, sections
from candlewick.warehouse.duckdb.home import EmbeddedHome
from candlewick.warehouse.home import home_of
from candlewick.warehouse.sending import Sending
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.sending import Sender
from peers.snowflake_peer import Peer
from warehouse.small_mart import SmallMart

DAY = datetime(2024, 3, 31)
MINUTES = CANDLES["1m"]


@dataclass
class Side:
    """A mart, and the account that it is sent to."""

    settings: Settings
    mart: SmallMart
    publisher: Publisher
    peer: Peer
    sender: Sender

    def send(self) -> int:
        self.publisher.publish()
        return self.sender.send()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with Connection.open(self.settings.snowflake, self.settings.snowflake.reader_role) as connection:
            return connection.run(statement)


@pytest.fixture
def side(peer: Peer, settings: Settings) -> Iterator[Side]:
    settings = Settings(
        data=settings.data, publish="snowflake", timezone="UTC", snowflake=SnowflakeSettings(connection="peer")
    )
    settings.data.mkdir()
    with Connection.open(settings.snowflake, settings.snowflake.admin_role) as connection:
        for section in sections(render("setup", settings, "")):
            for statement in section.statements:
                connection.run(statement)
    mart = SmallMart.make(settings.data)
    yield Side(settings, mart, mart.publisher(), peer, Sender(settings))
    mart.warehouse.close()


def test_settled_rows_are_there_with_all_their_digits_and_nothing_new_needs_no_statement(side):
    for month in range(3):
        side.mart.put_candle(DAY - timedelta(days=40 * month), price=5 + month)
    side.mart.put_candle(DAY + timedelta(minutes=1), price=9)
    side.mart.warehouse.connection.execute(
        f"update {MINUTES} set is_closed = false where open_time > timestamp '{DAY}';"
        f"update {MINUTES} set close = 4.00000001 where open_time = timestamp '{DAY}'"
    )
    assert side.send() == 3
    made = side.rows("select open_time, close, trade_count, is_complete from GOLD.TRADES_OHLC_1M order by 1 desc")
    assert made[0] == (DAY, Decimal("4.00000001"), 1, True)
    assert [row[1] for row in made[1:]] == [Decimal(6), Decimal(7)]
    side.peer.statements.clear()
    assert (side.send(), side.peer.statements) == (0, [])
    assert Sender(side.settings).send() == 0  # another process, which asks how far it is


def test_a_candle_that_changes_takes_the_place_of_what_was_sent(side):
    side.mart.put_candle(DAY, price=5)
    side.mart.put_candle(DAY + timedelta(minutes=1), price=6)
    assert side.send() == 2
    side.mart.put_candle(DAY, price=7)
    side.mart.put_candle(DAY, price=8, symbol="ETHUSDT")
    assert side.send() == 2
    made = side.rows("select symbol, open_time, close from GOLD.TRADES_OHLC_1M order by symbol, open_time")
    assert made == [
        ("BTCUSDT", DAY, Decimal(7)),
        ("BTCUSDT", DAY + timedelta(minutes=1), Decimal(6)),
        ("ETHUSDT", DAY, Decimal(8)),
    ]


def test_a_column_that_an_earlier_version_did_not_send_is_added(side):
    side.mart.put_candle(DAY, price=5)
    assert side.send() == 1
    side.rows("alter table GOLD.TRADES_OHLC_1M drop column low")
    side.mart.put_candle(DAY + timedelta(minutes=1), price=6)
    side.publisher.publish()
    assert Sender(side.settings).send() == 1
    made = side.rows("select open_time, close, low is null from GOLD.TRADES_OHLC_1M order by 1")
    assert [row[1:] for row in made] == [(Decimal(5), True), (Decimal(6), False)]


@pytest.mark.parametrize("at", ["COPY INTO", "delete from", "insert into", "commit"])
def test_what_breaks_off_has_changed_nothing_and_is_sent_again(side, monkeypatch, at):
    side.mart.put_candle(DAY, price=5)
    assert side.send() == 1
    side.mart.put_candle(DAY, price=7)
    whole = Connection.run

    def breaking(self: Connection, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        if statement.startswith(at):
            raise WarehouseError("the connection is gone")
        return whole(self, statement, parameters)

    with monkeypatch.context() as patch:
        patch.setattr(Connection, "run", breaking)
        with pytest.raises(WarehouseError, match="gone"):
            side.send()
    asked = "select close from GOLD.TRADES_OHLC_1M"
    assert side.rows(asked) == [(Decimal(5),)]
    assert side.send() == 1
    assert side.rows(asked) == [(Decimal(7),)]


def test_trades_go_when_their_day_is_sealed_and_all_here_and_gaps_as_they_are(side):
    for trade_id in (1, 2):
        side.mart.put_trade(trade_id, DAY + timedelta(seconds=trade_id))
    side.mart.put_trade(3, DAY + timedelta(days=1))
    seal = (
        f"insert into {DAYS} (symbol, day, state, trade_count, digest, loaded_at)"
        " values ('BTCUSDT', ?, 'sealed', ?, 'd', ?)"
    )
    side.mart.warehouse.connection.execute(seal, [date(2024, 3, 31), 2, side.mart.clock])
    side.mart.warehouse.connection.execute(seal, [date(2024, 4, 1), 2, side.mart.clock])
    side.mart.warehouse.connection.execute(f"insert into {GAPS} values ('BTCUSDT', 7, 'open')")
    side.send()
    made = side.rows("select trade_id, price from SILVER.TRADES_DEDUPED order by 1")
    assert made == [(1, Decimal(5)), (2, Decimal(5))]
    assert side.rows("select * from GOLD.TAPE_GAPS") == [("BTCUSDT", 7, "open")]
    side.mart.put_trade(4, DAY + timedelta(days=1, seconds=1))
    side.mart.warehouse.connection.execute(f"delete from {GAPS}")
    side.send()
    assert side.rows("select trade_id from SILVER.TRADES_DEDUPED order by 1") == [(1,), (2,), (3,), (4,)]
    assert side.rows("select count(*) from GOLD.TAPE_GAPS") == [(0,)]


def test_it_is_sent_beside_the_embedded_warehouse_once_that_is_done(side):
    side.mart.put_candle(DAY)
    side.publisher.publish()
    home = home_of(side.settings)
    assert isinstance(home, EmbeddedHome)
    with home.beside(once=True):
        assert "begin" not in side.peer.statements
    assert side.rows("select count(*) from GOLD.TRADES_OHLC_1M") == [(1,)]


def test_it_is_sent_while_the_warehouse_runs_from_its_first_version_on(side):
    side.mart.put_candle(DAY)
    with side.sender.running(once=False) as told:  # before the first version: it waits for it
        side.publisher.publish()
        wait_until(lambda: told().sent_at is not None)
        assert (told().rows, told().problem) == (1, None)
    assert side.rows("select count(*) from GOLD.TRADES_OHLC_1M") == [(1,)]


def test_why_it_cannot_be_sent_is_told_until_it_is(side, monkeypatch):
    side.mart.put_candle(DAY)
    side.publisher.publish()
    whole = Connection.run
    with monkeypatch.context() as patch:

        def refusing(self: Connection, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
            if statement == "begin":
                raise WarehouseError("the warehouse is suspended by its monitor")
            return whole(self, statement, parameters)

        patch.setattr(Connection, "run", refusing)
        with side.sender.running(once=False) as told:
            wait_until(lambda: told().problem is not None)
            assert told() == Sending(0, None, "the warehouse is suspended by its monitor")
    with side.sender.running(once=False) as told:
        wait_until(lambda: told().problem is None)
        assert told().rows == 1


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
