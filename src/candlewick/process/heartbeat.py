"""A heartbeat: one small JSON file by which a process says that it lives and how far it is.

Processes share nothing but files, so this is how `candlewick status` and the supervisor learn about each other:
`<data>/run/<process>.json`, replaced atomically, with `pid`, `started_at`, `beat_at` (µs since the epoch) and
whatever numbers the process adds. A beat that finds no room on the disk touches the file instead, which needs none: a
process whose disk is full lives, and must not be taken for one that hangs.
"""

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from candlewick.errors import UNREADABLE
from candlewick.moments import now_us
from candlewick.process.files import replace_atomically

STALE_AFTER_SECONDS = 10.0


@dataclass
class Heartbeat:
    """The writing end, held by the process that beats."""

    run_path: Path
    process: str
    started_at: int = field(default_factory=now_us)
    missed: int = 0
    """How many beats could not be written."""

    @property
    def path(self) -> Path:
        """The file this heartbeat is written to."""
        return self.run_path / f"{self.process}.json"

    def beat(self, **numbers: Any) -> None:
        """Write the file anew, or touch it where there is no room: cheap enough for every second, not for every trade.

        Never raises OSError: what a process does matters more than what it says of it.
        """
        own = {
            "process": self.process,
            "pid": os.getpid(),
            "started_at": self.started_at,
            "beat_at": now_us(),
        }
        try:
            replace_atomically(self.path, msgspec.json.encode(own | numbers), durable=False)
        except OSError as error:
            self._touch(error)

    def stop(self) -> None:
        """Remove the file: this process ended on purpose."""
        self.path.unlink(missing_ok=True)

    def _touch(self, reason: OSError) -> None:
        if not self.missed:
            from structlog import get_logger  # noqa: PLC0415 - it takes long to load, and `candlewick status` only reads

            get_logger().warning("the heartbeat cannot be written; its numbers stand still", problem=str(reason))
        self.missed += 1
        with contextlib.suppress(OSError):
            os.utime(self.path)


def read(run_path: Path, process: str) -> dict[str, Any] | None:
    """Return the last beat of a process, or None where it never beat, ended on purpose, or the file is not a beat.

    `beat_at` is when the file was written or touched last.
    """
    path = run_path / f"{process}.json"
    try:
        beat = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        touched_at = path.stat().st_mtime_ns // 1_000
    except (FileNotFoundError, *UNREADABLE):
        return None
    if not all(isinstance(beat.get(name), int) for name in ("pid", "started_at", "beat_at")):
        return None
    return beat | {"beat_at": max(beat["beat_at"], touched_at)}


def is_alive(beat: dict[str, Any], *, at_us: int | None = None) -> bool:
    """Whether a beat is fresh: younger than `STALE_AFTER_SECONDS`."""
    return (at_us or now_us()) - int(beat["beat_at"]) < STALE_AFTER_SECONDS * 1_000_000
