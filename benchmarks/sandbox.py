"""What a hostile viewer costs the others: statements that once took a dashboard down, and hundreds of their kind.

The dashboard is the real one in a process of its own; its Data page's console runs the statements, two at a time, while
another viewer asks for candles. Told are the dashboard's largest RSS, the other viewer's p99, and how long after its
limit the latest statement ended.

    python benchmarks/sandbox.py --statements 200 --seconds 2
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path

sys.path[0] = str(Path(__file__).parent.parent / "tests")  # in place of this folder, which has a `warehouse.py`, too

from candlewick import config
from candlewick.dashboard.console import AT_ONCE, Console
from candlewick.dashboard.serve import bind
from candlewick.errors import QueryRefusedError
from candlewick.mart.reader import Mart
from candlewick.warehouse.duckdb.sandbox import Sandbox
from candlewick.warehouse.rows import SHOWN
from dashboard.warehouse import SYMBOL, Warehouse, tape
from security.attacks import KNOWN, generated
from warehouse.small_mart import SmallMart

PATH = f"/api/candles?symbol={SYMBOL}&timeframe=1m"
START = 1_732_233_600_000_000
PAUSE_SECONDS = 0.02


def serve(home: Path, count: int, seconds: float, seed: int) -> None:
    """Serve the dashboard, run the statements beside it, and print what they took."""
    import uvicorn  # noqa: PLC0415

    from candlewick.dashboard.app import build  # noqa: PLC0415
    from candlewick.dashboard.serve import _uvicorn_config  # noqa: PLC0415
    from candlewick.dashboard.site import Site  # noqa: PLC0415

    settings = config.load(None, data=home, symbols=(SYMBOL,))
    candles = Warehouse()
    candles.load(tape(20_000, start=START))
    site = Site(settings, candles)  # type: ignore[arg-type]  # as the tests' own dashboards have it
    site.console = Console(Sandbox(Mart(settings.mart_path), seconds=seconds))
    listener = bind("127.0.0.1", 0)
    server = uvicorn.Server(_uvicorn_config(build(site, lambda error: None)))
    threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    for _ in range(2):
        free_places(site.console)  # the first time loads DuckDB
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    statements = [*KNOWN, *generated(count, seed)]
    with ThreadPoolExecutor(AT_ONCE) as viewers:
        for took in viewers.map(lambda statement: run(site.console, statement), statements):
            print(json.dumps(took), flush=True)
    print(json.dumps({"free": free_places(site.console)}), flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"rss": peak}), flush=True)
    os._exit(0)


def free_places(console: Console) -> int:
    """How many places answer at the same time."""
    with ThreadPoolExecutor(AT_ONCE) as viewers:
        return sum(answer.table.num_rows for answer in viewers.map(lambda _: console.run("select 1"), range(AT_ONCE)))


def run(console: Console, statement: str) -> dict[str, object]:
    """Run one statement; how long it took, seen from whoever asked, and how it ended."""
    started = time.monotonic()
    try:
        console.run(statement, SHOWN)
        end = "rows"
    except QueryRefusedError as refused:
        end = str(refused)
    return {"took": time.monotonic() - started, "end": end, "statement": statement[:80]}


def ask(port: int, stop: threading.Event, latencies: list[float]) -> None:
    """Ask for candles as another viewer does."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    while not stop.is_set():
        started = time.monotonic()
        connection.request("GET", PATH)
        try:
            assert connection.getresponse().read()
        except ConnectionError:  # the dashboard has run the last statement
            return
        latencies.append(time.monotonic() - started)
        time.sleep(PAUSE_SECONDS)


def main() -> None:
    """Run it, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--statements", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=2.0, help="a statement's limit")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve, given.statements, given.seconds, given.seed)
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        made = SmallMart.make(home)
        made.put_candle(datetime(2024, 1, 1))
        made.publisher().publish()
        measure(home, given)


def measure(home: Path, given: argparse.Namespace) -> None:
    """Start the dashboard and be the other viewer."""
    arguments = ["--serve", str(home), "--statements", str(given.statements), "--seconds", str(given.seconds)]
    command = [sys.executable, __file__, *arguments, "--seed", str(given.seed)]
    latencies: list[float] = []
    stop = threading.Event()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as dashboard:
        assert dashboard.stdout is not None
        lines = (json.loads(line) for line in dashboard.stdout if line.startswith("{"))  # not what Streamlit logs
        port = next(lines)["port"]
        viewer = threading.Thread(target=ask, args=(port, stop, latencies))
        viewer.start()
        told = list(lines)
        stop.set()
        viewer.join()
    ends = [each for each in told if "took" in each]
    latest = max(ends, key=lambda each: each["took"])
    stopped = sum(each["end"].startswith("stopped") for each in ends)
    percentiles = statistics.quantiles(latencies, n=100)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; limit {given.seconds:g} s; seed {given.seed}")
    print(f"statements      {len(ends)}, {stopped} stopped, {sum(e['end'] == 'rows' for e in ends)} gave rows")
    print(f"latest end      {latest['took'] - given.seconds:+.2f} s after the limit: {latest['statement']}")
    late = sorted(each["took"] - given.seconds for each in ends if each["end"].startswith("stopped after"))
    print(f"ends late by    p50 {late[len(late) // 2]:.2f} s, p99 {late[int(len(late) * 0.99)]:.2f} s, of {len(late)}")
    print(f"places free     {told[-2]['free']} of {AT_ONCE}")
    print(f"dashboard RSS   {told[-1]['rss'] / 2**20:,.0f} MB at most")
    print(f"another viewer  p50 {1_000 * percentiles[49]:.0f} ms, p99 {1_000 * percentiles[98]:.0f} ms")


if __name__ == "__main__":
    main()
