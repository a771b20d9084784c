"""The dashboard, measured beside what most people would build, in one run on one feed.

Runs the demo (local exchange, recorder, warehouse, dashboard) and a real browser on this machine. All clocks are this
machine's. Numbers of a loaded machine are worth nothing by themselves: the load is printed, and both sides share it.

    python benchmarks/dashboard.py --seconds 30 --history 14h
"""

import argparse
import asyncio
import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from candlewick.config import parse_duration
from candlewick.dashboard.door.keeper import USERS_FILE, Keeper
from candlewick.dashboard.door.users import Users
from candlewick.dashboard.door.visitor import Role
from candlewick.errors import MartNotReadyError
from candlewick.mart.reader import Mart
from e2e.stack import Stack, free_port, wait_until

SYMBOL = "BTCDEMO"
INDICATORS = "sma,ema,bb,vwap"
VIEWERS = (1, 50, 200)
BARS = (1_500, 10_000, 50_000)
PLAIN = (1_500, 10_000)
WARM_UP_SECONDS = 5.0
PASSWORD = "correct horse battery"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

PAN = """
(seconds) => new Promise((resolve) => {
    const hook = window.__candlewick, gaps = [];
    let start = 0, last = 0;
    const frame = (now) => {
        if (last) gaps.push(now - last); else start = now;
        last = now;
        if (now - start > 1000 * seconds) return resolve(gaps);
        hook.pan(Math.floor((now - start) / 1500) % 2 ? 2 : -2);
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
})
"""
LONG_TASKS = """
window.__long = []; window.__told = [];
new PerformanceObserver((list) => list.getEntries().forEach((entry) => window.__long.push(entry.duration)))
    .observe({ type: "longtask" });
setInterval(() => {
    const told = document.querySelector("#told");
    if (told && window.__told.at(-1)?.run !== told.dataset.run)
        window.__told.push({ run: told.dataset.run, newest: Number(told.dataset.newest), at: Date.now() / 1000 });
}, 20);
"""


def main() -> None:
    """Run the stack, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long each measurement takes")
    parser.add_argument("--history", default="14h", help="history filled first; 50,000 bars of a second are 14 h")
    parser.add_argument("--live", action="store_true", help="measure ticks and viewers alone")
    arguments = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("there is no Chromium; scripts/chromium.sh installs it")
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), arguments.history) as stack:
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {bars_in(stack):,} bars of a second\n")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            measure_live(browser, stack, arguments.seconds)
            with guarded(stack) as door:
                print("\nthe same with a login (password):")
                measure_live(browser, door, arguments.seconds)
            for bars in () if arguments.live else BARS:
                measure_panning(browser, stack, bars)
            for candles in () if arguments.live else PLAIN:
                measure_plain(browser, stack, candles, arguments.seconds)
            browser.close()
        print(f"\nload {os.getloadavg()[0]:.1f} at the end")


@contextlib.contextmanager
def running(home: Path, history: str, *market: str) -> Iterator[Stack]:
    """The whole demo as processes, with its history filled; `market` are arguments for the exchange."""
    stack = Stack(home, symbols=(SYMBOL,), history=history, flush_seconds=1.0, cycle_seconds=1.0).write_config()
    try:
        stack.start_exchange("--weight-limit", "2400000", *market)
        stack.start_recorder()
        stack.start_warehouse()
        stack.start("dashboard", "dashboard", "--config", str(stack.config_path))
        minutes = parse_duration(history)
        wait_until(lambda: is_filled(stack, minutes), "the history to be filled and loaded", 900)
        yield stack
    finally:
        stack.stop()


@contextlib.contextmanager
def guarded(stack: Stack) -> Iterator[Stack]:
    """A second dashboard on the same warehouse and feed, which asks for a login."""
    door = Stack(stack.home / "guarded", symbols=stack.symbols, feed_port=stack.feed_port).write_config()
    with door.config_path.open("a") as config:
        config.write('auth = "password"\n')
    (door.home / "mart").symlink_to(stack.settings.mart_path)
    Users(door.settings.door_path / USERS_FILE).add("ada", Role.VIEWER, PASSWORD)
    try:
        door.start("dashboard", "dashboard", "--config", str(door.config_path))
        wait_until(lambda: bool(door.beat("dashboard")), "the dashboard with a login", 300)
        yield door
    finally:
        door.stop()


def cookie_of(stack: Stack) -> dict[str, str]:
    """The cookie of somebody who has logged in; none where nobody has to."""
    keeper = Keeper(stack.settings)
    session = keeper.log_in("ada", PASSWORD) if keeper.way == "password" else None
    return {keeper.cookie: keeper.cookie_of(session)} if session else {}


def is_filled(stack: Stack, history: object) -> bool:
    """Whether the history is in the mart, but for a few minutes, and the dashboard serves."""
    assert isinstance(history, timedelta)
    try:
        minutes = bars_in(stack, "1m")
    except MartNotReadyError:
        return False
    return minutes > history.total_seconds() / 60 - 3 and bool(stack.beat("dashboard"))


def bars_in(stack: Stack, timeframe: str = "1s") -> int:
    """How many bars the mart has."""
    return int(Mart(stack.settings.mart_path).candles(SYMBOL, timeframe).num_rows)


def open_chart(browser: Browser, stack: Stack, timeframe: str, indicators: str = "ema,vwap") -> Page:
    """A visitor with a chart that ticks."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    url = f"http://127.0.0.1:{stack.dashboard_port}"
    for name, value in cookie_of(stack).items():
        context.add_cookies([{"name": name, "value": value, "url": url}])
    page = context.new_page()
    query = f"symbol={SYMBOL}&tf={timeframe}&ind={indicators}&debug=1"
    page.goto(f"{url}/chart?{query}")
    page.wait_for_function("window.__candlewick?.ticks.length > 3", timeout=60_000)
    return page


def measure_live(browser: Browser, stack: Stack, seconds: float) -> None:
    """What a tick takes and weighs, and what viewers cost."""
    measure_ticks(browser, stack, seconds)
    for viewers in VIEWERS:
        measure_viewers(browser, stack, viewers, seconds)


def measure_ticks(browser: Browser, stack: Stack, seconds: float) -> None:
    """From the event at the exchange to the bar painted, and the bytes of a tick, after the first picture is done."""
    page = open_chart(browser, stack, "1m")
    time.sleep(WARM_UP_SECONDS)
    seen = page.evaluate("window.__candlewick.ticks.length")
    time.sleep(seconds)
    ticks: list[dict[str, float]] = page.evaluate("from => window.__candlewick.ticks.slice(from)", seen)
    page.context.close()
    # A frame of what the warehouse settled has no event: it is no news of a trade.
    traded = [tick for tick in ticks if tick["event"]]
    report("trade → bar painted", [tick["painted"] - tick["event"] for tick in traded], "ms")
    report("  of that: sent → painted", [tick["painted"] - tick["sent"] for tick in ticks], "ms")
    report("bytes per tick", [tick["bytes"] for tick in ticks], "B")


def measure_viewers(browser: Browser, stack: Stack, viewers: int, seconds: float) -> None:
    """What the server's process costs with so many viewers of one series, the first of them a real browser."""
    page = open_chart(browser, stack, "1m")
    # Playwright keeps a loop of its own in this thread.
    with ThreadPoolExecutor(1) as thread:
        frames, share = thread.submit(asyncio.run, watch(stack, viewers - 1, seconds)).result()
    page.context.close()
    rate = frames / max(1, viewers - 1) / seconds
    said = f", {rate:.1f} frames/s each" if viewers > 1 else ""
    print(f"{f'server CPU, {viewers} viewers':34}{100 * share:>9.1f} % of a core{said}")


async def watch(stack: Stack, clients: int, seconds: float) -> tuple[int, float]:
    """Follow the series with plain clients; returns the frames they got and the server's share of a core."""
    count = 0

    async def follow(session: aiohttp.ClientSession) -> None:
        nonlocal count
        async with session.ws_connect(f"http://127.0.0.1:{stack.dashboard_port}/api/live") as socket:
            await socket.send_json({"subscribe": [[SYMBOL, "1m"]]})
            async for _ in socket:
                count += 1

    connector = aiohttp.TCPConnector(limit=0)
    cookie = "; ".join(f"{name}={value}" for name, value in cookie_of(stack).items())
    headers = {"Cookie": cookie} if cookie else {}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        tasks = [asyncio.create_task(follow(session)) for _ in range(clients)]
        await asyncio.sleep(WARM_UP_SECONDS)
        count, before = 0, cpu_seconds(stack)
        await asyncio.sleep(seconds)
        frames, used = count, cpu_seconds(stack) - before
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return frames, used / seconds


def cpu_seconds(stack: Stack, name: str = "dashboard") -> float:
    """The CPU time that a process of the stack has used, its own and the kernel's for it."""
    return cpu_of(stack.processes[name].pid)


def cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def measure_panning(browser: Browser, stack: Stack, bars: int) -> None:
    """Frames per second while the view moves, with four indicators and live ticks."""
    page = open_chart(browser, stack, "1s", INDICATORS)
    page.wait_for_function("window.__candlewick.bars().length > 1000", timeout=60_000)
    loaded = load_bars(page, bars)
    time.sleep(2)
    gaps: list[float] = page.evaluate(PAN, 6)
    page.context.close()
    held = "" if loaded >= bars else f" (a chart holds {loaded:,} at a time)"
    worst = statistics.quantiles(gaps, n=100, method="inclusive")[98]
    name = f"panning, {bars:,} bars, 4 indicators"
    print(f"{name:34}{1_000 / statistics.fmean(gaps):>9.1f} fps, p99 frame {worst:.0f} ms{held}")


def load_bars(page: Page, bars: int) -> int:
    """Pan back until so many bars are loaded, or no more come; then near to the newest again."""
    loaded = page.evaluate("window.__candlewick.bars().length")
    while loaded < bars:
        page.evaluate("window.__candlewick.pan(-1500)")
        more = f"window.__candlewick.bars().length > {loaded + 100}"  # a page of history, not a live bar or two
        try:
            page.wait_for_function(more, timeout=8_000)
        except Exception:  # noqa: BLE001 - a time-out: the chart holds no more
            break
        loaded = page.evaluate("window.__candlewick.bars().length")
    return int(loaded)


def measure_plain(browser: Browser, stack: Stack, candles: int, seconds: float) -> None:
    """The same candles in Streamlit's own chart, every five seconds."""
    with plain_page(stack, candles) as (url, pid):
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.add_init_script(LONG_TASKS)
        received: list[int] = []
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))))
        page.goto(url)
        page.wait_for_function("window.__told?.length > 1", timeout=60_000)
        page.evaluate("window.__long.length = window.__told.length = 0")
        received.clear()
        before, started = cpu_of(pid), time.monotonic()
        time.sleep(seconds)
        used, took = cpu_of(pid) - before, time.monotonic() - started
        told: list[dict[str, Any]] = page.evaluate("window.__told")
        blocked = sum(page.evaluate("window.__long"))
        page.context.close()
    runs = max(1, len(told))
    name = f"plain page, {candles:,} candles"
    ages = [1_000 * (run["at"] - run["newest"]) for run in told]
    print(f"\n{name:34}{sum(received) / runs:>9,.0f} B per refresh, {blocked / runs:,.0f} ms of script at a stretch")
    print(f"{'':34}{100 * used / took:>9.1f} % of a core, 1 viewer, every 5 s")
    report("  newest trade when it is drawn", ages, "ms")


@contextlib.contextmanager
def plain_page(stack: Stack, candles: int) -> Iterator[tuple[str, int]]:
    """Run the plain page; its address and process id."""
    port = free_port()
    timeframe = "1m" if bars_in(stack, "1m") >= candles else "1s"
    environment = {
        "PLAIN_CANDLES": str(candles),
        "PLAIN_MART": str(stack.settings.mart_path),
        "PLAIN_SYMBOL": SYMBOL,
        "PLAIN_TIMEFRAME": timeframe,
    }
    options = (
        "--server.headless=true",
        "--server.address=127.0.0.1",
        f"--server.port={port}",
        "--browser.gatherUsageStats=false",
    )
    command = (sys.executable, "-m", "streamlit", "run", str(Path(__file__).with_name("plain_page.py")), *options)
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL, cwd=stack.home)
    try:
        wait_until(lambda: listens(port), "the plain page to listen")
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(20)


def listens(port: int) -> bool:
    """Whether somebody listens on a port of this host."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def report(name: str, samples: list[float], unit: str) -> None:
    """One line: p50, p99 and the worst."""
    if len(samples) < 2:
        print(f"{name:34}{'not measured':>24}")
        return
    cuts = statistics.quantiles(samples, n=100, method="inclusive")
    marks = ((cuts[49], "p50"), (cuts[98], "p99"), (max(samples), "max"))
    print(f"{name:34}{''.join(f'{value:>9,.0f} {unit} {mark}' for value, mark in marks)}, {len(samples):,} samples")


if __name__ == "__main__":
    main()
