"""A month of days: out of the exchange's archive, sealed, charted. What it takes, and how much room it needs.

    python benchmarks/month.py                              2 days of three symbols, some 1 M trades
    python benchmarks/month.py --days 30 --trades 90_000_000

The local exchange makes synthetic days and serves them as archive files, with checksums and candles of its own. Then
the commands that a user runs: `candlewick backfill`, which seals whole days as they come, `candlewick seal` for what is
left, and `candlewick warehouse --once`, which is what a rebuild from sealed days takes. Of each: wall, CPU seconds
(user and system) and peak memory of the largest process; the exchange's own work is in none of them. Then cycles of 21
trades a second, with that history.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from bytecode import compiled
from candlewick import api
from candlewick.lake.objects import Lake
from candlewick.seal.seals import Seals
from e2e.stack import Stack, wait_until
from warehouse import Recorder, live, size_of

SYMBOLS = ("BTCDEMO", "ETHDEMO", "SOLDEMO")
DAY_SECONDS = 86_400
IMPORTS = (
    "import candlewick.cli.app, candlewick.cli.history, candlewick.cli.processes, candlewick.backfill",
    "import candlewick.seal.arriving, candlewick.seal.keeping, candlewick.warehouse.duckdb.owner",
)
"""What the commands import."""
PROFILES = 9
ASKED = 30
"""How often each chart is asked for; the median counts."""


class Cost(NamedTuple):
    """Of one command: wall and CPU in seconds, peak memory in MB."""

    wall: float
    cpu: float
    memory: float

    def __str__(self) -> str:
        return f"{self.wall:8.1f} s {self.cpu:8.1f} s CPU {self.memory:7.0f} MB"


def main() -> None:
    """Run all, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--days", type=int, default=2)
    parser.add_argument("--trades", type=int, default=1_000_000, help="about so many, of all symbols and days")
    options = parser.parse_args()
    last = datetime.now(UTC).date() - timedelta(days=1)
    first = last - timedelta(days=options.days - 1)
    rate = options.trades / (options.days * DAY_SECONDS * len(SYMBOLS))
    with tempfile.TemporaryDirectory() as home, compiled(*IMPORTS):
        stack = Stack(Path(home), symbols=SYMBOLS).write_config()
        try:
            stack.start_exchange("--weight-limit", "1000000", *(f"{symbol}={rate:.4f}" for symbol in SYMBOLS))
            period = ["--from", str(first), "--to", str(last)]
            costs = {"backfill, sealed as it comes": told("backfill", run(stack, "backfill", *period, "--yes"))}
            costs["seal, what is left"] = told("seal", run(stack, "seal"))
        finally:
            stack.stop()
        costs["sealed days → GOLD and mart"] = told("warehouse", run(stack, "warehouse", "--once"))
        days = [first + timedelta(days=number) for number in range(options.days)]
        report(stack, costs, days)
        profiles(stack, days[len(days) // 2])
        recorder = Recorder(Lake.open(stack.settings.lake_url, stack.prefix), 1, 21, 1)
        recorder.write_object()
        live(stack.settings, recorder)


def told(name: str, cost: Cost) -> Cost:
    """Print a cost as soon as it is known: all together may take hours."""
    print(f"{datetime.now(UTC):%H:%M:%S} {name}: {cost}", flush=True)
    return cost


def run(stack: Stack, *arguments: str) -> Cost:
    """Run a command to its end. Raises `CalledProcessError` with its log."""
    command = [sys.executable, "-m", "candlewick", *arguments, "--config", str(stack.config_path)]
    began = time.monotonic()
    with (stack.home / "commands.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=stack.home)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        print(stack.home.joinpath("commands.log").read_text()[-3_000:], file=sys.stderr)
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1_000)


def report(stack: Stack, costs: dict[str, Cost], days: list[date]) -> None:
    """Print what it took, and how fast it is read."""
    trades = stack.trades()
    seals = Seals(Lake.open(stack.settings.lake_url, stack.prefix))
    sealed = sum(seals.is_sealed(symbol, day) for symbol in SYMBOLS for day in days)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs")
    print(f"{trades:,} trades of {len(SYMBOLS)} symbols and {len(days)} days; sealed {sealed} of {len(days) * 3}")
    for name, cost in costs.items():
        print(f"{name:30}{cost}  {trades / cost.cpu:>10,.0f} trades per second of CPU")
    places = {
        "lake": Path(stack.settings.lake_url),
        "mart": stack.settings.mart_path,
        "DuckDB's file": stack.settings.duckdb_path,
    }
    sizes = {name: size_of(place) for name, place in places.items()}
    print(", ".join(f"{name} {size / trades:.1f}" for name, size in sizes.items()), end="")
    print(f", together {sum(sizes.values()) / trades:.1f} bytes a trade")
    day = days[len(days) // 2]
    opens = datetime(day.year, day.month, day.day, tzinfo=UTC)
    config = stack.config_path
    minutes = median_ms(
        lambda: api.candles(SYMBOLS[0], "1m", start=opens, end=opens + timedelta(days=1), config=config)
    )
    everything = median_ms(lambda: api.candles(SYMBOLS[0], "1d", config=config))
    print(f"candles() of a day's minutes {minutes:.1f} ms, 1d of everything {everything:.1f} ms, medians of {ASKED}")


def profiles(stack: Stack, day: date) -> None:
    """Print how long the dashboard takes for the profile of 24 hours, of roll-ups and of the trades themselves."""
    opens = round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    port = stack.settings.dashboard.port
    try:
        stack.start("dashboard", "dashboard", "--config", str(stack.config_path))
        wait_until(lambda: bool(stack.beat("dashboard")), "the dashboard's heartbeat", 240)
        for way, exact in (("of roll-ups", 0), ("of the trades", 1)):
            taken = []
            for asked in range(PROFILES):  # another range each time: none is an answer that was kept
                query = (
                    f"symbol={SYMBOLS[0]}&since={opens + asked * 60}&before={opens + DAY_SECONDS}&step=1&exact={exact}"
                )
                began = time.monotonic()
                with urlopen(f"http://127.0.0.1:{port}/api/profile?{query}") as answer:
                    size = len(answer.read())
                taken.append((time.monotonic() - began) * 1e3)
            told = f"first {taken[0]:.0f} ms, median of the next {PROFILES - 1} {statistics.median(taken[1:]):.0f} ms"
            print(f"profile of 24 h {way}: {told}, {size:,} bytes")
    finally:
        stack.stop()


def median_ms(ask: Callable[[], object]) -> float:
    """The median time of a question, in ms, warm."""
    taken = []
    for _ in range(ASKED):
        began = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1_000


if __name__ == "__main__":
    main()
