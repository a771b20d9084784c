"""A disk without room: one clear line, nothing lost, and all of it there when there is room again.

The disks are small ones in memory, which need `mount`.
"""

import errno
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from candlewick.config import Settings
from candlewick.lake.objects import Lake
from candlewick.moments import now_us
from candlewick.warehouse.duckdb import owner
from e2e.stack import Stack
from e2e.stack import wait_until as wait_for
from warehouse.contents import contents
from warehouse.lakes import MINUTE, START, Writer, trade_line

SYMBOL = "BTCDEMO"
BALLAST = "ballast"

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Make a disk of so many megabytes, and return where it is."""
    mounted: list[Path] = []

    def mount(megabytes: int) -> Path:
        folder = tmp_path / "disk"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = f"a small disk cannot be mounted here: {done.stderr.strip()}"
            (pytest.fail if os.environ.get("CI") and os.geteuid() == 0 else pytest.skip)(reason)
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def stack(tmp_path: Path, disk: object) -> Iterator[Stack]:
    """A home for processes that end before their disk does."""
    stack = Stack(tmp_path / "home", symbols=(SYMBOL,), history="1m", flush_seconds=0.2)
    yield stack
    stack.stop()


def wait_until(condition: Callable[[], bool], what: str) -> None:
    wait_for(condition, what, deadline=150)


def fill(disk: Path) -> None:
    """Leave no room at all: not even for what a store writes in small pieces."""
    with (disk / BALLAST).open("ab", buffering=0) as ballast:
        for size in (1 << 20, 4_096, 1):
            try:
                while ballast.write(b"\0" * size) == size:
                    continue
            except OSError as error:
                assert error.errno == errno.ENOSPC


def make_room(disk: Path) -> None:
    (disk / BALLAST).unlink()


def recorded(stack: Stack) -> dict[str, object]:
    """What the recorder says about the symbol."""
    numbers: dict[str, object] = stack.beat("recorder").get("symbols", {}).get(SYMBOL, {})
    return numbers


def is_whole_up_to(stack: Stack, trade_id: int) -> bool:
    """Whether all is durable from the first id on to one."""
    covered = recorded(stack).get("covered")
    return isinstance(covered, list) and len(covered) == 1 and covered[0][1] >= trade_id


def emitted(stack: Stack) -> int:
    return int(str(recorded(stack).get("emitted") or 0))


def set_up(stack: Stack, **folders: Path) -> None:
    """Write the settings, with a folder or two on another disk."""
    text = stack.write_config().config_path.read_text()
    for key, folder in folders.items():
        text = "\n".join(line for line in text.splitlines() if not line.startswith(f"{key} ="))
        text = f'{key} = "{folder}"\n{text}'
    stack.config_path.write_text(text)


def test_a_lake_without_room_is_said_and_holds_up_nothing_but_itself(stack, disk):
    lake = disk(4)
    set_up(stack, lake=lake)
    stack.start_exchange(f"{SYMBOL}=40")
    stack.start_recorder()
    wait_until(lambda: is_whole_up_to(stack, 1), "a tape that has begun")
    fill(lake)
    wait_until(lambda: stack.beat("recorder").get("lake_failures", 0) >= 2, "the recorder to meet the full disk")
    seen = emitted(stack)
    wait_until(lambda: emitted(stack) > seen + 100, "trades that are taken in meanwhile")
    assert f"{lake}: cannot write" in stack.log("recorder")
    assert "no space is left on its disk; make room there" in stack.log("recorder")
    make_room(lake)
    seen = emitted(stack)
    wait_until(lambda: is_whole_up_to(stack, seen), "all of it in the lake")
    assert "recorder" in stack.processes and stack.processes["recorder"].poll() is None


@pytest.mark.slow
def test_a_recorder_killed_while_its_disk_is_full_says_so_at_its_next_start_and_then_lacks_nothing(stack, disk):
    """Lake, checkpoint and heartbeats on one full disk."""
    data = disk(4)
    set_up(stack, data=data)
    stack.start_exchange(f"{SYMBOL}=40")
    stack.start_recorder()
    wait_until(lambda: is_whole_up_to(stack, 1), "a tape that has begun")
    fill(data)
    wait_until(lambda: "lake not written" in stack.log("recorder"), "the recorder to meet the full disk")
    stack.kill("recorder")
    said = len(stack.log("recorder"))
    stack.start_recorder()
    full = "no space is left on its disk; make room there"
    wait_until(lambda: full in stack.log("recorder")[said:], "the next one to meet it, too")
    assert "Traceback" not in stack.log("recorder")
    if stack.processes["recorder"].poll() is None:  # it waits for room, or has refused to start
        stack.kill("recorder")
    make_room(data)
    (stack.settings.run_path / "recorder.json").unlink(missing_ok=True)
    stack.start_recorder()
    wait_until(lambda: emitted(stack) > 0, "the recorder to go on")
    seen = emitted(stack)
    wait_until(lambda: is_whole_up_to(stack, seen), "all of it in the lake")
    assert stack.kill("recorder", signal.SIGTERM) == 0
    ids = [int(line.split(b'"t":')[1].split(b",")[0]) for line in lines(stack) if line.startswith(b'{"e":"trade"')]
    assert len(ids) == len(set(ids)) == max(ids) - min(ids) + 1


@pytest.mark.slow
def test_a_warehouse_without_room_keeps_what_it_has_and_goes_on_when_there_is_some(stack, disk, tmp_path):
    data, lake = disk(64), tmp_path / "lake"
    set_up(stack, data=data, lake=lake)
    recorder = Recorder(stack.settings)
    recorder.write(3)
    stack.start_warehouse()
    wait_until(lambda: stack.trades() == recorder.trades, "the first trades in SILVER")
    before = stack.trades()
    fill(data)
    recorder.write(30)
    wait_until(lambda: "cycle failed" in stack.log("warehouse"), "the warehouse to meet the full disk")
    assert f"{stack.settings.duckdb_path}: no space is left on its disk" in stack.log("warehouse")
    assert stack.trades() == before, "readers go on"
    recorder.write(3)
    make_room(data)
    if stack.processes["warehouse"].poll() is not None:  # then a supervisor starts it again
        assert "error " in stack.log("warehouse"), "it says why it ended"
        stack.start_warehouse()
    wait_until(lambda: stack.trades() == recorder.trades, "all trades in SILVER")
    assert stack.kill("warehouse", signal.SIGTERM) == 0
    roomy = stack.settings.model_copy(update={"data": tmp_path / "roomy"})
    owner.run(roomy, once=True)
    assert contents(stack.settings.mart_path) == contents(roomy.mart_path)


@dataclass
class Recorder:
    """Writes a minute's trades into an object, again and again."""

    settings: Settings
    trades: int = 0

    def __post_init__(self) -> None:
        lake = Lake.open(self.settings.lake_url, self.settings.prefix)
        self._writer = Writer(lake, clock=now_us() - 60_000_000)

    def write(self, objects: int, trades_each: int = 2_000) -> None:
        for _ in range(objects):
            ids = range(self.trades, self.trades + trades_each)
            self._writer.stream([trade_line(SYMBOL, each, START + each * MINUTE // trades_each) for each in ids])
            self.trades += trades_each


def lines(stack: Stack) -> Iterator[bytes]:
    """All lines in the lake."""
    lake = Lake.open(stack.settings.lake_url, stack.settings.prefix)
    for item in lake.list_all():
        yield from lake.read_object(item.name).lines
