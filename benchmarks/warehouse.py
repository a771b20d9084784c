"""What the warehouse costs: a backlog from the lake into SILVER, GOLD and the mart, and a cycle of live trading.

    python benchmarks/warehouse.py [--trades 1_000_000] [--per-object 3_000] [--seconds 60] [--live-per-object 21]

A lake of synthetic objects is loaded as after a first start, and in the same run by what one would write instead
(`benchmarks/bare.py`), each in a process of its own. Then objects come one by one, as from a recorder, and every cycle
is timed, in a warehouse with that history and in one without. Where other work runs on the machine, CPU seconds are
what counts. What dbt takes to compile the models, once for a version of Candlewick, is told apart.

A day in one-second objects: --trades 3_024_000 --per-object 35 --seconds 1. A history of months: --trades 30_000_000.
"""

import argparse
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bytecode import compiled
from candlewick.config import Settings
from candlewick.lake import names
from candlewick.lake.manifest import Extent, Manifest
from candlewick.lake.objects import Lake, pack
from candlewick.moments import now_us
from candlewick.process.sparing import spare_pandas
from candlewick.warehouse.duckdb import owner
from candlewick.warehouse.duckdb.pipeline import Pipeline

LIVE_CYCLES = 60
SYMBOLS = {"BTCDEMO": 3_700_000_000, "ETHDEMO": 1_500_000_000, "SOLDEMO": 900_000_000}
SEED = 7


class Cost(NamedTuple):
    """Of one process: wall and CPU in seconds, peak memory in MB."""

    wall: float
    cpu: float
    memory: float


def main() -> None:
    """Run all, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trades", type=int, default=1_000_000)
    parser.add_argument("--per-object", type=int, default=3_000)
    parser.add_argument("--seconds", type=int, default=60, help="what an object spans")
    parser.add_argument("--live-per-object", type=int, default=21)
    parser.add_argument("--own", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.own is not None:
        own(options.own)
        return
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(data=Path(home), prefix="demo")
        objects = options.trades // options.per_object
        recorder = Recorder(Lake.open(settings.lake_url, settings.prefix), objects, options.per_object, options.seconds)
        for _ in range(objects):
            recorder.write_object()
        compiling()
        with compiled("import duckdb, pyarrow, candlewick.warehouse.duckdb.owner"):
            backlog(settings, objects * options.per_object, objects)
        recorder.trades_per_object, recorder.seconds = options.live_per_object, 1
        with_history = live(settings, recorder)
        empty = Settings(data=Path(home) / "empty", prefix="demo")
        fresh = Recorder(Lake.open(empty.lake_url, empty.prefix), 1, options.live_per_object, 1)
        fresh.write_object()
        without = live(empty, fresh)
        print(f"CPU of a cycle with that history / without: {with_history / without:.2f}")


def compiling() -> None:
    """Print what dbt takes to compile the models."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "candlewick.warehouse.compiling", "duckdb"], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"dbt compiles the models, when a version is made: {cpu:.1f} s CPU")


def backlog(settings: Settings, trades: int, objects: int) -> None:
    """Print what both ways cost."""
    here = Path(__file__)
    bare = cost_of([str(here.with_name("bare.py")), settings.lake_url, str(settings.data / "bare")])
    ours = cost_of([str(here), "--own", str(settings.data)])
    print(f"backlog of {trades:,} trades in {objects:,} objects, from the lake to Parquet")
    for name, cost in (("candlewick", ours), ("bare DuckDB", bare)):
        print(f"  {name:12} {cost.wall:7.1f} s wall {cost.cpu:7.1f} s CPU {cost.memory:7.0f} MB")
    print(f"  ratio        {ours.wall / bare.wall:7.2f}        {ours.cpu / bare.cpu:7.2f}")
    places = {"DuckDB's file": settings.duckdb_path, "mart": settings.mart_path, "lake": Path(settings.lake_url)}
    sizes = {name: size_of(place) / 1e6 for name, place in places.items()}
    print("  on disk:", ", ".join(f"{name} {size:.0f} MB" for name, size in sizes.items()), end="")
    blocks = sum(each.stat().st_blocks for each in Path(settings.lake_url).rglob("*") if each.is_file()) * 512 / 1e6
    print(f" ({blocks:.0f} MB in blocks); together {sum(sizes.values()):.0f} MB, the lake's blocks left out")


def size_of(place: Path) -> int:
    """The bytes of a file, or of all files in a folder."""
    files = [place] if place.is_file() else place.rglob("*")
    return sum(each.stat().st_size for each in files if each.is_file())


def cost_of(arguments: list[str]) -> Cost:
    """Run a script that prints its CPU seconds and its peak memory last."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True)
    cpu, memory = done.stdout.split()[-2:]
    return Cost(time.perf_counter() - started, float(cpu), float(memory))


def own(home: Path) -> None:
    """Bring a lake into the mart, as `candlewick warehouse --once` does."""
    spare_pandas()
    owner.run(Settings(data=home, prefix="demo"), once=True)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024)


def live(settings: Settings, recorder: "Recorder") -> float:
    """Print what cycles cost that come one a second; return the mean of their CPU in ms."""
    cycles: list[dict[str, float]] = []
    with Pipeline.open(settings) as pipeline:
        while pipeline.cycle() or pipeline.is_catching_up:
            continue
        for _ in range(LIVE_CYCLES):
            recorder.write_object()
            wrote = time.process_time()
            pipeline.cycle()
            cycles.append(pipeline.cycle_ms | {"CPU": (time.process_time() - wrote) * 1e3})
        started = time.process_time()
        for _ in range(100):
            pipeline.intake.load()
        idle = (time.process_time() - started) * 10
    print(f"cycle of {recorder.trades_per_object} trades")
    for part in ("load", "dbt", "publish", "CPU"):
        print(f"  {part:12}", *quantiles([cycle[part] for cycle in cycles]))
    mean = statistics.mean(cycle["CPU"] for cycle in cycles)
    print(f"  CPU, mean     {mean:6.0f} ms")
    print(f"cycle without news: {idle:.1f} ms of CPU")
    return mean


def quantiles(values: list[float]) -> tuple[str, str]:
    """Return two as text."""
    return f"p50 {statistics.median(values):6.0f} ms", f"p99 {statistics.quantiles(values, n=100)[98]:6.0f} ms"


class Recorder:
    """Writes objects as a recorder does: a second's trades of all symbols, then a manifest."""

    def __init__(self, lake: Lake, objects: int, trades_per_object: int, seconds: int) -> None:
        self.trades_per_object = trades_per_object
        self.seconds = seconds
        self._lake = lake
        self._random = random.Random(SEED)
        self._clock = now_us() - (objects * seconds + 60) * 1_000_000
        self._next = dict(SYMBOLS)
        self._sequence = 0
        self._previous: str | None = None

    def write_object(self) -> None:
        """Write the object of the next seconds."""
        firsts = dict(self._next)
        lines = list(self._lines())
        spans = {
            symbol: Extent(first, self._next[symbol] - 1, self._next[symbol] - first, [(first, self._next[symbol] - 1)])
            for symbol, first in firsts.items()
        }
        self._sequence += 1
        self._clock += self.seconds * 1_000_000
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
            count = self.trades_per_object // len(SYMBOLS)
            for offset in sorted(self._random.randrange(self.seconds * 1_000_000) for _ in range(count)):
                yield self._line(symbol, self._clock - self.seconds * 1_000_000 + offset)

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
