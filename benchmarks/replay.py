"""The main job, timed: a recording, or a capture made from a seed, goes in over the wire, proved candles come out.

Replays the capture as fast as it goes through the local exchange, recorder, lake, warehouse and models, and prints
how long each part took. Beside it, in the same run, the way most recorders begin: one WebSocket client that decodes
frames with `json` and inserts them row by row into DuckDB as floats, without proof and without a lake.

    python benchmarks/replay.py [--recording FOLDER]
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
import duckdb

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from e2e.stack import Stack, wait_until
from made import capture

TRADES = 19_904


def main() -> None:
    """Run both ways on the same recording and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--recording", type=Path, help="folder of frames_*.gz; without it, made from a seed")
    named = parser.parse_args().recording
    with capture.named_or_made(named) as recording, tempfile.TemporaryDirectory() as folder:
        ours = candlewick(Path(folder) / "candlewick", recording)
        plain = plain_way(Path(folder) / "plain", recording)
    print(f"{'':34}{'seconds':>9}{'trades/s':>10}")
    for name, seconds in {**ours, "plain way: json, rows, floats": plain}.items():
        print(f"{name:34}{seconds:>9.2f}{TRADES / seconds:>10,.0f}")
    print(f"plain / candlewick, wire to table  {plain / ours['wire to SILVER and GOLD']:.1f}")


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


def plain_way(home: Path, recording: Path) -> float:
    """What a hundred lines of tutorial do with the same frames."""
    stack = Stack(home).write_config()
    connection = duckdb.connect()
    connection.execute("create table trades (id bigint, price double, quantity double, time bigint, maker boolean)")
    try:
        stack.start_exchange("--replay", str(recording), "--speed", "0")
        started = time.monotonic()
        asyncio.run(insert_each(stack.exchange_port, connection))
        return time.monotonic() - started
    finally:
        stack.stop()


async def insert_each(port: int, connection: duckdb.DuckDBPyConnection) -> None:
    """One insert per trade, until all have come."""
    url = f"http://127.0.0.1:{port}/stream?streams=btcusdt@trade"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        for _ in range(TRADES):
            trade = json.loads((await socket.receive()).data)["data"]
            row = [trade["t"], float(trade["p"]), float(trade["q"]), trade["T"], trade["m"]]
            connection.execute("insert into trades values (?, ?, ?, ?, ?)", row)


if __name__ == "__main__":
    main()
