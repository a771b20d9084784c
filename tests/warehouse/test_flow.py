"""Order flow: steps and value areas, its standing, and the recording's footprints beside the exchange's own candles."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candlewick.errors import RangeError
from candlewick.warehouse.compiling import program
from candlewick.warehouse.duckdb.periods import with_news
from candlewick.warehouse.flow.levels import checked_step, step_at_least, value_area
from candlewick.warehouse.flow.reading import Flow, bars_of
from candlewick.warehouse.flow.verdict import REASONS, Judged, differing, reasons, standing
from warehouse.flowing import Footprint, step_of
from warehouse.mutations import KINDS, is_caught, mutated
from warehouse.oracle import EPOCH, Trade
from warehouse.recorded import WHOLE, klines_of, trades_of

UTC = ZoneInfo("UTC")
AT = datetime(2024, 8, 9)


class Held:
    """A warehouse in memory that has trades, and nothing that was made of them."""

    def __init__(self, trades: Sequence[Trade]) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("""
            create schema silver; create schema gold;
            create table gold.trades_footprint_1m (
                symbol varchar, open_time timestamp, min_delta decimal(38, 8), max_delta decimal(38, 8),
                buy_volume decimal(38, 8), sell_volume decimal(38, 8), first_trade_id bigint, last_trade_id bigint);
            create table gold.footprint_audit (
                symbol varchar, open_time timestamp, status varchar, mismatched_fields varchar, is_complete boolean);
            create table gold.trades_ohlc_1m (symbol varchar, open_time timestamp);
            create table gold.tape_gaps (
                symbol varchar, first_missing_id bigint, last_missing_id bigint, state varchar,
                previous_traded_at timestamp, next_traded_at timestamp)
        """)
        amounts = {
            "price": [trade.price for trade in trades],
            "quantity": [trade.quantity for trade in trades],
            "quote_quantity": [trade.quote for trade in trades],
        }
        rows = pa.table(
            {
                "symbol": [trade.symbol for trade in trades],
                **{name: pa.array(values, pa.decimal128(38, 8)) for name, values in amounts.items()},
                "is_buyer_maker": [trade.is_buyer_maker for trade in trades],
                "traded_at": [trade.traded_at for trade in trades],
            }
        )
        self._connection.register("rows", rows)
        self._connection.execute("create table silver.trades_deduped as select * from rows")

    def query(self, sql: str, params: Sequence[object] = ()) -> pa.Table:
        return self._connection.cursor().sql(sql, params=list(params)).to_arrow_table()

    def candles(self, *_: object) -> pa.Table:
        raise NotImplementedError("footprints need no candles")


@pytest.fixture(scope="module")
def trades(recording: Path) -> list[Trade]:
    return trades_of(recording)


def test_both_whole_candles_of_the_recording_equal_the_exchanges_at_every_tick(recording, trades):
    klines, flow = klines_of(recording), Flow(Held(trades), "BTCUSDT", UTC)
    for opened in WHOLE:
        start = EPOCH + timedelta(milliseconds=opened)
        made = flow.exact_footprints("5m", start, start + timedelta(minutes=5)).levels
        sums = {
            name: sum(made.column(name).to_pylist())
            for name in made.column_names
            if name.split("_")[0] in ("buy", "sell")
        }
        ours = (
            sums["buy_count"] + sums["sell_count"],
            sums["buy_volume"] + sums["sell_volume"],
            sums["buy_quote_volume"] + sums["sell_quote_volume"],
            sums["buy_volume"],
            sums["buy_quote_volume"],
            max(made.column("high").to_pylist()),
            min(made.column("low").to_pylist()),
        )
        assert differing(ours, klines[opened]) == ()
        assert made.column("price").to_pylist() == made.column("high").to_pylist() == made.column("low").to_pylist()


@pytest.mark.parametrize("step", ["0.01", "0.5", "5", "100"])
def test_levels_of_any_step_are_those_of_plain_python(trades, step):
    start, size = EPOCH + timedelta(milliseconds=WHOLE[0]), Decimal(step)
    made = Flow(Held(trades), "BTCUSDT", UTC).exact_footprints("1m", start, start + timedelta(minutes=5), size).levels
    rows = [tuple(row.values()) for row in made.to_pylist()]
    expected = []
    for minute in range(5):
        opened = start + timedelta(minutes=minute)
        within = [trade for trade in trades if opened <= trade.traded_at < opened + timedelta(minutes=1)]
        levels = Footprint.of(within, size).levels
        expected += [(opened, size, price, *vars(level).values()) for price, level in sorted(levels.items())]
    assert rows == expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutation_of_the_tape_is_caught_by_the_sums_or_by_the_ids(recording, trades, kind):
    klines, rng = klines_of(recording), random.Random(kind)
    for opened in WHOLE:
        start = EPOCH + timedelta(milliseconds=opened)
        candle = [trade for trade in trades if start <= trade.traded_at < start + timedelta(minutes=5)]
        ids = candle[0].trade_id, candle[-1].trade_id
        assert not is_caught(candle, klines[opened], ids)
        for _ in range(2):
            assert is_caught(mutated(candle, kind, rng), klines[opened], ids)


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=200))
def test_a_minutes_levels_are_bounded_and_small_beside_its_trades(units):
    trades = [Trade("A", n, Decimal(price).scaleb(-8), Decimal(1), False, n) for n, price in enumerate(units)]
    step = step_of(trades)
    assert checked_step(step) == step
    assert len(Footprint.of(trades, step).levels) <= max(8, min(64, len(trades) // 8))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30))
def test_a_value_area_holds_its_share_around_the_largest_level(units):
    volumes = [Decimal(unit) for unit in units]
    area = value_area(volumes)
    if not any(units):
        assert area is None
        return
    assert area is not None
    assert volumes[area.point] == max(volumes)
    assert area.low <= area.point <= area.high
    assert sum(volumes[area.low : area.high + 1]) * 10 >= sum(volumes) * 7


def test_a_value_area_grows_to_the_larger_side_and_to_both_where_they_are_equal():
    assert value_area([Decimal(n) for n in (1, 2, 9, 4, 1)]) == (2, 2, 3)
    assert value_area([Decimal(n) for n in (1, 3, 4, 3, 1)]) == (2, 1, 3)


@pytest.mark.parametrize(
    ("given_step", "expected"), [("0.3", "0.5"), ("0.5", "0.5"), ("0.7", "1"), ("6", "10"), ("1", "1")]
)
def test_the_smallest_step_that_is_large_enough_is_found(given_step, expected):
    assert step_at_least(Decimal(given_step)) == Decimal(expected)


@pytest.mark.parametrize("step", ["2", "0", "-1", "NaN", "Infinity", "0.25", "1E-9", "1E+10"])
def test_a_step_that_does_not_divide_the_next_is_refused(step):
    with pytest.raises(RangeError, match=r"expected a step such as 0.5, 1, 5 or 10"):
        checked_step(Decimal(step))


def test_a_range_that_cannot_be_answered_is_refused_in_one_line():
    with pytest.raises(
        RangeError, match=r"expected a timeframe of 1m, 5m, .*, got '1s': footprints are made of minutes"
    ):
        bars_of("1s", AT, AT + timedelta(hours=1), UTC)
    with pytest.raises(RangeError, match="at most 1,500 bars and 45 days"):
        bars_of("1m", AT, AT + timedelta(days=2), UTC)
    with pytest.raises(RangeError, match="at most 1,500 bars and 45 days"):
        bars_of("1d", AT, AT + timedelta(days=46), UTC)


def test_days_begin_at_the_midnight_of_their_zone():
    bars = bars_of("1d", datetime(2024, 8, 8), datetime(2024, 8, 10), ZoneInfo("Asia/Kolkata"))
    assert [bar.opened for bar in bars] == [datetime(2024, 8, 8, 18, 30), datetime(2024, 8, 9, 18, 30)]


def judged(minute: int, status: str, *, is_complete: bool = True, fields: str | None = None) -> Judged:
    return Judged(AT + timedelta(minutes=minute), status, fields, is_complete)  # type: ignore[arg-type]


def test_a_time_stands_as_the_worst_of_its_minutes():
    good = [judged(n, "match") for n in range(5)]
    assert standing(good, 5, is_over=True) == "proved"
    assert standing(good[:4], 5, is_over=False) == "forming"
    assert standing(good[:4], 5, is_over=True) == "incomplete", "a minute beside a hole has no candle"
    assert standing([*good[:4], judged(4, "pending")], 5, is_over=True) == "pending"
    assert standing([*good[:4], judged(4, "match", is_complete=False)], 5, is_over=True) == "incomplete"
    assert standing([*good[:4], judged(4, "pending", is_complete=False)], 5, is_over=True) == "incomplete"
    assert standing([judged(0, "mismatch", fields="volume"), *good[1:]], 5, is_over=True) == "mismatch"


def test_the_reasons_name_the_sums_and_the_ids():
    minutes = [judged(0, "match"), judged(1, "mismatch", fields="volume,taker_buy_volume"), judged(2, "no_oracle")]
    holes = [{"first_missing_id": 7, "last_missing_id": 9, "state": "open"}]
    assert reasons(minutes, holes) == [
        "ids 7 to 9 are missing",
        "2024-08-09 00:01 UTC: base, taker base differ from the exchange's",
        "2024-08-09 00:02 UTC: the exchange's candle never came",
    ]
    assert reasons([judged(n, "pending") for n in range(50)], [])[REASONS:] == ["and 30 more"]


def test_a_footprint_of_many_trades_in_any_order_is_what_a_window_for_each_minute_and_whole_numbers_make(
    tmp_path: Path,
) -> None:
    """Enough trades for several threads, at prices below and above where decimals of 18 digits end."""
    with duckdb.connect(config={"threads": 4}) as connection:
        connection.execute("""
            create schema silver; create schema gold;
            create table silver.trades_deduped as
            select
                symbol, id as trade_id, cast(cheapest + hash(id) % 2000 * tick as decimal(38, 8)) as price,
                cast((1 + hash(id + 7) % 100000) / 100000 as decimal(38, 8)) as quantity,
                cast(1 + hash(id + 3) % 1000 as decimal(38, 8)) as quote_quantity,
                hash(id + 5) % 2 = 0 as is_buyer_maker,
                timestamp '2026-01-24' + to_microseconds(id * 3000 + (hash(id + 9) % 40000)::bigint) as traded_at,
                timestamp '2026-01-25' as loaded_at
            from range(200000) as ids(id), (values
                ('A', 61000.0::decimal(38, 8), 0.01::decimal(9, 8)), ('B', 9999999990.0, 0.01),
                ('C', 0.00000001, 0.00000003)
            ) as symbols(symbol, cheapest, tick)
            order by hash(id)
        """)
        model = next(each for each in program("duckdb", "UTC", tmp_path).models if each.name == "trades_footprint_1m")
        sql = with_news(connection, model.sql, lambda _: datetime(1970, 1, 1))
        connection.execute(f"create table made as {sql}")
        unlike = """
            with trades as (
                select
                    *, date_trunc('minute', traded_at) as open_time,
                    sum(case when is_buyer_maker then -quantity else quantity end)
                        over (partition by symbol, date_trunc('minute', traded_at) order by trade_id) as delta
                from silver.trades_deduped
            ),
            minutes as (
                select symbol, open_time, min(delta) as min_delta, max(delta) as max_delta from trades group by all
            ),
            steps as (select distinct symbol, open_time, (step * 100000000)::hugeint as units from made),
            expected as (
                select
                    symbol, open_time, (price * 100000000)::hugeint // units * units as level,
                    sum(quantity) as quantity,
                    count(*) as trades, min(price) as low, max(price) as high, any_value(min_delta) as min_delta,
                    any_value(max_delta) as max_delta
                from trades join steps using (symbol, open_time) join minutes using (symbol, open_time)
                group by symbol, open_time, level
            ),
            seen as (
                select
                    symbol, open_time, (price * 100000000)::hugeint as level, buy_volume + sell_volume as quantity,
                    buy_count + sell_count as trades, low, high, min_delta, max_delta
                from made
            )
            select count(*) from ((from seen except all from expected) union all (from expected except all from seen))
        """
        assert connection.execute("select count(distinct symbol), count(*) > 1000 from made").fetchall() == [(3, True)]
        assert connection.execute(unlike).fetchall() == [(0,)]
