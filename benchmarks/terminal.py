"""The chart under a hand: frames while it is panned, memory over minutes, and order flow at a busy hour's pace.

Runs the demo and a real browser on this machine, first with hours of history, then with a market of many trades a
second. The browser has no graphics card, so frames are drawn by the processor. The load is printed: numbers of a loaded
machine say little.

    python benchmarks/terminal.py --minutes 10 --trades 500
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, ViewportSize, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))

from dashboard import FLAGS, SYMBOL, bars_in, report, running

HOOK = "window.__candlewick"
READY_MS = 120_000
PAN_SECONDS = 10
TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline"]
FOOTPRINT_BARS = 300
WIDE: ViewportSize = {"width": 4000, "height": 1200}
"""So wide that 300 footprints are painted, as bars of volume; on narrower screens they are left to the candles."""
FOLDED_PX = 12
"""Narrower footprints are not painted (`flow/paint.ts`)."""
DESK: ViewportSize = {"width": 1440, "height": 900}
CPU_OF = {
    "main thread, CPU": "RunTask",
    "of it scripts that paint": "FireAnimationFrame",
    "of it canvases handed over": "Commit",
}
WORK = {"TaskDuration": "all", "ScriptDuration": "script", "LayoutDuration": "layout", "RecalcStyleDuration": "style"}
BUSY = "flow=bidask&ind=delta,cvd"

PAN = """
(seconds) => new Promise((resolve) => {
    const hook = window.__candlewick, gaps = [], costs = [], channel = new MessageChannel();
    let start = 0, last = 0, began = 0;
    channel.port1.onmessage = () => costs.push(performance.now() - began);
    const frame = (now) => {
        if (last) gaps.push(now - last); else start = now;
        last = now;
        if (now - start > 1000 * seconds) return resolve({ gaps, costs });
        began = performance.now();
        hook.pan(Math.floor((now - start) / 1500) % 2 ? 2 : -2);
        channel.port2.postMessage(null);
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
})
"""


def main() -> None:
    """Run the stack, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long the heap is watched")
    parser.add_argument("--trades", type=float, default=500.0, help="trades a second")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long ticks are measured")
    parser.add_argument("--history", default="6h", help="history filled first")
    parser.add_argument("--only", choices=("pan", "flow", "heap"), help="one part of it")
    arguments = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("there is no Chromium; scripts/chromium.sh installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        parts = [arguments.only] if arguments.only else ["pan", "flow", "heap"]
        if "pan" in parts:
            with market(arguments.history) as url:
                measure_panning(browser, f"{url}&ind=ema,bb,vwap", "panning, 3 indicators")
                for flow, what in (("bidask", "footprints"), ("", "as wide without them")):
                    measure_panning(
                        browser, f"{url}&ind=&flow={flow}", f"panning, {what}", bars=FOOTPRINT_BARS, size=WIDE
                    )
        if "flow" in parts or "heap" in parts:
            with market("5m", "--rate", str(arguments.trades)) as url:
                if "flow" in parts:
                    measure_flow(browser, f"{url}&{BUSY}", arguments.seconds)
                if "heap" in parts:
                    measure_heap(browser, f"{url}&{BUSY}", arguments.minutes)
        browser.close()


@contextlib.contextmanager
def market(history: str, *market: str) -> Iterator[str]:
    """A demo with so much history; the address of its chart."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), history, *market) as stack:
        bars = bars_in(stack, "1m")
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {bars:,} bars of a minute, {' '.join(market)}")
        yield f"http://127.0.0.1:{stack.dashboard_port}/chart?symbol={SYMBOL}&tf=1m&debug=1"
    print(f"load {os.getloadavg()[0]:.1f} at the end\n")


def opened(browser: Browser, url: str, size: ViewportSize = DESK) -> Page:
    """A visitor with a chart that ticks."""
    page = browser.new_context(viewport=size, bypass_csp=True).new_page()
    page.goto(url)
    page.wait_for_function(f"{HOOK}?.ticks.length > 3", timeout=READY_MS)
    return page


def measure_panning(browser: Browser, url: str, name: str, bars: int = 0, size: ViewportSize = DESK) -> None:
    """Frames while the view moves: from one to the next, and the main thread's time and CPU in one."""
    page = opened(browser, url, size)
    page.wait_for_function(f"{HOOK}.bars().length >= {bars}", timeout=READY_MS)
    while bars and page.evaluate(f"{HOOK}.view().to - {HOOK}.view().from") < bars:
        page.keyboard.press("ArrowDown")
        page.evaluate("new Promise(requestAnimationFrame)")
    time.sleep(3)
    shown = page.evaluate(f"{HOOK}.view().to - {HOOK}.view().from")
    if bars and size["width"] / shown < FOLDED_PX:
        sys.exit(
            f"expected footprints of {FOLDED_PX} px and more, got {shown:.0f} on {size['width']} px: none is painted"
        )
    browser.start_tracing(page=page, categories=TRACED)
    told: dict[str, list[float]] = page.evaluate(PAN, PAN_SECONDS)
    cpu = frames_in(json.loads(browser.stop_tracing()))
    page.context.close()
    parts = {"frame to frame": told["gaps"], "main thread": told["costs"]} | cpu
    for what, samples in parts.items():
        cuts = statistics.quantiles(samples, n=100, method="inclusive")
        print(f"{name + ', ' + what:52}{cuts[49]:>7.1f} ms p50{cuts[94]:>7.1f} ms p95, {shown:.0f} bars on screen")


def frames_in(trace: dict[str, Any]) -> dict[str, list[float]]:
    """The CPU of the page's main thread for each frame it handed over, in ms: all its tasks since the one before.

    Of these tasks apart: scripts that paint, and the hand-over itself, in which Chromium fills and copies canvases.
    """
    threads: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for event in trace["traceEvents"]:
        if event.get("ph") == "X" and event["name"] in CPU_OF.values():
            threads.setdefault((event["pid"], event["tid"]), []).append(event)
    busiest = max(threads.values(), key=lambda events: sum(event["name"] == "Commit" for event in events))
    commits = sorted(event["ts"] for event in busiest if event["name"] == "Commit")
    frames = {what: [0.0] * len(commits) for what in CPU_OF}
    for event in busiest:
        # A task that hands a frame over is the last one of it.
        frame = bisect_left(commits, event["ts"])
        for what, name in CPU_OF.items():
            if name == event["name"] and frame < len(commits):
                frames[what][frame] += event.get("tdur", 0) / 1_000
    return frames


def measure_flow(browser: Browser, url: str, seconds: float) -> None:
    """With footprint and time & sales open: from the exchange's event to the paint, and what arrives."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True).new_page()
    frames: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(len(frame))))
    page.goto(url)
    page.wait_for_function(f"{HOOK}?.ticks.length > 3", timeout=READY_MS)
    page.keyboard.press("Alt+y")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})  # durations are CPU, not time that passed
    time.sleep(5)
    seen = page.evaluate(f"{HOOK}.ticks.length")
    frames.clear()
    started, before = time.monotonic(), metrics_of(session)
    time.sleep(seconds)
    passed, after = time.monotonic() - started, metrics_of(session)
    ticks: list[dict[str, float]] = page.evaluate(f"from => {HOOK}.ticks.slice(from)", seen)
    received = sum(frames) / passed
    page.context.close()
    traded = [tick for tick in ticks if tick["event"]]
    report("trade → painted, order flow open", [tick["painted"] - tick["event"] for tick in traded], "ms")
    report("  of it until the server sends it", [tick["sent"] - tick["event"] for tick in traded], "ms")
    report("  until the script has drawn it", [tick["drawn"] - tick["sent"] for tick in traded], "ms")
    report("  until it is painted", [tick["painted"] - tick["drawn"] for tick in traded], "ms")
    work = ", ".join(f"{word} {100 * (after[name] - before[name]) / passed:.0f} %" for name, word in WORK.items())
    print(f"{'CPU of the main thread, of a core':44}{work}")
    report("bytes of a tick", [tick["bytes"] for tick in ticks], "B")
    print(f"{'all that arrives, tape included':44}{received:>9,.0f} B/s")


def measure_heap(browser: Browser, url: str, minutes: float) -> None:
    """Memory of the page's script after a collection, every half minute, with order flow and time & sales open."""
    page = opened(browser, url)
    page.keyboard.press("Alt+y")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    time.sleep(30)
    sizes, end = [heap_of(session)], time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        time.sleep(30)
        sizes.append(heap_of(session))
    page.context.close()
    halves = [statistics.median(half) for half in (sizes[: len(sizes) // 2], sizes[len(sizes) // 2 :]) if half]
    name = f"heap, {minutes:g} min"
    print(f"{name:44}{sizes[0]:>7.1f} MB first, {sizes[-1]:.1f} last, {max(sizes):.1f} largest")
    print(f"{'  medians of its halves':44}{' → '.join(f'{half:.1f}' for half in halves):>9} MB")


def heap_of(session: CDPSession) -> float:
    """In MB, after a collection."""
    session.send("HeapProfiler.collectGarbage")
    return metrics_of(session)["JSHeapUsedSize"] / 2**20


def metrics_of(session: CDPSession) -> dict[str, float]:
    """Chromium's counters of the page; durations in s."""
    return {each["name"]: float(each["value"]) for each in session.send("Performance.getMetrics")["metrics"]}


if __name__ == "__main__":
    main()
