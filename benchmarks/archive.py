"""A day out of the exchange's archive: from its zip to candles. Candlewick, and what one would write instead.

    python benchmarks/archive.py [--trades 2_000_000]

The local exchange makes a synthetic day of one symbol and serves it as the exchange does. Candlewick downloads it,
proves its checksum, seals it and makes SILVER, GOLD and the mart of it, with the commands that a user runs. In the same
run a DuckDB script and a polars script (`benchmarks/bare_archive.py`) read the same zip from disk: exact decimals, one
row an id, seven timeframes, all of it as Parquet. They prove and remember nothing, and make no footprints. Of each
process: wall, CPU seconds (user and system) and peak memory; the exchange's own work is in none of them.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from bare_archive import PEERS, SYMBOL
from bytecode import compiled
from e2e.stack import Stack
from month import DAY_SECONDS, Cost, run

IMPORTS = (
    "import duckdb",
    "import polars",
    "import candlewick.cli.app, candlewick.cli.history, candlewick.cli.processes, candlewick.backfill",
    "import candlewick.seal.arriving, candlewick.warehouse.duckdb.owner",
)
"""What a process of either side imports."""


def main() -> None:
    """Run all, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trades", type=int, default=2_000_000, help="about so many")
    options = parser.parse_args()
    day = datetime.now(UTC).date() - timedelta(days=1)
    with tempfile.TemporaryDirectory() as home, compiled(*IMPORTS):
        stack = Stack(Path(home), symbols=(SYMBOL,)).write_config()
        try:
            stack.start_exchange("--weight-limit", "1000000", f"{SYMBOL}={options.trades / DAY_SECONDS:.4f}")
            file = fetched(stack, day)
            costs = {"backfill, sealed": run(stack, "backfill", "--from", str(day), "--to", str(day), "--yes")}
        finally:
            stack.stop()
        costs["warehouse --once"] = run(stack, "warehouse", "--once")
        ours = sum(cost.cpu for cost in costs.values())
        peers = {name: cost_of(name, file, Path(home) / name) for name in PEERS}
        print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs; {stack.trades():,} trades")
        for name, cost in {**costs, **peers}.items():
            print(f"{name:18}{cost}")
        for name, cost in peers.items():
            print(f"CPU of both our commands / {name}'s: {ours / cost.cpu:.2f}")


def fetched(stack: Stack, day: date) -> Path:
    """Fetch the day's zip for the peers; the exchange makes it now, for all."""
    name = f"{SYMBOL}-trades-{day}.zip"
    address = f"http://127.0.0.1:{stack.exchange_port}/data/spot/daily/trades/{SYMBOL}/{name}"
    path, _ = urllib.request.urlretrieve(address, stack.home / name)
    return Path(path)


def cost_of(name: str, file: Path, out: Path) -> Cost:
    """Run a peer in a process of its own."""
    started = time.monotonic()
    command = [sys.executable, str(Path(__file__).with_name("bare_archive.py")), name, str(file), str(out)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    cpu, memory = done.stdout.split()
    return Cost(time.monotonic() - started, float(cpu), float(memory))


if __name__ == "__main__":
    main()
