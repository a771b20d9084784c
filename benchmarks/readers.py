"""What readers wait for: a chart's candles by HTTP, `candles()` from Python, a day of long ago, two commands.

    python benchmarks/readers.py [--seconds 10] [--clients 8] [--hours 27]

A lake of synthetic objects is brought into the mart; nothing writes it afterwards. A dashboard is asked by clients that
each keep one connection: for the same 1,500 bars, as many charts of one symbol do, and for 1,500 bars that nobody has
asked for yet. Then `candlewick.candles()` in this process, warm and for a day asked for the first time, and commands
from a cold process. The dashboard's CPU is told beside requests a second: clients share this machine.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from candlewick import api
from candlewick.lake.objects import Lake
from candlewick.mart.reader import Mart
from candlewick.moments import to_micros
from candlewick.warehouse.duckdb import owner
from e2e.stack import Stack, wait_until
from warehouse import Recorder

SYMBOL = "BTCDEMO"
BARS = 1_500
TRADES = 60
"""Of a minute, of all symbols."""
COMMANDS = (("status",), ("sql", "select count(*) from gold.trades_ohlc_1m"))
ASKED = 30
COLD = 5


def main() -> None:
    """Run all, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each question is asked")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--hours", type=int, default=27, help="history of candles; 1,500 minutes are 25")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        stack = Stack(Path(home), symbols=(SYMBOL,)).write_config()
        fill(stack, options.hours * 60)
        print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs; {options.clients} clients")
        try:
            serve(stack, options.seconds, options.clients)
        finally:
            stack.stop()
        ask_python(stack)
        for command in COMMANDS:
            ask_command(stack, command)


def fill(stack: Stack, minutes: int) -> None:
    """Make a lake of an object a minute, and the mart of it."""
    settings = stack.settings
    recorder = Recorder(Lake.open(settings.lake_url, settings.prefix), minutes, TRADES, 60)
    for _ in range(minutes):
        recorder.write_object()
    owner.run(settings, once=True)


def serve(stack: Stack, seconds: float, clients: int) -> None:
    """Start the dashboard, ask it both ways, print."""
    dashboard = stack.start("dashboard", "dashboard", "--config", str(stack.config_path))
    wait_until(lambda: bool(stack.beat("dashboard")), "the dashboard to serve", 300)
    newest = Mart(stack.settings.mart_path).candles(SYMBOL, "1m", limit=1).column("open_time")[0].as_py()
    base = f"http://127.0.0.1:{stack.dashboard_port}/api/candles?symbol={SYMBOL}&timeframe=1m&limit={BARS}"
    ends = count(to_micros(newest) // 1_000_000, -1)
    questions = {
        "the same 1,500 bars": lambda: base,
        "bars nobody has asked for": lambda: f"{base}&before={next(ends)}",
    }
    for name, question in questions.items():
        before = cpu_of(dashboard.pid)
        took = asyncio.run(asked(question, seconds, clients))
        cpu = cpu_of(dashboard.pid) - before
        p50, p99 = statistics.median(took) * 1e3, statistics.quantiles(took, n=100)[98] * 1e3
        print(
            f"/api/candles, {name}: {len(took) / seconds:.0f} requests/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms;", end=" "
        )
        print(f"{cpu / len(took) * 1e3:.2f} ms of CPU each, that is {len(took) / cpu:.0f} for a second of it")


async def asked(question: Callable[[], str], seconds: float, clients: int) -> list[float]:
    """Ask as fast as answers come, from so many connections; how long each took, in seconds."""
    took: list[float] = []
    end = time.monotonic() + seconds

    async def client(session: aiohttp.ClientSession) -> None:
        while (began := time.monotonic()) < end:
            async with session.get(question(), headers={"Accept-Encoding": "gzip"}) as answer:
                content = await answer.read()
                assert answer.status == 200, content[:200]
            took.append(time.monotonic() - began)

    async with aiohttp.ClientSession(auto_decompress=False) as session:
        await asyncio.gather(*(client(session) for _ in range(clients)))
    return took


def cpu_of(process: int) -> float:
    """The CPU seconds of a process so far, user and system."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask_python(stack: Stack) -> None:
    """Print what `candles()` costs in a process that has asked before, and a day of a reader that has not."""
    config, mart = stack.config_path, stack.settings.mart_path
    newest = Mart(mart).candles(SYMBOL, "1m", limit=1).column("open_time")[0].as_py()
    opens = newest.replace(hour=0, minute=0) - timedelta(days=1)
    report("candles() of 1,440 minutes, warm", lambda: api.candles(SYMBOL, "1m", limit=1_440, config=config))
    report(
        "candles() of a day, by a new reader",
        lambda: Mart(mart).candles(SYMBOL, "1m", opens, opens + timedelta(days=1)),
    )


def report(name: str, ask: Callable[[], object]) -> None:
    """Print the medians of a question's wall and CPU."""
    ask()
    costs = []
    for _ in range(ASKED):
        wall, cpu = time.perf_counter(), time.process_time()
        ask()
        costs.append((time.perf_counter() - wall, time.process_time() - cpu))
    wall, cpu = (statistics.median(each) * 1e3 for each in zip(*costs, strict=True))
    print(f"{name}: {wall:.1f} ms, {cpu:.1f} ms of CPU, medians of {ASKED}")


def ask_command(stack: Stack, command: Sequence[str]) -> None:
    """Print what a command takes from a cold process, its modules compiled to bytecode as an installer does."""
    walls, cpus = [], []
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(COLD + 1):
        began, before = time.monotonic(), os.times()
        arguments = [sys.executable, "-m", "candlewick", *command, "--config", str(stack.config_path)]
        subprocess.run(arguments, check=False, capture_output=True, env=environment)
        after = os.times()
        walls.append(time.monotonic() - began)
        cpus.append(after.children_user + after.children_system - before.children_user - before.children_system)
    wall, cpu = statistics.median(walls[1:]), statistics.median(cpus[1:])
    print(f"candlewick {command[0]}: {wall:.2f} s, {cpu:.2f} s of CPU, medians of {COLD}")


if __name__ == "__main__":
    main()
