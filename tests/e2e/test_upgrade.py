"""What version 0.1.0 left on a disk, this version opens and goes on with.

`tests/made/version_0_1_0.tar.xz` was made by that version: lake, state, warehouse and mart after it had recorded the
local exchange's BTCDEMO and ETHDEMO for a minute, with four minutes of history.
"""

from decimal import Decimal
from pathlib import Path

import pytest

from candlewick import config
from candlewick.lake.objects import Lake
from candlewick.mart.reader import Mart
from candlewick.seal import gathering, keeping
from candlewick.spans import Spans
from candlewick.tape import checkpoint
from candlewick.warehouse.home import home_of
from made.unpacking import unpacked
from warehouse.lakes import Writer, trade_line

MADE = Path(__file__).parent.parent / "made" / "version_0_1_0.tar.xz"
TRADES = {"BTCDEMO": (1_285, 225_314_807, 225_316_091), "ETHDEMO": (554, 109_108_077, 109_108_630)}
COUNTED = "select symbol, count(*), min(trade_id), max(trade_id) from silver.trades_deduped group by symbol"
CANDLES = (
    "select symbol, open_time, open, high, low, close, volume, quote_volume, trade_count, taker_buy_volume,"
    " taker_buy_quote_volume, vwap, first_trade_id, last_trade_id, is_closed, is_complete from gold.trades_ohlc_1m"
    " where is_closed order by symbol, open_time"
)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> config.Settings:
    monkeypatch.chdir(tmp_path)
    return unpacked(MADE, tmp_path)


def rows(settings: config.Settings, statement: str) -> list[tuple[object, ...]]:
    with Mart(settings.mart_path).connect() as connection:
        return connection.execute(statement).fetchall()


def test_a_warehouse_of_version_0_1_0_goes_on_with_what_is_new(settings):
    candles, version = rows(settings, CANDLES), Mart(settings.mart_path).version()
    assert len(candles) > 4
    lake = Lake.open(settings.lake_url, settings.prefix, settings.s3)
    held = checkpoint.open_checkpoint(settings.state_path, lake, settings.recorder)
    assert {symbol: Spans(ranges).count for symbol, ranges in held.covered.items()} == {
        symbol: count for symbol, (count, _, _) in TRADES.items()
    }, "state.json is believed as it is"

    [newest] = rows(settings, "select max(epoch_us(traded_at)) from silver.trades_deduped")
    writer = Writer(lake, settings.recorder, clock=int(str(newest[0])) + 1, sequence=held.seq, previous=held.prev)
    writer.covered = {symbol: Spans(ranges) for symbol, ranges in held.covered.items()}
    next_id, later = TRADES["BTCDEMO"][2] + 1, int(str(newest[0])) + 120_000_000
    writer.stream([trade_line("BTCDEMO", next_id, later, price="100.5", quantity="2")])
    home_of(settings).own(once=True)

    counted = {symbol: tuple(rest) for symbol, *rest in rows(settings, COUNTED)}
    assert counted == TRADES | {"BTCDEMO": (TRADES["BTCDEMO"][0] + 1, TRADES["BTCDEMO"][1], next_id)}
    after = rows(settings, CANDLES)
    assert [candle for candle in after if candle in candles] == candles, "no candle of before has changed"
    [newest_quote] = rows(settings, f"select quote_quantity from silver.trades_deduped where trade_id = {next_id}")
    assert newest_quote == (Decimal("201.00000000"),)
    assert Mart(settings.mart_path).version() > version
    assert rows(settings, "select count(*) from gold.tape_gaps where state = 'open'") == [(0,)]


def test_a_sealing_finds_each_trade_of_its_lake_in_the_objects_as_they_are(settings):
    lake = Lake.open(settings.lake_url, settings.prefix, settings.s3)
    before = sorted(item.name for item in lake.list_all())
    [day] = gathering.days_of(lake)
    gathered = gathering.Gathering(day)
    gathering.gather(lake, gathered)
    ids = {symbol: each.assemble().spans for symbol, each in gathered.by_symbol.items()}
    assert {symbol: (each.count, each.first, each.last) for symbol, each in ids.items()} == TRADES
    assert not gathered.unread
    found = keeping.seal_days(settings, [day], None, lambda *_: None, asks=False)
    assert [(each.symbol, each.state) for each in found] == [("BTCDEMO", "healing"), ("ETHDEMO", "healing")]
    assert all("no candle of the exchange" in each.reason for each in found), "it lacks some, and is not called wrong"
    assert set(before) < {item.name for item in lake.list_all()}, "what is known of the day is told beside them"
