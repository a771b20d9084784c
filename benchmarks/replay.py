"""The main job, timed: a recording, or a capture made from a seed, goes in over the wire, proved candles come out.

Replays the capture as fast as it goes through the local exchange, recorder, lake, warehouse and models, and prints
how long each part took. What other recorders and other warehouses take is in `peers.py` and `warehouse.py`.

    python benchmarks/replay.py [--recording FOLDER]
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from e2e.stack import Stack, wait_until
from made import capture

TRADES = 19_904


def main() -> None:
    """Run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--recording", type=Path, help="folder of frames_*.gz; without it, made from a seed")
    named = parser.parse_args().recording
    with capture.named_or_made(named) as recording, tempfile.TemporaryDirectory() as folder:
        parts = candlewick(Path(folder), recording)
    print(f"{'':34}{'seconds':>9}{'trades/s':>10}")
    for name, seconds in parts.items():
        print(f"{name:34}{seconds:>9.2f}{TRADES / seconds:>10,.0f}")


def candlewick(home: Path, recording: Path) -> dict[str, float]:
    """Wire → lake → SILVER and GOLD in the mart; seconds since the recorder was ready to be started."""
    stack = Stack(home).write_config()
    try:
        stack.start_warehouse()
        wait_until(lambda: bool(stack.beat("warehouse")), "the warehouse to wait for objects")
        stack.start_exchange("--replay", str(recording), "--speed", "0")
        started = time.monotonic()
        stack.start_recorder()
        wait_until(lambda: in_lake(stack) == TRADES, "every trade in the lake")
        lake = time.monotonic() - started
        wait_until(lambda: stack.trades() == TRADES, "every trade in the mart")
        return {"process start to lake": lake, "wire to SILVER and GOLD": time.monotonic() - started}
    finally:
        stack.stop()


def in_lake(stack: Stack) -> int:
    """How many trades are durable, as the recorder says."""
    symbols = stack.beat("recorder").get("symbols", {})
    return sum(last - first + 1 for symbol in symbols.values() for first, last in symbol["covered"])


if __name__ == "__main__":
    main()
