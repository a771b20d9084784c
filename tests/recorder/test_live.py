import json

from candlewick import trade as trades
from candlewick.lake.batch import Batcher, Limits
from candlewick.recorder.live import LiveTape
from candlewick.recorder.numbering import MARGIN, Numbering
from candlewick.tape.coverage import Coverage
from candlewick.trade import Kline, Trade


class Recording:
    """A tape with what it put where."""

    def __init__(self, **coverage):
        self.coverage = Coverage(**coverage)
        self.batcher = Batcher(Limits())
        self.published = []
        self.tape = LiveTape("BTCUSDT", self.coverage, self.batcher, self.published.append)

    def trade(self, trade_id, now=0.0, price="1.0", received_at=2_000_000):
        event = (
            f'{{"e":"trade","E":1723161255343000,"s":"BTCUSDT","t":{trade_id},"p":"{price}","q":"1.0",'
            f'"T":1723161255342000,"m":true,"M":true}}'
        ).encode()
        _, decoded = trades.decode_event(event)
        assert isinstance(decoded, Trade)
        self.tape.on_trade(event, decoded, received_at, now)

    def kline(self, open_time, close, is_closed=True, event_at=1):
        event = (
            f'{{"e":"kline","E":{event_at},"s":"BTCUSDT","k":{{"t":{open_time},"T":0,"i":"1m","o":"1",'
            f'"c":"{close}","h":"1","l":"1","v":"0","n":0,"x":{str(is_closed).lower()},"q":"0","V":"0","Q":"0"}}}}'
        ).encode()
        _, decoded = trades.decode_event(event)
        assert isinstance(decoded, Kline)
        self.tape.on_kline(event, decoded, 1, 0.0)

    @property
    def lines(self):
        return [json.loads(line) for line in self.batcher.batch.lines]

    @property
    def recorded(self):
        return [line["t"] for line in self.lines]


def test_a_trade_is_recorded_published_and_secured_once():
    rec = Recording()
    for _ in range(2):
        rec.trade(7)
    assert rec.recorded == [7]
    assert [trade.trade_id for trade in rec.published] == [7]
    assert rec.coverage.secured.ranges() == [(7, 7)]
    assert not rec.coverage.covered
    assert rec.lines[0]["src"] == "ws"
    assert rec.lines[0]["recv"] == 2_000_000


def test_ids_that_start_again_stop_the_symbol_with_one_line_and_record_nothing():
    rec = Recording(covered=[(1, 5_000)])
    rec.tape.numbering = Numbering(5_000, 1723161255342000 - MARGIN - 1)
    for trade_id in (17, 18):
        rec.trade(trade_id)
    assert rec.recorded == []
    assert "id 17 is newer than id 5000" in rec.tape.stopped
    assert "prefix" in rec.tape.stopped
    assert not rec.coverage.missing()


def test_what_is_not_newer_than_what_is_durable_is_left_to_backfill_at_the_start():
    rec = Recording(covered=[(1, 5_000)])
    rec.tape.numbering = Numbering(5_000, 1723161255342000)
    for trade_id in (17, 5_000, 5_001):
        rec.trade(trade_id)
    assert rec.recorded == [5_001]
    assert rec.tape.stopped is None


def test_a_candle_settles_its_minute_whatever_its_unit_of_time():
    rec = Recording()
    rec.kline(1_723_161_240_000, "1")
    rec.kline(1_723_161_300_000_000, "2")
    rec.kline(1_723_161_360_000_000, "3", is_closed=False)
    assert rec.coverage.minutes.secured.ranges() == [(28_719_354, 28_719_355)]
    assert rec.batcher.batch.minutes["BTCUSDT"].ranges() == [(28_719_354, 28_719_355)]


def test_a_trade_that_was_backfilled_before_it_came_is_published_not_recorded_again():
    rec = Recording(covered=[(1, 8)])
    rec.trade(7)
    rec.trade(8)
    rec.trade(9)
    assert rec.recorded == [9]
    assert [trade.trade_id for trade in rec.published] == [7, 8, 9]


def test_what_comes_after_its_hole_was_given_up_is_recorded_but_not_published():
    rec = Recording()
    rec.trade(1)
    rec.trade(3)
    rec.tape.tick(0.5)
    rec.trade(2)
    assert rec.recorded == [1, 3, 2]
    assert [trade.trade_id for trade in rec.published] == [1, 3]
    assert rec.tape.holes_seen == 1
    assert not rec.coverage.missing()


def test_a_hole_is_missing_from_the_moment_the_tape_goes_on():
    rec = Recording()
    rec.trade(1)
    rec.trade(5)
    assert not rec.coverage.missing()
    rec.tape.tick(0.5)
    assert rec.coverage.missing().ranges() == [(2, 4)]


def test_both_copies_that_differ_are_recorded():
    rec = Recording()
    rec.trade(1, price="1.0")
    rec.trade(1, price="2.0")
    assert [line["p"] for line in rec.lines] == ["1.0", "2.0"]
    assert rec.tape.conflicts == 1
    assert rec.batcher.batch.extents()["BTCUSDT"].count == 1


def test_stopping_lets_out_what_is_held_back():
    rec = Recording()
    rec.trade(1)
    rec.trade(3)
    rec.tape.flush(0.0)
    assert rec.recorded == [1, 3]


def test_only_closed_candles_are_recorded_and_each_once_whichever_leg_it_came_from():
    rec = Recording()
    rec.kline(0, "1.0", is_closed=False)
    rec.kline(0, "1.0", event_at=1)
    rec.kline(0, "1.0", event_at=2)
    rec.kline(60, "1.5")
    assert [(line["k"]["t"], line["E"]) for line in rec.lines] == [(0, 1), (60, 1)]
    assert rec.batcher.batch.klines == {"BTCUSDT": 2}


def test_a_candle_that_differs_from_its_copy_is_kept_too():
    rec = Recording()
    rec.kline(0, "1.0")
    rec.kline(0, "2.0")
    assert [line["k"]["c"] for line in rec.lines] == ["1.0", "2.0"]


def test_delay_is_smoothed_and_keeps_the_sign_of_a_clock_that_is_behind():
    rec = Recording()
    rec.trade(1, received_at=1723161255343000 - 1_270_000)
    assert rec.tape.delay_us == -1_270_000
    rec.trade(2, received_at=1723161255343000 - 1_270_000 + 100_000)
    assert rec.tape.delay_us == -1_265_000
    assert rec.tape.last_event_at == 1723161255343000
