"""Cases of the models, each with literal rows: what is delivered, and what SILVER and GOLD say of it afterwards.

A case loads objects of a symbol of its own, lets the models run where it yields, and looks at its symbol only. So dbt,
of which each run takes more than a second, runs the models for all of them at once (`side_by_side`).
"""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path

from candlewick.lake.objects import Lake
from candlewick.seal import keeping
from seal.lakes import DAYS, SYMBOL, all_lines, fill, lake_of, markets, settings_of
from warehouse import flowing
from warehouse.bench import Bench
from warehouse.lakes import MINUTE, START
from warehouse.objects import Recorder, kline
from warehouse.oracle import Trade

HOUR = 60 * MINUTE
WHOLE_MINUTE = START - START % MINUTE
Case = Callable[[Bench, str, Path], Iterator[None]]
"""Of a warehouse, a symbol and an empty folder: ends when all of it was so, and yields for a run of the models."""


def alone(case: Case, bench: Bench, folder: Path) -> None:
    """Go through one case."""
    side_by_side([case], bench, folder)


def side_by_side(cases: list[Case], bench: Bench, folder: Path) -> None:
    """Go through cases, each with a symbol of its own, and let the models run once for the next step of all of them."""
    bench.empty()
    running = [case(bench, symbol_of(number), folder) for number, case in enumerate(cases)]
    while running := [case for case in running if next(case, "over") != "over"]:
        bench.run()


def symbol_of(number: int) -> str:
    return f"CASE{number}USDT"


def a_line_that_is_no_trade_becomes_a_visible_hole_and_stops_nothing(
    bench: Bench, symbol: str, _folder: Path
) -> Iterator[None]:
    broken = recorder_of(symbol).write([trade(symbol, n, START + n) for n in range(1, 4)])
    lines = [line.replace(b'"p":"5"', b'"p":"five"') if b'"t":2,' in line else line for line in broken.lines]
    bench.load([broken._replace(lines=lines)])
    yield
    assert rows(bench, symbol, "trade_id from silver.trades_deduped") == [(1,), (3,)]
    holes = "first_missing_id, last_missing_id, state from gold.tape_gaps"
    assert rows(bench, symbol, holes) == [(2, 2, "open")]


def a_line_without_a_usable_time_stops_nothing(time: bytes, bench: Bench, symbol: str, _folder: Path) -> Iterator[None]:
    recorder = recorder_of(symbol)
    hours = [trade(symbol, n, START + n * HOUR) for n in range(1, 5)]
    bench.load([recorder.write(hours[:3])])
    yield
    broken = recorder.write([hours[3]])
    lines = [re.sub(rb'"T":\d+', b'"T":' + time, line) for line in broken.lines]
    bench.load([broken._replace(lines=lines)])
    yield
    assert rows(bench, symbol, "trade_id from silver.trades_deduped")[:3] == [(1,), (2,), (3,)]


def a_hole_that_is_filled_and_one_that_is_declared_stay_in_the_history(
    bench: Bench, symbol: str, _folder: Path
) -> Iterator[None]:
    recorder = recorder_of(symbol)
    by_id = {n: trade(symbol, n, START + n * 1_000_000) for n in range(1, 10)}
    bench.load([recorder.write([by_id[1]]), recorder.write([by_id[4], by_id[6]])])
    yield
    states = "first_missing_id, last_missing_id, state, missing_count from gold.tape_gaps"
    assert rows(bench, symbol, states) == [(2, 3, "open", 2), (5, 5, "open", 1)]
    recorder.declared = [(5, 5)]
    bench.load([recorder.write([by_id[3]])])
    yield
    assert rows(bench, symbol, states) == [(2, 3, "open", 1), (5, 5, "declared", 1)]
    bench.load([recorder.write([by_id[2]])])
    yield
    assert rows(bench, symbol, states) == [(2, 3, "filled", 0), (5, 5, "declared", 1)]
    [*_, (state, before, after, filled)] = rows(
        bench, symbol, "state, previous_traded_at, next_traded_at, filled_at from gold.tape_gaps"
    )[:1]
    assert (state, before, after) == ("filled", by_id[1].traded_at, by_id[4].traded_at)
    received = rows(bench, symbol, "trade_id, received_at from silver.trades_deduped")
    assert filled == max(at for trade_id, at in received if trade_id in (2, 3))


def a_candle_waits_for_the_exchanges_and_gets_a_verdict_whenever_that_comes(
    bench: Bench, symbol: str, _folder: Path
) -> Iterator[None]:
    recorder, start = recorder_of(symbol), WHOLE_MINUTE
    by_minute = [trade(symbol, n, start + n * MINUTE) for n in range(12)]
    status = "minute(open_time), status, mismatched_fields from gold.candle_audit"
    bench.load([recorder.write(by_minute[0:4])])
    yield
    assert rows(bench, symbol, status) == [(54, "pending", None), (55, "pending", None), (56, "pending", None)]
    klines = [(start + MINUTE, kline(by_minute[1])), (start, kline(by_minute[0]))]
    bench.load([recorder.write([by_minute[4]], klines=klines)])
    yield
    assert rows(bench, symbol, status)[:3] == [(54, "match", None), (55, "match", None), (56, "pending", None)]
    bench.load([recorder.write(by_minute[5:])])
    yield
    # However far the tape has gone on: as long as the trades of history are fetched, no candle of it is.
    assert rows(bench, symbol, status)[1:4] == [(55, "match", None), (56, "pending", None), (57, "pending", None)]
    of_two = f"symbol = '{symbol}' and minute(open_time) in (56, 57)"
    bench.warehouse.connection.execute(
        f"update gold.trades_ohlc_1m set loaded_at = loaded_at - interval '25 hours' where {of_two};"
        f"update gold.candle_audit set candle_loaded_at = candle_loaded_at - interval '25 hours' where {of_two}"
    )
    bench.load([recorder.write([trade(symbol, 12, start + 12 * MINUTE)])])
    yield
    assert rows(bench, symbol, status)[1:5] == [
        (55, "match", None),
        (56, "no_oracle", None),
        (57, "no_oracle", None),
        (58, "pending", None),
    ]
    wrong = kline(by_minute[2]) | {"v": "2", "n": 2}
    bench.load([recorder.write([], klines=[(start + 2 * MINUTE, wrong)])])
    yield
    assert rows(bench, symbol, status)[2] == (56, "mismatch", "volume,trade_count")
    right = [(start + 2 * MINUTE, kline(by_minute[2]))]
    bench.load([recorder.write([], klines=right, event_at=start + 60 * MINUTE)])
    yield
    assert rows(bench, symbol, status)[2] == (56, "match", None)


def quote_amounts_are_cut_per_trade_as_the_exchange_publishes_them(
    bench: Bench, symbol: str, _folder: Path
) -> Iterator[None]:
    # Rows of the exchange's own archive: ETHBTC, and KSMBTC twice. Rounded, each would end in the next digit.
    published = (
        ("0.03577", "0.1267", "0.00453205"),
        ("0.000627", "3.558", "0.00223086"),
        ("0.003127", "4.708", "0.01472191"),
    )
    trades = [
        Trade(symbol, n, Decimal(price), Decimal(quantity), n == 0, WHOLE_MINUTE + n)
        for n, (price, quantity, _) in enumerate(published)
    ]
    following = trade(symbol, 3, WHOLE_MINUTE + MINUTE)
    candle = {
        "o": "0.03577", "h": "0.03577", "l": "0.000627", "c": "0.003127", "n": 3, "f": 0, "L": 2,
        "v": "8.3927", "q": "0.02148482", "V": "8.266", "Q": "0.01695277",
    }  # fmt: skip
    bench.load([recorder_of(symbol).write([*trades, following], klines=[(WHOLE_MINUTE, candle)])])
    yield
    amounts = rows(bench, symbol, "trade_id, quote_quantity from silver.trades_deduped")
    assert amounts[:3] == [(n, Decimal(quote)) for n, (_, _, quote) in enumerate(published)]
    assert rows(bench, symbol, "status from gold.candle_audit") == [("match",)]


def a_footprint_waits_for_the_exchanges_candle_and_gets_a_verdict_of_its_own(
    bench: Bench, symbol: str, _folder: Path
) -> Iterator[None]:
    recorder, start = recorder_of(symbol), WHOLE_MINUTE
    by_minute = [trade(symbol, n, start + n * MINUTE, is_buyer_maker=n % 2 == 0) for n in range(12)]
    told = "minute(open_time), status, mismatched_fields, is_proved from gold.footprint_audit"
    bench.load([recorder.write(by_minute[0:4])])
    yield
    assert rows(bench, symbol, told) == [(54 + n, "pending", None, False) for n in range(3)]
    klines = [(start + n * MINUTE, kline(by_minute[n])) for n in (1, 2)]
    bench.load([recorder.write([by_minute[4]], klines=klines)])
    yield
    assert rows(bench, symbol, told)[1:3] == [(55, "match", None, True), (56, "match", None, True)]
    bench.load([recorder.write(by_minute[5:], klines=[(start, kline(by_minute[0]))])])
    yield
    assert rows(bench, symbol, told)[0] == (54, "match", None, False), "what came before its first id is not known"
    wrong = [(start + 2 * MINUTE, kline(by_minute[2]) | {"V": "1", "h": "6"})]
    bench.load([recorder.write([], klines=wrong, event_at=start + 60 * MINUTE)])
    yield
    assert rows(bench, symbol, told)[2] == (56, "mismatch", "high,taker_buy_volume", False)
    deltas = "delta, min_delta, max_delta, level_count, step from gold.footprint_audit"
    assert rows(bench, symbol, deltas)[:2] == [(-1, -1, -1, 1, flowing.UNIT), (1, 1, 1, 1, flowing.UNIT)]


def gold_says_of_each_day_that_is_over_how_far_it_is(bench: Bench, _symbol: str, folder: Path) -> Iterator[None]:
    settings = settings_of(folder)
    lake, (first, second) = lake_of(settings), markets()

    def days() -> list[tuple[object, ...]]:
        return rows(bench, SYMBOL, "day, state, trade_count, missing_count, why, digest from gold.tape_days")

    fill(lake, [all_lines(first, 30, 31), second])
    loaded = load_new(bench, lake, set())
    yield
    why = "2 trade ids are missing and asked for"
    assert days() == [(DAYS[0], "healing", 298, 2, why, None)], "the second day may go on"
    fill(lake, [first.lines()[30:32]], recorder="r2")
    loaded = load_new(bench, lake, loaded)
    yield
    [(_, state, count, missing, _, _)] = days()
    assert (state, count, missing) == ("partial", 300, 0), "no trade before it proves that its first minute is whole"
    found = keeping.seal_days(settings, None, None, lambda *_: None, asks=False)
    assert [each.state for each in found] == ["sealed", "sealed"]
    load_new(bench, lake, loaded)
    yield
    assert days() == [(each.day, "sealed", 300, 0, None, each.digest) for each in found], "the newest one, too"


CASES: dict[str, Case] = {
    "a line that is no trade": a_line_that_is_no_trade_becomes_a_visible_hole_and_stops_nothing,
    "a time of 1970": partial(a_line_without_a_usable_time_stops_nothing, b"17"),
    "no time": partial(a_line_without_a_usable_time_stops_nothing, b"null"),
    "holes": a_hole_that_is_filled_and_one_that_is_declared_stay_in_the_history,
    "candles' verdicts": a_candle_waits_for_the_exchanges_and_gets_a_verdict_whenever_that_comes,
    "quote amounts": quote_amounts_are_cut_per_trade_as_the_exchange_publishes_them,
    "footprints' verdicts": a_footprint_waits_for_the_exchanges_candle_and_gets_a_verdict_of_its_own,
    "days": gold_says_of_each_day_that_is_over_how_far_it_is,
}


def recorder_of(symbol: str) -> Recorder:
    """A recorder of one's own: what it covers is told with its name."""
    return Recorder(symbol, f"recorder-of-{symbol.lower()}")


def trade(symbol: str, trade_id: int, at: int, *, is_buyer_maker: bool = False) -> Trade:
    """A trade of one coin for five."""
    return Trade(symbol, trade_id, Decimal(5), Decimal(1), is_buyer_maker, at)


def rows(bench: Bench, symbol: str, wanted: str) -> list[tuple[object, ...]]:
    """Columns of a table as far as it is about a symbol, in its order."""
    table = wanted.rpartition(" ")[2]
    order = {"silver.trades_deduped": "trade_id", "gold.tape_gaps": "first_missing_id", "gold.tape_days": "day"}
    return bench.rows(f"select {wanted} where symbol = '{symbol}' order by {order.get(table, 'open_time')}")


def load_new(bench: Bench, lake: Lake, known: set[str]) -> set[str]:
    """Load what is in a lake beside the objects that are known; return all that is loaded then."""
    new = sorted({item.name for item in lake.list_all()} - known)
    bench.load([lake.read_text(name) for name in new])
    return known | set(new)
