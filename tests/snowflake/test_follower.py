"""The dashboard's reader on Snowflake: few statements, fewer that need a warehouse, and none when nobody looks."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest

from candlewick.config import Settings
from candlewick.dashboard.reads import history_stamp
from candlewick.dashboard.routes.candles import day_json
from candlewick.errors import WarehouseError
from candlewick.warehouse.contract import Viewed
from candlewick.warehouse.snowflake import follower as room
from candlewick.warehouse.snowflake.follower import Follower
from made.small_gold import SmallGold
from peers.snowflake_functions import needs_warehouse
from peers.snowflake_peer import Peer

DAY = datetime(2024, 8, 8)
KEY = ("BTCUSDT", "1m")


@pytest.fixture
def gold(peer: Peer, settings: Settings) -> SmallGold:
    return SmallGold.make(settings)


@pytest.fixture
def reader(gold: SmallGold, settings: Settings, monkeypatch) -> Iterator[Follower]:
    monkeypatch.setattr(room, "_PAGE", 3)
    snowflake = settings.snowflake.model_copy(update={"poll_seconds": 0.05})
    reader = Follower(settings.model_copy(update={"snowflake": snowflake}))
    yield reader
    reader.close()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def closes(reader: Viewed, *period: object) -> list[Decimal]:
    return [int(close) for close in reader.candles(*KEY, *(period or (None, None, None)))["close"].to_pylist()]


def reads(peer: Peer) -> list[str]:
    """The statements since the last call that needed a warehouse."""
    needed = [statement for statement in peer.statements if needs_warehouse(statement)]
    peer.statements.clear()
    return needed


def test_what_was_read_is_not_read_again(reader, gold, peer):
    for minute in range(6):
        gold.settle(DAY + timedelta(minutes=minute), price=minute)
    assert closes(reader, None, None, 2) == [4, 5]
    reads(peer)
    assert closes(reader, None, None, 3) == [3, 4, 5]
    assert closes(reader, None, None, 1) == [5]
    assert closes(reader, DAY + timedelta(minutes=4), None, None) == [4, 5]
    assert reads(peer) == []
    assert closes(reader, None, None, 6) == [0, 1, 2, 3, 4, 5]
    assert len(reads(peer)) == 1, "the older page, and nothing of what is held"
    assert closes(reader, None, None, 100) == [0, 1, 2, 3, 4, 5]
    assert len(reads(peer)) == 2, "whether there is more: near, and far back"
    assert closes(reader, None, None, 1_000) == [0, 1, 2, 3, 4, 5]
    assert reads(peer) == [], "all there is is held"


def test_a_page_far_back_is_read_by_itself(reader, gold, peer):
    for minute in range(9):
        gold.settle(DAY + timedelta(minutes=minute), price=minute)
    assert closes(reader, None, None, 1) == [8]
    assert closes(reader, None, DAY + timedelta(minutes=3), 2) == [1, 2]
    assert closes(reader, None, None, 3) == [6, 7, 8]


def test_news_is_a_new_version_and_brings_what_changed_only(reader, gold, peer):
    gold.settle(DAY, price=1)
    gold.settle(DAY + timedelta(minutes=1), price=2)
    assert closes(reader) == [1, 2]
    before = reader.current().version
    reads(peer)
    gold.settle(DAY, price=7)
    wait_until(lambda: reader.current().version != before)
    assert closes(reader) == [7, 2]
    read = [statement for statement in reads(peer) if "is_settled" in statement]
    assert read and all("loaded_at >" in statement for statement in read)


def test_the_tail_is_shown_until_the_models_have_settled_it(reader, gold):
    gold.settle(DAY, price=1)
    assert closes(reader) == [1]
    gold.trade(DAY + timedelta(minutes=1), price=5)
    wait_until(lambda: reader.current() and closes(reader) == [1, 5])
    gold.trade(DAY + timedelta(minutes=1), price=6)
    wait_until(lambda: reader.current() and closes(reader) == [1, 6])
    gold.settle(DAY + timedelta(minutes=1), price=8)
    wait_until(lambda: reader.current() and closes(reader) == [1, 8])


def test_without_news_no_statement_needs_the_warehouse(reader, gold, peer):
    gold.settle(DAY)
    closes(reader)
    reads(peer)
    wait_until(lambda: reader.current() and len(peer.statements) > 3)
    assert reads(peer) == []


def test_many_viewers_cost_one_poll(reader, gold, peer):
    for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT"):
        for timeframe in ("1m", "5m"):
            gold.settle(DAY, symbol=symbol, timeframe=timeframe)
            reader.candles(symbol, timeframe, None, None, 2)
    reads(peer)
    gold.settle(DAY, price=9, symbol="ETHUSDT", timeframe="5m")
    wait_until(lambda: reader.candles("ETHUSDT", "5m", None, None, 1)["close"].to_pylist() == [Decimal(9)])
    read: list[str] = []
    prices = count(10)

    def is_one_for_all() -> bool:
        for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT"):
            for timeframe in ("1m", "5m"):
                reader.candles(symbol, timeframe, None, None, 2)  # whoever does not look is not polled for
        gold.settle(DAY, price=next(prices), symbol="ETHUSDT", timeframe="5m")
        read.extend(each for each in reads(peer) if each.startswith("select"))
        return any(each.count("symbol = ?") == 12 for each in read)

    wait_until(is_one_for_all)


def test_nobody_is_asked_when_nobody_looks(reader, gold, peer, monkeypatch):
    monkeypatch.setattr(room, "IDLE_SECONDS", 0.2)
    gold.settle(DAY)
    closes(reader)
    wait_until(lambda: not reader._looks.is_set())
    peer.statements.clear()
    gold.settle(DAY, price=9)
    mine = [each for each in peer.statements if "LAST_CHANGE" in each or each.startswith("select")]
    assert mine == []
    wait_until(lambda: reader.current() and closes(reader) == [9])


def test_a_query_is_shared_for_a_while(reader, gold, peer):
    for _ in range(3):
        assert reader.query("select count(*) as n from gold.tape_gaps where symbol = ?", ["A"]).to_pylist() == [
            {"n": 0}
        ]
    assert len([each for each in reads(peer) if "tape_gaps" in each]) == 1


def test_it_answers_what_the_dashboard_asks(reader, gold):
    gold.settle(DAY, price=1)
    gold.settle(DAY + timedelta(minutes=1), price=2)
    assert '"h":[2' in day_json(reader, "BTCUSDT")
    assert history_stamp(reader, *KEY, DAY + timedelta(minutes=1)).endswith("/0")


def test_an_error_is_told_once_and_what_is_held_stays(reader, gold, peer):
    gold.settle(DAY, price=1)
    assert closes(reader) == [1]
    gold.connection.run("drop view gold.trades_ohlc_1m_live")
    gold.settle(DAY, price=2)
    wait_until(lambda: reader.current() and any("is_settled" in each for each in peer.statements))
    assert closes(reader) == [1]
    with pytest.raises(WarehouseError) as caught:
        reader.candles("ETHUSDT", "1m", None, None, 2)
    assert "\n" not in str(caught.value)
