"""What footprints prove, and what they cost: mutations of a real tape, the size of the roll-up, a day's profile.

    python benchmarks/footprint.py [--mutations 200] [--trades 2700000]

Mutations are made of the two 5m candles that the recording holds whole (`CANDLEWICK_RECORDING`), and caught by the
exchange's own sums or by the ids; as many clean copies, of any step, must not be. Sums by floats are shown beside.
The day is synthetic: trades of a random walk, rolled up by the model's own rule and read by the dashboard's own SQL.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

ROOT = Path(__file__).parent.parent
sys.path[0] = str(ROOT / "tests")  # beside this file is a benchmark with the name of a package there

from candlewick.warehouse.compiling import program
from candlewick.warehouse.duckdb.periods import with_news
from candlewick.warehouse.flow.reading import Flow
from made.recordings import REAL
from warehouse.flowing import STEPS, Footprint
from warehouse.mutations import KINDS, is_caught, mutated
from warehouse.oracle import EPOCH, Trade
from warehouse.recorded import WHOLE, klines_of, trades_of

DAY = datetime(2026, 1, 24)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--mutations", type=int, default=200, help="of each kind")
    parser.add_argument("--trades", type=int, default=2_700_000, help="in the synthetic day")
    arguments = parser.parse_args()
    if REAL.is_dir():
        prove(arguments.mutations)
    else:
        print(f"{REAL}: no recording; set CANDLEWICK_RECORDING")
    profile(arguments.trades)


def prove(count: int) -> None:
    """Mutate the recording's whole candles."""
    trades, klines, rng = trades_of(REAL), klines_of(REAL), random.Random(7)
    candles = {}
    for opened in WHOLE:
        start = EPOCH + timedelta(milliseconds=opened)
        candles[opened] = [each for each in trades if start <= each.traded_at < start + timedelta(minutes=5)]
        print(f"candle {start}: {len(candles[opened])} trades, {float_sums(candles[opened], klines[opened])}")
    for kind in (*KINDS, "clean"):
        caught, cases = 0, count * len(KINDS) if kind == "clean" else count
        for number in range(cases):
            opened = WHOLE[number % len(WHOLE)]
            held, ids = candles[opened], (candles[opened][0].trade_id, candles[opened][-1].trade_id)
            faulty = held if kind == "clean" else mutated(held, kind, rng)
            caught += is_caught(faulty, klines[opened], ids, rng.choice(STEPS[12:24]))
        print(f"{kind:>9}: {caught:,} of {cases:,} caught", flush=True)


def float_sums(trades: list[Trade], kline: tuple[Decimal | int, ...]) -> str:
    """How many of base, quote and both taker volumes equal the exchange's when they are added up as floats."""
    bought = [trade for trade in trades if not trade.is_buyer_maker]
    sums = [sum(float(t.quantity) for t in trades), sum(float(t.quote) for t in trades)]
    sums += [sum(float(t.quantity) for t in bought), sum(float(t.quote) for t in bought)]
    equal = sum(own == float(other) for own, other in zip(sums, kline[1:5], strict=True))
    high, low, *exact = Footprint.of(trades, Decimal("0.01")).sums
    assert (*exact, high, low) == kline
    return f"decimal sums: 7 of 7 equal the exchange's; float sums: {equal} of 4"


def profile(count: int) -> None:
    """Roll a synthetic day up, compare sizes, and read its profile from both."""
    with duckdb.connect() as connection, tempfile.TemporaryDirectory() as folder:
        fill(connection, count)
        sizes = {}
        for name, order in (("silver.trades_deduped", "trade_id"), ("gold.trades_footprint_1m", "open_time, price")):
            path = Path(folder, name)
            connection.execute(f"copy (from {name} order by {order}) to '{path}' (format parquet, compression zstd)")
            sizes[name] = path.stat().st_size
        silver, gold = sizes.values()
        print(f"roll-up of {count:,} trades: {gold / silver:.1%} of SILVER's bytes ({gold:,} of {silver:,})")
        flow = Flow(Reader(connection), "BTC", ZoneInfo("UTC"))  # type: ignore[arg-type]  # it reads no candles
        for of_trades in (True, False):
            wall, cpu = time.perf_counter(), time.process_time()
            made = flow.profile(DAY, DAY + timedelta(days=1), Decimal(10), of_trades=of_trades)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            source = "trades" if of_trades else "roll-ups"
            taken = f"{wall * 1e3:.0f} ms, CPU {cpu * 1e3:.0f} ms"
            print(f"24 h profile from {source}: {made.levels.num_rows} levels, {taken}")


class Reader:
    """What the dashboard reads by, over one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def query(self, sql: str, params: Sequence[object] = ()) -> pa.Table:
        """Run one statement."""
        return self._connection.cursor().sql(sql, params=list(params)).to_arrow_table()


def fill(connection: duckdb.DuckDBPyConnection, count: int) -> None:
    """Make a day's trades, and their roll-up by the model's own SQL."""
    connection.execute(f"""
        create schema silver; create schema gold; select setseed(0.5);
        create table silver.trades_deduped as
        select
            'BTC-' || id as business_key, 'BTC' as symbol, id as trade_id,
            cast(60000 + round(sum(random() - 0.5) over (order by id rows unbounded preceding), 2) as decimal(38, 8))
                as price,
            cast(round(random() * random() * random(), 5) + 0.00001 as decimal(38, 8)) as quantity,
            random() < 0.5 as is_buyer_maker,
            timestamp '{DAY}' + id * interval '1 microsecond' * (86400000000 // {count}) as traded_at,
            timestamp '{DAY}' + id * interval '1 microsecond' * (86400000000 // {count}) as received_at,
            timestamp '{DAY}' as loaded_at, 'ws' as source
        from range({count}) as ids(id);
        alter table silver.trades_deduped add column quote_quantity decimal(38, 8);
        update silver.trades_deduped set quote_quantity = price * quantity;
        create table gold.footprint_audit (
            symbol varchar, open_time timestamp, status varchar, mismatched_fields varchar, is_complete boolean);
        create table gold.trades_ohlc_1m (symbol varchar, open_time timestamp);
        create table gold.tape_gaps (
            symbol varchar, first_missing_id bigint, last_missing_id bigint, state varchar,
            previous_traded_at timestamp, next_traded_at timestamp)
    """)
    connection.execute(f"create table gold.trades_footprint_1m as {model_sql(connection)}")


def model_sql(connection: duckdb.DuckDBPyConnection) -> str:
    """The model as the warehouse's owner runs it, on a table of which it has seen nothing yet."""
    with tempfile.TemporaryDirectory() as folder:
        [model] = [each for each in program("duckdb", "UTC", Path(folder)).models if each.name == "trades_footprint_1m"]
    return with_news(connection, model.sql, lambda _: datetime(1970, 1, 1))


if __name__ == "__main__":
    main()
