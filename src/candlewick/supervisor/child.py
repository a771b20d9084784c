"""One process under the supervisor: its command, its log, its heartbeat."""

import asyncio
import os
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from candlewick.errors import CandlewickError
from candlewick.process import heartbeat, leash
from candlewick.process.backoff import doubled

STOP_GRACE_SECONDS = 15.0
STALL_SECONDS = 60.0
START_SECONDS = 180.0
"""How long a process may take to its first heartbeat: on a busy machine, the models' libraries load for a while."""
LOG_LIMIT_BYTES = 20_000_000


class ChildFailedError(CandlewickError):
    """A child ended before it was ever healthy; carries its own last line and exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass
class Restarts:
    """When a process that ended is started again: the n-th wait in a row is `min(cap, first * 2**n)` seconds.

    The count starts anew once a run has lasted `settled` seconds.
    """

    first: float = 0.5
    cap: float = 30.0
    settled: float = 60.0
    in_a_row: int = 0
    total: int = 0

    def wait_after(self, ran_for: float) -> float:
        """Count an end after `ran_for` seconds and return how long to wait before the next start."""
        if ran_for >= self.settled:
            self.in_a_row = 0
        wait = doubled(self.first, self.in_a_row, self.cap)
        self.in_a_row += 1
        self.total += 1
        return wait


@dataclass
class Child:
    """One process, started any number of times.

    `is_needed` says that the next child starts only once this one is healthy, `is_vital` that everything ends where it
    gives up before it was ever healthy; any other one is tried again for as long as the others run.
    """

    name: str
    arguments: tuple[str, ...]
    log_file: Path
    run_path: Path
    is_needed: bool = False
    is_vital: bool = False
    stall_seconds: float = STALL_SECONDS
    start_seconds: float = START_SECONDS
    restarts: Restarts = field(default_factory=Restarts)
    process: asyncio.subprocess.Process | None = None
    started: float = 0.0
    was_healthy: bool = False
    trouble: str | None = None
    """Why it ended last, as told; None while it is healthy."""
    _last_beat: tuple[int, float] = (0, 0.0)
    """When the newest beat was written, by its own clock, and when it was first seen here, by a monotonic one."""

    async def start(self) -> None:
        """Start the process in a session of its own, its output appended to its log."""
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        self.started = time.monotonic()
        self._last_beat = (0, self.started)
        with self.log_file.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "candlewick",
                *self.arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | {leash.VARIABLE: "1"},
            )

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self.process.returncode if self.process else None

    def beat(self) -> dict[str, Any] | None:
        """The last heartbeat of this very process, or None."""
        beat = heartbeat.read(self.run_path, self.name)
        return beat if beat and self.process and beat["pid"] == self.process.pid else None

    def is_healthy(self) -> bool:
        """Whether the process says that its start is behind it, and that it waits for nothing."""
        beat = self.beat()
        return beat is not None and beat.get("state") not in ("starting", "waiting")

    def is_stalled(self) -> bool:
        """Whether the process has been silent too long, whatever any wall clock says.

        Too long is `stall_seconds`, or `start_seconds` before its first sign of life.
        """
        beat, now = self.beat(), time.monotonic()
        if beat is not None and beat["beat_at"] != self._last_beat[0]:
            self._last_beat = (beat["beat_at"], now)
        has_beaten = self._last_beat[0] > 0
        return now - self._last_beat[1] > (self.stall_seconds if has_beaten else self.start_seconds)

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL for one that has not ended `STOP_GRACE_SECONDS` later."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_GRACE_SECONDS)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    def last_line(self) -> str:
        """The last line of the log: for a mistake of the user's, the whole story."""
        lines = self.log_file.read_bytes().splitlines() or [b""]
        return lines[-1].decode(errors="replace").removeprefix("error ").strip()

    def rotate_log(self) -> None:
        """Keep the log below about twice `LOG_LIMIT_BYTES`: the process goes on appending to the emptied file.

        Where the disk has no room for what was to be kept, it is given up.
        """
        if not self.log_file.exists() or self.log_file.stat().st_size <= LOG_LIMIT_BYTES:
            return
        older = self.log_file.with_suffix(".log.1")
        try:
            shutil.copyfile(self.log_file, older)
        except OSError:
            older.unlink(missing_ok=True)
        os.truncate(self.log_file, 0)
