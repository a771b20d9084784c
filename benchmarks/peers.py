"""Recorders side by side, on one feed: trades/s a core, what 1,000/s cost, memory, and what a cut of 2 s loses.

    python benchmarks/peers.py
    python benchmarks/peers.py --only candlewick,cryptofeed --seconds 20

The others are cryptofeed, unicorn-binance-websocket-api, python-binance and the plain way (websocket-client, a JSON
array every 60 s), each of a pinned version in an environment that this script makes with pip, and each driven as its
users do (`peer.py`). Candlewick is the `candlewick record` that a user runs, with two legs, into a folder.

First every recorder gets `--trades` trades as fast as it takes them, one after the other. Then all at once get 1,000/s,
and in the middle of it every connection ends and nobody is let in for 2 s. CPU seconds are those of the recorder's own
process (user and system) without its start. What counts as recorded is what is in its files in the end.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from burst import Ask, recorded, settings_of, wire
from candlewick.process import heartbeat
from e2e.stack import Stack, free_port, wait_until
from made import leash
from peer import PATCHED
from scale import cpu_seconds

PINS = {
    "cryptofeed": ["cryptofeed==2.4.1"],
    "unicorn": ["unicorn-binance-websocket-api==2.16.1", "picows==2.3.1"],
    "python-binance": ["python-binance==1.0.37"],
    "seed": ["websocket-client==1.9.2"],
}
SYMBOL = "BTCUSDT"
RATE, CUT_SECONDS = 1_000, 2
IDLE_SECONDS = 3.0
DEADLINE = 180.0


@dataclass
class Recorder:
    """One that records, running: its process, and how to find what it recorded."""

    name: str
    process: "subprocess.Popen[Any]"
    home: Path
    stack: Stack | None = None
    cpu_at_start: float = 0.0

    @property
    def cpu(self) -> float:
        """CPU seconds since the load began."""
        return cpu_seconds(self.process.pid) - self.cpu_at_start

    @property
    def peak_mb(self) -> float:
        """The most memory it had (Linux)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1_000

    def stop(self) -> set[int]:
        """Let it write what it has, and return the ids in its files."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(DEADLINE)
        if self.stack is not None:
            return set(recorded(self.stack)[SYMBOL])
        return set(chain.from_iterable(map(ids_of, self.home.glob("trades*"))))


def ids_of(path: Path) -> Iterator[int]:
    """The ids in a file of lines, or of one array."""
    text = path.read_text()
    rows = json.loads(text) if text.startswith("[") else map(json.loads, text.splitlines())
    return (row["id"] for row in rows)


def environment(name: str) -> Path:
    """Make the environment of a peer, where there is none of these versions yet; return its Python."""
    folder = ROOT / "build" / "peers" / "_".join(PINS[name])
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        print(f"making an environment for {', '.join(PINS[name])}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PINS[name]], check=True)
        (folder / "complete").touch()
    return python


def started(name: str, home: Path, streams: int, rest: int) -> Recorder:
    """Start a recorder and wait until it is connected and quiet."""
    home.mkdir()
    if name == "candlewick":
        stack = settings_of(home, (SYMBOL,), streams, rest)
        stack.start_recorder()
        wait_until(lambda: is_recording(stack), "candlewick to record", DEADLINE)
        recorder = Recorder(name, stack.processes["recorder"], home, stack)
    else:
        script = Path(__file__).with_name("peer.py")
        ports = ["--streams", str(streams), "--rest", str(rest)]
        with (home / "log").open("ab") as log:
            command = [str(environment(name)), str(script), name, *ports, "--out", str(home / "trades")]
            recorder = Recorder(name, leash.start(command, stdout=log, stderr=log, cwd=home), home)
    return recorder


def is_recording(stack: Stack) -> bool:
    return (heartbeat.read(stack.settings.run_path, "recorder") or {}).get("state") == "recording"


def begin(recorders: list[Recorder], ask: Ask) -> None:
    """Start the load when everybody is connected, and what they do at their start is done."""
    legs = sum(2 if each.name == "candlewick" else 1 for each in recorders)
    wait_until(lambda: ask("/made")["connections"] >= legs, "every connection", DEADLINE)
    for each in recorders:
        wait_until_idle(each)
        each.cpu_at_start = cpu_seconds(each.process.pid)
    ask("/start", "POST")


def wait_until_idle(recorder: Recorder) -> None:
    """Wait until it has used less than a tenth of a core for some seconds."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        before = cpu_seconds(recorder.process.pid)
        time.sleep(IDLE_SECONDS)
        if cpu_seconds(recorder.process.pid) - before < IDLE_SECONDS / 10:
            return
    raise AssertionError(f"{recorder.name} is never idle: {(recorder.home / 'log').read_text()[-2_000:]}")


def flood(name: str, home: Path, trades: int) -> tuple[float, int]:
    """Send trades as fast as they are taken; return trades/s a core, and how many are not in its files."""
    streams, rest = free_port(), free_port()
    with wire((SYMBOL,), f"{trades * 10}x0.1", streams, rest) as ask:
        recorder = started(name, home, streams, rest)
        begin([recorder], ask)
        wait_until(lambda: is_sent(ask("/made")), "all to be sent", DEADLINE)
        wait_until_idle(recorder)
        spent = recorder.cpu
        ids = recorder.stop()
    return trades / spent, trades - len(ids)


def is_sent(made: dict[str, Any]) -> bool:
    return bool(made["is_over"]) and made["unsent_chunks"] == 0


def steady(names: list[str], home: Path, seconds: int) -> dict[str, tuple[float, float, int]]:
    """Send 1,000/s to all at once, with a cut; return CPU (a core is 1), peak MB and trades lost, by name."""
    streams, rest = free_port(), free_port()
    plan, cut = f"{RATE}x{seconds}", f"{seconds // 2}x{CUT_SECONDS}"
    with wire((SYMBOL,), plan, streams, rest, cut) as ask:
        recorders = [started(name, home / name, streams, rest) for name in names]
        begin(recorders, ask)
        time.sleep(seconds)
        spent = {each.name: each.cpu / seconds for each in recorders}
        wait_until(lambda: is_sent(ask("/made")), "all to be sent", DEADLINE)
        for each in recorders:
            wait_until_idle(each)
        peaks = {each.name: each.peak_mb for each in recorders}
        made = ask("/made")["made"]
        return {each.name: (spent[each.name], peaks[each.name], made - len(each.stop())) for each in recorders}


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default=",".join(["candlewick", *PINS]))
    parser.add_argument("--trades", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=40)
    options = parser.parse_args()
    names = options.only.split(",")
    for name in names:
        if name != "candlewick":
            environment(name)
    with tempfile.TemporaryDirectory() as folder:
        floods = {}
        for name in names:
            floods[name] = flood(name, Path(folder) / name, options.trades)
            print(f"{name}: {floods[name][0]:,.0f} trades/s a core, {floods[name][1]:,} lost in the flood", flush=True)
        together = Path(folder) / "together"
        together.mkdir()
        rows = steady(names, together, options.seconds)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs, Python {sys.version.split()[0]}")
    print(
        f"{options.trades:,} trades as fast as taken; then {RATE:,}/s for {options.seconds} s, "
        f"cut for {CUT_SECONDS} s\n"
    )
    print(f"{'':16}{'trades/s a core':>16}{'CPU at 1,000/s':>16}{'peak MB':>9}{'lost':>8}{'lost in flood':>15}")
    for name in names:
        (rate, flooded), (share, peak, lost) = floods[name], rows[name]
        print(f"{name:16}{rate:>16,.0f}{share:>16.1%}{peak:>9.0f}{lost:>8,}{flooded:>15,}")
    print()
    for name in names:
        pins = ", ".join(PINS.get(name, [f"candlewick {version('candlewick')}"]))
        print(f"{name}: {pins}" + (f"; set from outside: {PATCHED[name]}" if name in PATCHED else ""))


if __name__ == "__main__":
    main()
