"""A year of operation on virtual time: what grows, and what stays as it is.

    python benchmarks/year.py                   a year, some minutes
    python benchmarks/year.py --days 60

One process, one seed: the recorder with its lease, a lake in a folder, the warehouse, the sealing of days and the
letting go of raw objects, run as their processes run them, against the local exchange with a thin market. It is awake
some minutes a day and its clocks jump over the rest; what was traded then is asked for by id (`tests/simulation`). A
row per month: disk by place, memory, open files, and CPU per day of each kind of work. Disk in the sealed days, the
warehouse and the mart grows with what is kept, and each day leaves references and its dates; all else has to stay. Exit
code 1 where it does not, or where a day is not sealed, a candle differs or a certificate does not hold.
"""

import os
import sys

if os.environ.get("PYTHONHASHSEED") != "0":  # the same seed, the same run
    os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"PYTHONHASHSEED": "0"})

import argparse
import asyncio
import logging
import math
import random
import re
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

_real_monotonic = time.monotonic
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from simulation import clock

clock.install()

import picows.api

from candlewick.seal import checking
from simulation.clock import CLOCK
from simulation.installation import LOG_LIMIT, SYMBOL, Installation, Work
from simulation.loop import VirtualLoop
from simulation.world import microseconds

picows.api._HAS_AIOFASTNET = False  # its transports are sockets; asyncio's are whatever the loop makes

STARTS_AT = "2025-01-01T00:00"
DAY_SECONDS = 86_400.0
MONTH_DAYS = 30
LATENCY = 0.02
MOST_GROWTH = 1.25
"""What has to stay may be so much larger at the end than it was after a quarter of the time."""

A_DAY = {"raw": 1_500, "raw_objects": 4, "folders": 4, "state": 250}
"""What a day adds for ever: references to its sealed file (bytes, objects, folders), and its dates in the state."""
LOGS = 4
"""Times the size at which a log is emptied: two logs, each with the one before."""
FEW = 6
"""With fewer rows nothing is said about growth."""


@dataclass(frozen=True)
class Row:
    """A month: `days` since the start, sizes in bytes, CPU in ms per day."""

    days: int
    raw: int
    raw_objects: int
    folders: int
    sealed: int
    duckdb: int
    mart: int
    mart_files: int
    state: int
    logs: int
    memory: int
    open_files: int
    record: float
    warehouse: float
    seal: float


def main() -> None:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--rate", type=float, default=0.02, help="trades a second")
    parser.add_argument("--every", type=float, default=24.0, help="hours from one wake to the next")
    parser.add_argument("--raw", type=float, default=7.0, help="days that raw objects of sealed days are kept")
    parser.add_argument("--month", type=int, default=MONTH_DAYS, help="days of a row")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    random.seed(options.seed)
    CLOCK.start(microseconds(STARTS_AT))
    latency = random.Random(options.seed)
    loop = VirtualLoop(lambda: latency.expovariate(1 / LATENCY))
    asyncio.set_event_loop(loop)
    try:
        with tempfile.TemporaryDirectory() as home:
            problems = loop.run_until_complete(_run(options, Path(home)))
        problems += [f"nobody caught: {fault!r}" for fault in loop.faults]
    finally:
        loop.finish()
    print("\n".join(problems) or "what has to stay stays")
    sys.exit(bool(problems))


async def _run(options: argparse.Namespace, home: Path) -> list[str]:
    began = _real_monotonic()
    installation = Installation(home, rate=options.rate, raw=timedelta(days=options.raw), seed=options.seed)
    await installation.open()
    print(f"{options.days} days of {SYMBOL} at {options.rate:g} trades/s, awake every {options.every:g} hours")
    print(_head())
    rows: list[Row] = []
    problems: list[str] = []
    sealed = renewed = 0
    for day in [*range(options.month, options.days, options.month), options.days]:
        before = CLOCK.now
        while CLOCK.now < day * DAY_SECONDS:
            await installation.live(options.every * 3_600)
        work = installation.take()
        sealed, renewed, problems = sealed + work.sealed, renewed + work.renewed, problems + work.unsealed
        rows.append(_measure(installation, day, (CLOCK.now - before) / DAY_SECONDS, work))
        print(_told(rows[-1]), flush=True)
    problems += _judge(installation, sealed, options.days - 1 - math.ceil(options.every / 24)) + _grown(rows)
    print(f"days sealed {sealed}, lease renewed {renewed} times, {_real_monotonic() - began:.0f} s")
    await installation.close()
    return problems


def _measure(installation: Installation, day: int, days: float, work: Work) -> Row:
    settings = installation.settings
    lake = Path(settings.lake_url) / settings.prefix
    raw, raw_objects, folders = _size(lake / "raw")
    mart, mart_files, _ = _size(settings.mart_path)
    return Row(
        days=day,
        raw=raw,
        raw_objects=raw_objects,
        folders=folders,
        sealed=_size(lake / "sealed")[0],
        duckdb=_size(settings.duckdb_path.parent)[0],
        mart=mart,
        mart_files=mart_files,
        state=_size(settings.state_path.parent)[0],
        logs=_size(settings.log_path)[0],
        memory=_memory(),
        open_files=len(list(Path("/proc/self/fd").iterdir())),
        record=work.cpu["record"] * 1e3 / days,
        warehouse=work.cpu["warehouse"] * 1e3 / days,
        seal=work.cpu["seal"] * 1e3 / days,
    )


def _head() -> str:
    disk = (
        ("raw", 7),
        ("objects", 9),
        ("folders", 9),
        ("sealed", 8),
        ("DuckDB", 8),
        ("mart", 7),
        ("files", 7),
        ("state", 7),
    )
    rest = ("logs", 7), ("memory", 8), ("open", 6), ("record", 8), ("warehouse", 11), ("seal", 6)
    return f"{'day':>5}{''.join(f'{name:>{width}}' for name, width in disk + rest)}   (KB, memory MB; CPU ms a day)"


def _told(row: Row) -> str:
    kb = 1 / 1_000
    return (
        f"{row.days:>5}{row.raw * kb:>7.0f}{row.raw_objects:>9}{row.folders:>9}{row.sealed * kb:>8.0f}"
        f"{row.duckdb * kb:>8.0f}{row.mart * kb:>7.0f}{row.mart_files:>7}{row.state * kb:>7.1f}{row.logs * kb:>7.0f}"
        f"{row.memory / 1e6:>8.0f}{row.open_files:>6}{row.record:>8.0f}{row.warehouse:>11.0f}{row.seal:>6.0f}"
    )


def _judge(installation: Installation, sealed: int, due: int) -> list[str]:
    """Return what is not right at the end: fewer days sealed than were `due`, candles, gaps, certificates."""
    verdict = checking.run(installation.settings, lambda done, total: None)
    told = re.sub(r"\[/?[a-z ]*\]", "", checking.render(verdict))
    verdicts = installation.pipeline.verdicts
    found = []
    if sealed < due:
        found.append(f"expected {due} days sealed, got {sealed}")
    if wrong := {state: count for state, count in verdicts.items() if state not in ("match", "pending")}:
        found.append(f"candles differ: {wrong}")
    if installation.pipeline.gaps:
        found.append(f"{installation.pipeline.gaps} open gaps")
    if not verdict.is_good:
        found.append(told)
    print(f"candles {verdicts}, {told}")
    return found


def _grown(rows: list[Row]) -> list[str]:
    """Return what has to stay and has not; a quarter of the time is left to it to fill what it fills."""
    if len(rows) < FEW:
        return []
    before, last = rows[len(rows) // 4], rows[-1]
    stays = "memory", "open_files", "record", "warehouse", "seal"
    grown = [
        f"{name} grows: {getattr(before, name):.0f} after {before.days} days, {getattr(last, name):.0f} at the end"
        for name in stays
        if getattr(last, name) > getattr(before, name) * MOST_GROWTH
    ]
    for name, most in A_DAY.items():
        rate = (getattr(last, name) - getattr(before, name)) / (last.days - before.days)
        grown += [f"{name}: {rate:.1f} more a day, expected {most} at most"] if rate > most else []
    if last.logs > LOGS * LOG_LIMIT:
        grown.append(f"logs: {last.logs} bytes, expected {LOGS * LOG_LIMIT} at most")
    return grown


def _size(folder: Path) -> tuple[int, int, int]:
    """Return the bytes in a folder, how many files it has, and how many folders."""
    paths = list(folder.rglob("*"))
    files = [path.stat().st_size for path in paths if path.is_file()]
    return sum(files), len(files), len(paths) - len(files)


def _memory() -> int:
    """Return the resident memory of this process in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
