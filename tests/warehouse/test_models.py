"""The models against an oracle: whatever way the trades come, SILVER and GOLD are what the trades make them."""

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from candlewick.lake.manifest import Manifest
from candlewick.lake.objects import LakeObject
from candlewick.seal import keeping
from candlewick.spans import Range, Spans
from seal.lakes import DAYS, all_lines, fill, lake_of, markets, settings_of
from warehouse import flowing, oracle
from warehouse.bench import Bench
from warehouse.lakes import MINUTE, START, kline_line, trade_line
from warehouse.oracle import Copy, Trade

MIDNIGHT_IN_INDIA = 1_723_141_800_000_000
STEPS = (0, 0, 1, 999, 1_000_000, 20_000_000, MINUTE, 4 * MINUTE, 30 * MINUTE)
SYMBOLS = ("BTCUSDT", "ETHUSDT")
QUICK = settings(deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate], print_blob=True)
"""A cycle takes seconds, so a failing example is printed as it is: shrinking it would take many minutes."""


def of_some(
    bench: Bench, examples: st.SearchStrategy[Any], check: Callable[[Any], None], *, dbt: int, owner: int
) -> None:
    """Check so many examples, the simplest first: dbt takes ten times as long for one as the owner."""
    settings(QUICK, max_examples=owner if bench.owned else dbt)(given(examples)(check))()


@pytest.fixture(scope="module", params=["dbt", "owner"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The models run by dbt, and as the owner runs what they compile to."""
    way = Bench.open if request.param == "dbt" else Bench.open_as_owner
    with way(tmp_path_factory.mktemp("bench")) as opened:
        yield opened


@st.composite
def tapes(draw: st.DrawFn, start: int, steps: Sequence[int], least: int, most: int) -> list[Trade]:
    """So many trades of one symbol or two from `start` (µs) on, ids contiguous, times never decreasing."""
    trades = []
    for symbol in SYMBOLS[: draw(st.integers(1, 2))]:
        at, trade_id = start, draw(st.integers(1, 3_000_000_000))
        for step in draw(st.lists(st.sampled_from(steps), min_size=least, max_size=most)):
            at, trade_id = at + step, trade_id + 1
            price, quantity = draw(st.integers(1, 10**12)), draw(st.integers(1, 10**12))
            is_buyer_maker = draw(st.booleans())
            trades.append(Trade(symbol, trade_id, decimal(price), decimal(quantity), is_buyer_maker, at))
    return trades


@st.composite
def deliveries(draw: st.DrawFn) -> list[list[list[Trade]]]:
    """Cycles of objects of trades: any split of a tape, in any order, with copies and with losses."""
    trades = draw(tapes(MIDNIGHT_IN_INDIA - 20 * MINUTE, STEPS, 2, 25))
    copies = draw(st.lists(st.sampled_from(trades), max_size=10))
    kept = [trade for trade in trades if draw(st.integers(0, 9))] or trades[:1]
    order = draw(st.permutations(kept + copies))
    cuts = sorted(draw(st.lists(st.integers(1, len(order)), max_size=6)))
    objects = [order[start:end] for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True) if start < end]
    ends = sorted({len(objects), *draw(st.lists(st.integers(1, len(objects)), max_size=2))})
    return [objects[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def test_any_order_split_loss_and_redelivery_of_objects_makes_the_tables_that_the_trades_make(bench):
    def check(cycles: list[list[list[Trade]]]) -> None:
        bench.empty()
        recorder = Recorder()
        loaded: list[Trade] = []
        for objects in cycles:
            bench.cycle([recorder.write(trades) for trades in objects])
            loaded += [trade for trades in objects for trade in trades]
            assert silver(bench) == sorted({(t.symbol, t.trade_id, t.price, t.quantity, t.traded_at) for t in loaded})
            expected = oracle.gold(loaded, bench.zone)
            for timeframe, rows in expected.items():
                assert gold(bench, timeframe) == rows, timeframe
            assert footprints(bench) == flowing.rows(loaded)
            assert open_holes(bench) == holes(loaded)

    of_some(bench, deliveries(), check, dbt=2, owner=20)


def test_the_history_of_gaps_is_the_same_when_it_is_read_at_once_and_backwards(bench):
    def check(cycles: list[list[list[Trade]]]) -> None:
        recorder = Recorder()
        objects = [recorder.write(trades) for cycle in cycles for trades in cycle]
        bench.empty()
        for item in objects:
            bench.load([item])
        bench.run()
        at_once = bench.rows("select * from gold.tape_gaps order by all")
        bench.empty()
        for part in (objects[len(objects) // 2 :], objects[: len(objects) // 2]):
            if part:
                bench.cycle(part[::-1])
        assert bench.rows("select * from gold.tape_gaps order by all") == at_once

    of_some(bench, deliveries(), check, dbt=2, owner=8)


@st.composite
def disputes(draw: st.DrawFn) -> list[list[Copy]]:
    """Batches of copies of a few trades, whose contents and sources differ, in any order."""
    copies = [draw(copies_of(trade_id)) for trade_id in range(1, 13) for _ in range(draw(st.integers(1, 3)))]
    order = draw(st.permutations(copies))
    cuts = sorted({0, len(order), *draw(st.lists(st.integers(1, len(order)), max_size=2))})
    return [order[start:end] for start, end in pairwise(cuts)]


@st.composite
def copies_of(draw: st.DrawFn, trade_id: int) -> Copy:
    """One way in which a trade of second `trade_id` may be told."""
    at = START + trade_id * 1_000_000 + draw(st.sampled_from((0, 123_000, 123_456)))
    price, quantity = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    trade = Trade("BTCUSDT", trade_id, Decimal(price), Decimal(quantity), draw(st.booleans()), at)
    return Copy(trade, draw(st.sampled_from(oracle.SOURCES)))


def test_which_of_differing_copies_counts_depends_on_them_and_not_on_their_order(bench):
    def check(batches: list[list[Copy]]) -> None:
        bench.empty()
        recorder = Recorder()
        for copies in batches:
            bench.cycle([recorder.write_copies(copies)])
        expected = oracle.winners(copy for copies in batches for copy in copies)
        assert silver(bench) == [(t.symbol, t.trade_id, t.price, t.quantity, t.traded_at) for t in expected]
        for timeframe, rows in oracle.gold(expected, bench.zone).items():
            assert gold(bench, timeframe) == rows, timeframe

    of_some(bench, disputes(), check, dbt=2, owner=12)


def test_a_line_that_is_no_trade_becomes_a_visible_hole_and_stops_nothing(bench):
    bench.empty()
    recorder = Recorder()
    trades = [Trade("BTCUSDT", trade_id, Decimal(5), Decimal(1), False, START + trade_id) for trade_id in range(1, 4)]
    broken = recorder.write(trades)
    lines = [line.replace(b'"p":"5"', b'"p":"five"') if b'"t":2,' in line else line for line in broken.lines]
    bench.cycle([broken._replace(lines=lines)])
    assert bench.rows("select trade_id from silver.trades_deduped order by 1") == [(1,), (3,)]
    assert bench.rows("select first_missing_id, last_missing_id, state from gold.tape_gaps") == [(2, 2, "open")]


@pytest.mark.parametrize("time", [b"17", b"null"])
def test_a_line_without_a_usable_time_stops_nothing(bench, time):
    bench.empty()
    recorder = Recorder()
    hours = [Trade("BTCUSDT", n, Decimal(5), Decimal(1), False, START + n * 3_600_000_000) for n in range(1, 5)]
    bench.cycle([recorder.write(hours[:3])])
    broken = recorder.write([hours[3]])
    lines = [re.sub(rb'"T":\d+', b'"T":' + time, line) for line in broken.lines]
    bench.cycle([broken._replace(lines=lines)])
    assert bench.rows("select count(*) from silver.trades_deduped where trade_id < 4") == [(3,)]


def test_a_hole_that_is_filled_and_one_that_is_declared_stay_in_the_history(bench):
    bench.empty()
    recorder = Recorder()
    trade = {n: Trade("BTCUSDT", n, Decimal(5), Decimal(1), False, START + n * 1_000_000) for n in range(1, 10)}
    bench.cycle([recorder.write([trade[1]]), recorder.write([trade[4], trade[6]])])
    states = "select first_missing_id, last_missing_id, state, missing_count from gold.tape_gaps order by 1"
    assert bench.rows(states) == [(2, 3, "open", 2), (5, 5, "open", 1)]
    recorder.declared = [(5, 5)]
    bench.cycle([recorder.write([trade[3]])])
    assert bench.rows(states) == [(2, 3, "open", 1), (5, 5, "declared", 1)]
    bench.cycle([recorder.write([trade[2]])])
    assert bench.rows(states) == [(2, 3, "filled", 0), (5, 5, "declared", 1)]
    [(before, after, filled)] = bench.rows(
        "select previous_traded_at, next_traded_at, filled_at from gold.tape_gaps where state = 'filled'"
    )
    assert (before, after) == (trade[1].traded_at, trade[4].traded_at)
    assert filled == bench.rows("select max(received_at) from silver.trades_deduped where trade_id in (2, 3)")[0][0]


def test_a_candle_waits_for_the_exchanges_and_gets_a_verdict_whenever_that_comes(bench):
    bench.empty()
    recorder = Recorder()
    start = START - START % MINUTE
    trade = [Trade("BTCUSDT", n, Decimal(5), Decimal(1), False, start + n * MINUTE) for n in range(12)]
    status = "select minute(open_time), status, mismatched_fields from gold.candle_audit order by open_time"
    bench.cycle([recorder.write(trade[0:4])])
    assert bench.rows(status) == [(54, "pending", None), (55, "pending", None), (56, "pending", None)]
    bench.cycle([recorder.write([trade[4]], klines=[(start + MINUTE, kline(trade[1])), (start, kline(trade[0]))])])
    assert bench.rows(status)[:3] == [(54, "match", None), (55, "match", None), (56, "pending", None)]
    bench.cycle([recorder.write(trade[5:])])
    # However far the tape has gone on: as long as the trades of history are fetched, no candle of it is.
    assert bench.rows(status)[1:4] == [(55, "match", None), (56, "pending", None), (57, "pending", None)]
    bench.warehouse.connection.execute(
        "update gold.trades_ohlc_1m set loaded_at = loaded_at - interval '25 hours'"
        " where minute(open_time) in (56, 57);"
        "update gold.candle_audit set candle_loaded_at = candle_loaded_at - interval '25 hours'"
        " where minute(open_time) in (56, 57)"
    )
    bench.cycle([recorder.write([Trade("BTCUSDT", 12, Decimal(5), Decimal(1), False, start + 12 * MINUTE)])])
    assert bench.rows(status)[1:5] == [
        (55, "match", None),
        (56, "no_oracle", None),
        (57, "no_oracle", None),
        (58, "pending", None),
    ]
    wrong = kline(trade[2]) | {"v": "2", "n": 2}
    bench.cycle([recorder.write([], klines=[(start + 2 * MINUTE, wrong)])])
    assert bench.rows(status)[2] == (56, "mismatch", "volume,trade_count")
    bench.cycle([recorder.write([], klines=[(start + 2 * MINUTE, kline(trade[2]))], event_at=start + 60 * MINUTE)])
    assert bench.rows(status)[2] == (56, "match", None)


def test_quote_amounts_are_cut_per_trade_as_the_exchange_publishes_them(bench):
    # Rows of the exchange's own archive: ETHBTC, and KSMBTC twice. Rounded, each would end in the next digit.
    published = (
        ("0.03577", "0.1267", "0.00453205"),
        ("0.000627", "3.558", "0.00223086"),
        ("0.003127", "4.708", "0.01472191"),
    )
    bench.empty()
    start = START - START % MINUTE
    trades = [
        Trade("BTCUSDT", n, Decimal(price), Decimal(quantity), n == 0, start + n)
        for n, (price, quantity, _) in enumerate(published)
    ]
    following = Trade("BTCUSDT", 3, Decimal(5), Decimal(1), False, start + MINUTE)
    candle = {
        "o": "0.03577", "h": "0.03577", "l": "0.000627", "c": "0.003127", "n": 3, "f": 0, "L": 2,
        "v": "8.3927", "q": "0.02148482", "V": "8.266", "Q": "0.01695277",
    }  # fmt: skip
    bench.cycle([Recorder().write([*trades, following], klines=[(start, candle)])])
    amounts = bench.rows("select quote_quantity from silver.trades_deduped where trade_id < 3 order by trade_id")
    assert amounts == [(Decimal(quote),) for _, _, quote in published]
    assert bench.rows("select status from gold.candle_audit") == [("match",)]


def test_a_footprint_waits_for_the_exchanges_candle_and_gets_a_verdict_of_its_own(bench):
    bench.empty()
    recorder = Recorder()
    start = START - START % MINUTE
    trade = [Trade("BTCUSDT", n, Decimal(5), Decimal(1), n % 2 == 0, start + n * MINUTE) for n in range(12)]
    told = "select minute(open_time), status, mismatched_fields, is_proved from gold.footprint_audit order by open_time"
    bench.cycle([recorder.write(trade[0:4])])
    assert bench.rows(told) == [(54 + n, "pending", None, False) for n in range(3)]
    klines = [(start + n * MINUTE, kline(trade[n])) for n in (1, 2)]
    bench.cycle([recorder.write([trade[4]], klines=klines)])
    assert bench.rows(told)[1:3] == [(55, "match", None, True), (56, "match", None, True)]
    bench.cycle([recorder.write(trade[5:], klines=[(start, kline(trade[0]))])])
    assert bench.rows(told)[0] == (54, "match", None, False), "what came before its first id is not known"
    wrong = kline(trade[2]) | {"V": "1", "h": "6"}
    bench.cycle([recorder.write([], klines=[(start + 2 * MINUTE, wrong)], event_at=start + 60 * MINUTE)])
    assert bench.rows(told)[2] == (56, "mismatch", "high,taker_buy_volume", False)
    deltas = "select delta, min_delta, max_delta, level_count, step from gold.footprint_audit order by open_time"
    assert bench.rows(deltas)[:2] == [(-1, -1, -1, 1, flowing.UNIT), (1, 1, 1, 1, flowing.UNIT)]


class Recorder:
    """Makes objects as a recorder does; what is covered grows with each."""

    def __init__(self) -> None:
        self.covered: dict[str, Spans] = {}
        self.declared: list[Range] = []
        self.sequence = 0

    def write_copies(self, copies: list[Copy]) -> LakeObject:
        """Make an object of trades, each from a source of its own."""
        written = self.write([copy.trade for copy in copies])
        return written._replace(lines=[line_of(copy.trade, copy.source) for copy in copies])

    def write(
        self, trades: list[Trade], *, klines: Sequence[tuple[int, dict[str, object]]] = (), event_at: int | None = None
    ) -> LakeObject:
        self.sequence += 1
        for trade in trades:
            self.covered.setdefault(trade.symbol, Spans()).add(trade.trade_id, trade.trade_id)
        lines = [line_of(trade) for trade in trades]
        lines += [kline_line("BTCUSDT", opened, candle, event_at=event_at) for opened, candle in klines]
        manifest = Manifest(
            recorder="r1",
            seq=self.sequence,
            prev=None,
            created=START + self.sequence * 1_000_000,
            lines=len(lines),
            spans={},
            covered={symbol: ids.ranges() for symbol, ids in self.covered.items()},
            declared={"BTCUSDT": self.declared} if self.declared else {},
            klines={"BTCUSDT": len(klines)} if klines else {},
        )
        minute, second = divmod(self.sequence, 60)
        name = f"binance/raw/2024-08-09/00/stream_2024-08-09_00-{minute:02}-{second:02}.000000_r1.json.zst"
        return LakeObject(name, lines, manifest)


def line_of(trade: Trade, source: str = "ws") -> bytes:
    return trade_line(
        trade.symbol,
        trade.trade_id,
        trade.at,
        price=str(trade.price),
        quantity=str(trade.quantity),
        is_buyer_maker=trade.is_buyer_maker,
        source=source,
    )


def kline(trade: Trade) -> dict[str, object]:
    """The exchange's candle of a minute with this one trade."""
    price, quantity = str(trade.price), str(trade.quantity)
    quote = str(trade.quote)
    bought, paid = ("0", "0") if trade.is_buyer_maker else (quantity, quote)
    values = {
        "o": price,
        "h": price,
        "l": price,
        "c": price,
        "v": quantity,
        "q": quote,
        "n": 1,
        "V": bought,
        "Q": paid,
    }
    return values | {"f": trade.trade_id, "L": trade.trade_id}


def decimal(units: int) -> Decimal:
    """A price or a quantity of six decimals: their product has four more than the exchange keeps of it."""
    return Decimal(units).scaleb(-6)


def silver(bench: Bench) -> list[tuple[object, ...]]:
    return bench.rows("select symbol, trade_id, price, quantity, traded_at from silver.trades_deduped order by 1, 2")


def gold(bench: Bench, timeframe: str, relation: str | None = None) -> list[tuple[object, ...]]:
    relation = relation or f"gold.trades_ohlc_{timeframe}"
    return bench.rows(f"select {oracle.COLUMNS} from {relation} order by symbol, open_time")


def footprints(bench: Bench, relation: str = "gold.trades_footprint_1m") -> list[tuple[object, ...]]:
    return bench.rows(f"select {flowing.COLUMNS} from {relation} order by symbol, open_time, price")


def open_holes(bench: Bench) -> dict[str, int]:
    """How many ids are missing, by symbol, as TAPE_GAPS has it."""
    return dict(
        bench.rows(
            "select symbol, sum(missing_count)::bigint from gold.tape_gaps group by 1 having sum(missing_count) > 0"
        )
    )


def holes(trades: list[Trade]) -> dict[str, int]:
    ids: dict[str, Spans] = {}
    for trade in trades:
        ids.setdefault(trade.symbol, Spans()).add(trade.trade_id, trade.trade_id)
    return {symbol: spans.holes().count for symbol, spans in ids.items() if spans.holes()}


def test_gold_says_of_each_day_that_is_over_how_far_it_is(bench, tmp_path):
    settings = settings_of(tmp_path)
    lake, (first, second) = lake_of(settings), markets()
    bench.empty()

    def load(known: set[str]) -> set[str]:
        new = sorted({item.name for item in lake.list_all()} - known)
        bench.cycle([lake.read_text(name) for name in new])
        return known | set(new)

    def days() -> list[tuple]:
        columns = "day, state, trade_count, missing_count, why, digest"
        return bench.rows(f"select {columns} from gold.tape_days order by day")

    fill(lake, [all_lines(first, 30, 31), second])
    loaded = load(set())
    why = "2 trade ids are missing and asked for"
    assert days() == [(DAYS[0], "healing", 298, 2, why, None)], "the second day may go on"
    fill(lake, [first.lines()[30:32]], recorder="r2")
    loaded = load(loaded)
    [(_, state, count, missing, _, _)] = days()
    assert (state, count, missing) == ("partial", 300, 0), "no trade before it proves that its first minute is whole"
    found = keeping.seal_days(settings, None, None, lambda *_: None, asks=False)
    assert [each.state for each in found] == ["sealed", "sealed"]
    load(loaded)
    assert days() == [(each.day, "sealed", 300, 0, None, each.digest) for each in found], "the newest one, too"
