"""One demo for all workers of a test run: the first that needs it has it started, the last that leaves ends it.

A process of its own hosts it. Each worker holds a shared lock on a file while it uses the demo, and the host waits for
an exclusive one: the system frees the lock of a worker that dies, so no demo outlives its run.

    python -m browser.shared HOME
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec

from candlewick.lake.manifest import DayNote
from candlewick.lake.objects import Lake
from candlewick.mart.settled import read
from candlewick.mart.version import CURRENT
from candlewick.moments import now_us
from candlewick.seal.notes import tell
from e2e.stack import Stack, wait_until

SYMBOLS = ("BTCDEMO", "ETHDEMO")
HISTORY = "90m"
TESTS = Path(__file__).parents[1]
START_SECONDS = 280
SEALED_DAYS = 40
PARTIAL = "the tape has 13:00 to 23:59 of it"


@contextmanager
def shared_demo(home: Path) -> Iterator[Stack]:
    """The demo in a folder that all workers know, while the block runs; each that is started has its own within."""
    home.mkdir(parents=True, exist_ok=True)
    ready = home / "ready.json"
    with _locked(home / "users", fcntl.LOCK_SH):
        with _locked(home / "starting", fcntl.LOCK_EX):
            if not ready.exists():
                _host(home)
        told = msgspec.json.decode(ready.read_bytes())
        yield Stack(Path(told.pop("home")), **told)


def start_dashboard(stack: Stack) -> None:
    """Start a stack's dashboard and wait until it serves."""
    stack.start("dashboard", "dashboard", "--config", str(stack.config_path))
    wait_until(lambda: bool(stack.beat("dashboard")), "the dashboard's heartbeat", 240)


@contextmanager
def looking_at(stack: Stack) -> Iterator[Stack]:
    """A stack's dashboard, while the block runs."""
    try:
        start_dashboard(stack)
        yield stack
    finally:
        stack.stop()


def copy_mart(source: Stack, target: Stack) -> None:
    """Give a stack another's mart as it is now: the files that its version names. It stands still from then on."""
    here, there = source.home / "mart", target.home / "mart"
    version = (here / CURRENT).read_bytes()
    for name in [*sorted(read(here, version).file_names), "views.sql"]:
        (there / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(here / name, there / name)
    (there / CURRENT).write_bytes(version)


@contextmanager
def _locked(path: Path, kind: int) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, kind)
        yield


def _host(home: Path) -> None:
    """Start the host, and wait until its demo is ready."""
    with (home / "host.log").open("ab") as log:
        command = [sys.executable, "-m", "browser.shared", str(home)]
        environment = os.environ | {"PYTHONPATH": str(TESTS)}
        host = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)

    def is_ready() -> bool:
        assert host.poll() is None, f"the demo did not start: {(home / 'host.log').read_text()[-2_000:]}"
        return (home / "ready.json").exists()

    wait_until(is_ready, "the demo", START_SECONDS)


def _serve(home: Path) -> None:
    """Run the demo until nobody uses it."""
    ready, own = home / "ready.json", home / str(os.getpid())
    stack = Stack(own, symbols=SYMBOLS, timezone="Asia/Kolkata", history=HISTORY, flush_seconds=2, cycle_seconds=1)
    try:
        _start(stack.write_config())
        ports = {name: getattr(stack, name) for name in ("exchange_port", "feed_port", "dashboard_port")}
        told = msgspec.json.encode({"home": str(own), "symbols": SYMBOLS, "timezone": stack.timezone, **ports})
        (home / "ready.draft").write_bytes(told)
        (home / "ready.draft").rename(ready)
        with _locked(home / "users", fcntl.LOCK_EX):
            ready.unlink()
    finally:
        stack.stop()


def _start(stack: Stack) -> None:
    _tell_of_days(stack)
    stack.start_exchange("--weight-limit", "240000")
    stack.start_recorder()
    stack.start_warehouse()
    start_dashboard(stack)
    wait_until(lambda: _has_history(stack), "the history's candles in the mart", 240)


def _tell_of_days(stack: Stack) -> None:
    """Leave in the lake what a sealing tells of days before the demo's first trade."""
    lake = Lake.open(stack.settings.lake_url, stack.settings.prefix)
    states: dict[str, str] = {"sealed": "", "healing": "12 trade ids are missing, 77 first", "partial": PARTIAL}
    notes = [
        DayNote(SYMBOLS[0], str(day_before(number)), state, why, 7 * number, 7 * number + 6, 7, 0, *_certified(state))
        for number in range(1, SEALED_DAYS + 3)
        for state, why in [list(states.items())[max(0, number - SEALED_DAYS)]]
    ]
    tell(lake, notes, now_us())


def day_before(number: int) -> date:
    """The day so many days ago (UTC)."""
    return datetime.now(UTC).date() - timedelta(days=number)


def _certified(state: str) -> tuple[str, str]:
    return ("ab" * 32, "demo/sealed/a.parquet") if state == "sealed" else ("", "")


def _has_history(stack: Stack) -> bool:
    """Whether most of the history is in the mart, for every symbol."""
    rows = stack.rows("select count(*) from gold.trades_ohlc_1m group by symbol")
    return len(rows) == len(SYMBOLS) and all(int(str(count)) > 60 for (count,) in rows)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
