"""A day's candles beside the exchange's."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from candlewick.moments import day_of, starts_at
from candlewick.seal import minutes
from seal.made import MINUTE, Market, gather, recorded


@pytest.mark.parametrize("places", [(2, 5), (6, 4), (8, 8), (0, 0)])
def test_all_minutes_of_a_made_day_match_those_added_up_in_decimals(places):
    verdict = minutes.compare(Market(count=500, places=places).gathered().assemble())
    assert not (verdict.problems or verdict.without_candle or verdict.untold)
    assert verdict.matching + verdict.empty == 1_440


def test_amounts_beyond_a_word_are_exact():
    market = Market(count=50, places=(0, 0))
    market.trades = [(each, f"{10**15 + each}.00000000", "99999999", *rest) for each, _, _, *rest in market.trades]
    assert not minutes.compare(market.gathered().assemble()).problems


def test_quote_amounts_are_cut_for_each_trade_as_binance_cuts_them():
    at = starts_at(Market().day)
    raw = [
        b'{"e":"trade","E":%d,"s":"ETHBTC","t":%d,"p":"%b","q":"%b","T":%d,"m":false,"M":true,"src":"ws","recv":1}'
        % (at, number, price, quantity, at)
        for number, (price, quantity) in enumerate([(b"0.03577000", b"0.12670000"), (b"0.00062700", b"3.55800000")])
    ]
    [minute] = minutes.minutes_of(gather(raw, "ETHBTC").assemble())
    assert minute.nine[5] == minute.nine[8] == Decimal("0.00453205") + Decimal("0.00223086")


def test_five_recorded_minutes_are_the_exchanges_candle(recording: Path):
    """The exchange's 5m candles, in the archive's columns, against our 1m ones added up. Two are whole."""
    matching = 0
    days: dict[date, list[bytes]] = {}
    for line in recorded(recording):
        days.setdefault(day_of(int(line.partition(b'"T":')[2].split(b",")[0]) * 1_000), []).append(line)
    for day, raw in days.items():
        ours = {minute.number: minute.nine for minute in minutes.minutes_of(gather(raw, day=day).assemble())}
        for row in (recording / "exchange_klines_5m.csv").read_text().splitlines():
            at, opening, high, low, close, volume, _, quote, count, *taker, _ = row.split(",")
            first = (int(at) * 1_000 - starts_at(day)) // MINUTE
            five = [ours[each] for each in range(first, first + 5) if each in ours]
            if len(five) == 5:
                made = [five[0][0], max(each[1] for each in five), min(each[2] for each in five), five[-1][3]]
                made += [sum(each[index] for each in five) for index in range(4, 9)]
                matching += made == [
                    Decimal(each) for each in (opening, high, low, close, volume, quote, count, *taker)
                ]
    assert matching == 2


def test_a_minute_that_lacks_a_trade_or_has_another_is_named():
    market = Market()
    raw = market.lines()
    short = gather(raw[:100] + raw[101:] + market.candles()).assemble()
    [problem] = minutes.compare(short).problems
    at = (market.trades[100][3] - starts_at(market.day)) // MINUTE
    assert minutes.clock(at) in problem and ("trade_count" in problem or "no trades" in problem)


def test_a_minute_with_trades_and_no_candle_is_no_match():
    market = Market()
    without = [line for line in market.candles() if b'"n":0' in line]
    verdict = minutes.compare(gather(market.lines() + without).assemble())
    assert len(verdict.problems) == len(verdict.untold) == 1_440 - len(without)


def test_a_minute_without_trades_and_candle_is_told_of_or_not():
    market = Market(count=50)
    raw = [line for line in market.lines() + market.candles() if b'"n":0,' not in line]
    quiet = 1_440 - len(minutes.minutes_of(gather(raw).assemble()))
    verdict = minutes.compare(gather(raw).assemble())
    assert (len(verdict.without_candle), len(verdict.untold)) == (0, quiet)
    verdict = minutes.compare(gather(raw + market.answers()).assemble())
    assert (len(verdict.without_candle), len(verdict.untold)) == (quiet, 0) and not verdict.problems
