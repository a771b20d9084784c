"""How fast the warehouse is: a backlog from the lake into SILVER and GOLD, and one cycle of live trading.

    python benchmarks/warehouse.py [trades]

A lake of synthetic objects is loaded, transformed and published as after a first start; then objects of a second's
trades come one by one, as from a recorder, and every cycle is timed. Beside the backlog, in the same run, stands the
plain way: the same trades by `executemany` into an empty DuckDB table, with nothing made of them.
"""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

from candlewick.config import Settings
from candlewick.lake import names
from candlewick.lake.manifest import Extent, Manifest
from candlewick.lake.objects import Lake, pack
from candlewick.moments import now_us
from candlewick.warehouse.duckdb import owner
from candlewick.warehouse.duckdb.pipeline import Pipeline

TRADES = 1_000_000
TRADES_PER_OBJECT = 3_000
LIVE_CYCLES = 30
PLAIN_TRADES = 20_000
SYMBOLS = {"BTCDEMO": 3_700_000_000, "ETHDEMO": 1_500_000_000, "SOLDEMO": 900_000_000}
SEED = 7


def main() -> None:
    trades = int(sys.argv[1]) if len(sys.argv) > 1 else TRADES
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(data=Path(home), prefix="demo")
        recorder = Recorder(Lake.open(settings.lake_url, settings.prefix), seconds=trades // TRADES_PER_OBJECT)
        for _ in range(trades // TRADES_PER_OBJECT):
            recorder.write_second()
        backlog(settings, trades)
        live(settings, recorder)


def backlog(settings: Settings, trades: int) -> None:
    started = time.perf_counter()
    owner.run(settings, once=True)
    ours = trades / (time.perf_counter() - started)
    plain = by_executemany()
    print(f"backlog of {trades:,} trades, lake to mart   {ours:>12,.0f} trades/s")
    print(f"executemany into an empty table, no models   {plain:>12,.0f} trades/s   ratio {ours / plain:.1f}")


def live(settings: Settings, recorder: "Recorder") -> None:
    cycles: list[dict[str, float]] = []
    with Pipeline.open(settings) as pipeline:
        while pipeline.cycle() or pipeline.is_catching_up:
            continue
        for _ in range(LIVE_CYCLES):
            recorder.write_second()
            pipeline.cycle()
            cycles.append(pipeline.cycle_ms)
        started = time.perf_counter()
        for _ in range(100):
            pipeline.intake.load()
        idle = (time.perf_counter() - started) * 10
    for part in ("load", "dbt", "publish"):
        print(f"cycle of {TRADES_PER_OBJECT:,} trades: {part:8}", *quantiles([cycle[part] for cycle in cycles]))
    print(f"cycle of {TRADES_PER_OBJECT:,} trades: all     ", *quantiles([sum(cycle.values()) for cycle in cycles]))
    print(f"cycle without news: {idle:.1f} ms")


def quantiles(values: list[float]) -> tuple[str, str]:
    return f"p50 {statistics.median(values):6.0f} ms", f"p99 {statistics.quantiles(values, n=100)[98]:6.0f} ms"


def by_executemany() -> float:
    connection = duckdb.connect()
    connection.execute(
        "create table trades (symbol varchar, trade_id bigint, price decimal(38,8), quantity decimal(38,8))"
    )
    rows = [["BTCDEMO", trade_id, "61837.63000000", "0.00100000"] for trade_id in range(PLAIN_TRADES)]
    started = time.perf_counter()
    connection.executemany("insert into trades values (?, ?, ?, ?)", rows)
    return PLAIN_TRADES / (time.perf_counter() - started)


class Recorder:
    """Writes objects as a recorder does: a second's trades of all symbols, then a manifest."""

    def __init__(self, lake: Lake, *, seconds: int) -> None:
        self._lake = lake
        self._random = random.Random(SEED)
        self._clock = now_us() - (seconds + 60) * 1_000_000
        self._next = dict(SYMBOLS)
        self._sequence = 0
        self._previous: str | None = None

    def write_second(self) -> None:
        """Write the object of the next second."""
        firsts = dict(self._next)
        lines = list(self._lines())
        spans = {
            symbol: Extent(first, self._next[symbol] - 1, self._next[symbol] - first, [(first, self._next[symbol] - 1)])
            for symbol, first in firsts.items()
        }
        self._sequence += 1
        self._clock += 1_000_000
        manifest = Manifest(
            recorder="r1",
            seq=self._sequence,
            prev=self._previous,
            created=self._clock,
            lines=len(lines),
            spans=spans,
            covered={symbol: [(SYMBOLS[symbol], extent.last)] for symbol, extent in spans.items()},
        )
        self._previous = names.stream(self._lake.prefix, "r1", self._clock)
        self._lake.put_absent(self._previous, pack(lines, manifest))

    def _lines(self) -> Iterator[bytes]:
        for symbol in SYMBOLS:
            count = TRADES_PER_OBJECT // len(SYMBOLS)
            for offset in sorted(self._random.randrange(1_000_000) for _ in range(count)):
                yield self._line(symbol, self._clock + offset)

    def _line(self, symbol: str, at: int) -> bytes:
        trade_id = self._next[symbol]
        self._next[symbol] += 1
        price, quantity = 61_000 + self._random.randrange(100_000) / 100, self._random.randrange(1, 100_000) / 100_000
        return (
            b'{"e":"trade","E":%d,"s":"%b","t":%d,"p":"%.8f","q":"%.8f","T":%d,"m":%b,"M":true,"src":"ws","recv":%d}'
            % (
                at + 500,
                symbol.encode(),
                trade_id,
                price,
                quantity,
                at,
                self._random.choice([b"true", b"false"]),
                at + 1500,
            )
        )


if __name__ == "__main__":
    main()
