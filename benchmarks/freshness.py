"""How fresh the numbers are, from the exchange's event to the GOLD row in the mart and to the screen; what it costs.

Runs the demo (local exchange, recorder, warehouse, dashboard and, where Chromium is installed, a real browser) on
this machine, and follows single trades. All clocks are this machine's, so that no offset has to be guessed. While it
measures, the CPU of the three processes is counted; where other work shares the cores, a second of it does less.

    python benchmarks/freshness.py --seconds 60
    python benchmarks/freshness.py --flow bidask      with footprints, delta and CVD on the chart
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from candlewick.errors import MartNotReadyError
from candlewick.mart.reader import Mart
from e2e.stack import Stack, wait_until

SYMBOLS = ("BTCDEMO", "ETHDEMO", "SOLDEMO")
PROCESSES = ("recorder", "warehouse", "dashboard")
FIRST_TICKS = 10
"""Ticks that are not counted: a page that opens catches up with trades that happened before it was there."""


@dataclass
class Hops:
    """Samples per hop, in ms."""

    received: list[float] = field(default_factory=list)
    settled: list[float] = field(default_factory=list)
    painted: list[float] = field(default_factory=list)


def main() -> None:
    """Run the stack, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to measure")
    parser.add_argument("--flow", default="", help="order flow on the chart, as an address has it")
    parser.add_argument("--history", default="30m", help="history filled before the measurement starts")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), arguments.history) as stack:
        started, before = time.monotonic(), spent(stack)
        hops = asyncio.run(measure(stack, arguments.seconds, arguments.flow))
        seconds, after = time.monotonic() - started, spent(stack)
    print(f"\n{'hop, from the event at the exchange':44}{'p50':>10}{'p99':>10}{'max':>10}{'n':>8}")
    report("to the recorder's feed", hops.received)
    report("to the settled GOLD row in the mart", hops.settled)
    report("to the bar on screen (painted)", hops.painted)
    shares = {name: (after[name] - before[name]) / seconds for name in PROCESSES}
    told = ", ".join(f"{name} {share:.1%}" for name, share in shares.items())
    print(f"of one core: {sum(shares.values()):.1%} ({told}); load {os.getloadavg()[0]:.1f}")


@contextlib.contextmanager
def running(home: Path, history: str) -> Iterator[Stack]:
    """The whole demo as processes, with its history filled."""
    stack = Stack(home, symbols=SYMBOLS, history=history, flush_seconds=1.0, cycle_seconds=1.0).write_config()
    try:
        stack.start_exchange("--weight-limit", "240000")
        stack.start_recorder()
        stack.start_warehouse()
        stack.start("dashboard", "dashboard", "--config", str(stack.config_path))
        wait_until(lambda: history_is_filled(stack), "the history to be filled", 120)
        wait_until(lambda: has_caught_up(stack), "the warehouse to catch up with the history", 120)
        yield stack
    finally:
        stack.stop()


def spent(stack: Stack) -> dict[str, float]:
    """CPU seconds of each process, those of its children included, and of those that have ended."""
    parents, ticks = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(") ")[2].split()
            parents[int(path.parent.name)] = int(fields[1])
            ticks[int(path.parent.name)] = sum(map(int, fields[11:15]))

    def of(pid: int) -> int:
        return ticks.get(pid, 0) + sum(of(child) for child, parent in parents.items() if parent == pid)

    return {name: of(stack.processes[name].pid) / os.sysconf("SC_CLK_TCK") for name in PROCESSES}


def history_is_filled(stack: Stack) -> bool:
    """Whether the recorder says so for every symbol."""
    symbols = stack.beat("recorder").get("symbols", {})
    return bool(symbols) and all(symbol["history"]["done"] for symbol in symbols.values())


def has_caught_up(stack: Stack) -> bool:
    """Whether the published watermark is within some seconds of what the recorder has."""
    heads = {symbol: numbers["head"] for symbol, numbers in stack.beat("recorder")["symbols"].items()}
    marks = stack.beat("warehouse").get("watermark", {})
    return all(heads[symbol] - marks.get(symbol, 0) < 200 for symbol in SYMBOLS) and stack.trades() > 0


async def measure(stack: Stack, seconds: float, flow: str) -> Hops:
    """Follow the trades of the first symbol for a while, at every hop at once."""
    hops = Hops()
    events: dict[int, int] = {}
    tasks = [
        asyncio.create_task(follow_feed(stack, events, hops)),
        asyncio.create_task(follow_mart(stack, events, hops)),
    ]
    if chromium := shutil.which("chromium"):
        tasks.append(asyncio.create_task(follow_screen(stack, chromium, hops, flow)))
    else:
        print("Chromium is not installed: the screen is not measured (scripts/chromium.sh installs it)")
    done, _ = await asyncio.wait(tasks, timeout=seconds)
    for task in done:
        task.result()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return hops


async def frames(stack: Stack) -> AsyncIterator[dict[str, Any]]:
    """The recorder's feed of the first symbol, from now on."""
    async with aiohttp.ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{stack.feed_port}/feed") as ws:
        await ws.send_json({"subscribe": {SYMBOLS[0]: None}})
        async for message in ws:
            yield json.loads(message.data)


async def follow_feed(stack: Stack, events: dict[int, int], hops: Hops) -> None:
    """Note each trade's event time, and when it arrived here."""
    async for frame in frames(stack):
        now = time.time_ns() // 1_000
        for trade in frame.get("trades", []):
            events[trade[0]] = trade[3]
            hops.received.append((now - trade[3]) / 1e3)


async def follow_mart(stack: Stack, events: dict[int, int], hops: Hops) -> None:
    """Note when the mart's published watermark passes each trade."""
    mart = Mart(stack.settings.mart_path)
    while True:
        with contextlib.suppress(MartNotReadyError):
            mark = mart.current().watermarks.get(SYMBOLS[0])
            settled = mark.last_trade_id if mark else 0
            now = time.time_ns() // 1_000
            for trade_id in [trade_id for trade_id in events if trade_id <= settled]:
                hops.settled.append((now - events.pop(trade_id)) / 1e3)
        await asyncio.sleep(0.02)


async def follow_screen(stack: Stack, chromium: str, hops: Hops, flow: str) -> None:
    """Note when the browser has painted each tick, by the chart's own debug hook."""
    from playwright.async_api import async_playwright  # noqa: PLC0415

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = await browser.new_page(viewport={"width": 1440, "height": 900}, bypass_csp=True)
        more = f"&flow={flow}&ind=delta,cvd" if flow else ""
        await page.goto(f"http://127.0.0.1:{stack.dashboard_port}/chart?symbol={SYMBOLS[0]}&tf=1m&debug=1{more}")
        await page.wait_for_function(f"window.__candlewick?.ticks?.length > {FIRST_TICKS}", timeout=30_000)
        seen = FIRST_TICKS
        while True:
            ticks = await page.evaluate("from => window.__candlewick.ticks.slice(from)", seen)
            painted = [tick for tick in ticks if tick.get("painted")]
            seen += len(painted)
            hops.painted += [tick["painted"] - tick["event"] for tick in painted if tick.get("event")]
            await asyncio.sleep(0.25)


def report(hop: str, samples: list[float]) -> None:
    """One line: p50, p99 and the worst, in ms."""
    if len(samples) < 2:
        print(f"{hop:44}{'not measured':>30}")
        return
    cuts = statistics.quantiles(samples, n=100, method="inclusive")
    print(f"{hop:44}{cuts[49]:>7.0f} ms{cuts[98]:>7.0f} ms{max(samples):>7.0f} ms{len(samples):>8}")


if __name__ == "__main__":
    main()
