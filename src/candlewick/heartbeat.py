"""A heartbeat: one small JSON file by which a process says that it lives and how far it is.

Processes share nothing but files, so this is how `candlewick status` and the supervisor learn about each other:
`<data>/run/<process>.json`, replaced atomically, with `pid`, `started_at`, `beat_at` (µs since the epoch) and
whatever numbers the process adds.
"""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from candlewick.errors import UNREADABLE
from candlewick.files import replace_atomically

STALE_AFTER_SECONDS = 10.0


def now_us() -> int:
    """The wall clock, in µs since the epoch."""
    return time.time_ns() // 1_000


@dataclass
class Heartbeat:
    """The writing end, held by the process that beats."""

    run_path: Path
    process: str
    started_at: int = field(default_factory=now_us)

    @property
    def path(self) -> Path:
        """The file this heartbeat is written to."""
        return self.run_path / f"{self.process}.json"

    def beat(self, **numbers: Any) -> None:
        """Write the file anew: cheap enough for every second, not for every trade."""
        own = {
            "process": self.process,
            "pid": os.getpid(),
            "started_at": self.started_at,
            "beat_at": now_us(),
        }
        replace_atomically(self.path, msgspec.json.encode(own | numbers), durable=False)

    def stop(self) -> None:
        """Remove the file: this process ended on purpose."""
        self.path.unlink(missing_ok=True)


def read(run_path: Path, process: str) -> dict[str, Any] | None:
    """Return the last beat of a process, or None where it never beat or ended on purpose."""
    try:
        beat: dict[str, Any] = msgspec.json.decode((run_path / f"{process}.json").read_bytes(), type=dict[str, Any])
    except (FileNotFoundError, *UNREADABLE):
        return None
    return beat


def is_alive(beat: dict[str, Any], *, at_us: int | None = None) -> bool:
    """Whether a beat is fresh: younger than `STALE_AFTER_SECONDS`."""
    return (at_us or now_us()) - int(beat["beat_at"]) < STALE_AFTER_SECONDS * 1_000_000
