"""The audit log: who came in, who was refused, and what SQL they ran; one JSON object a line, for its owner alone."""

import os
import threading
from pathlib import Path
from typing import Any

import msgspec
import structlog

from candlewick.moments import now_us

MOST_BYTES = 16 * 2**20
"""Then the file becomes `….1`, in place of the one before."""

log = structlog.get_logger(__name__)


class Journal:
    """Appends to a file; a disk without room costs the line, and is said once, but no visitor their answer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._has_failed = False

    def note(self, event: str, **what: Any) -> None:
        """Write one line: `event` is `login`, `login refused`, `logout` or `sql`."""
        line = msgspec.json.encode({"at": now_us(), "event": event} | what) + b"\n"
        with self._lock:
            try:
                self._append(line)
            except OSError as error:
                if not self._has_failed:
                    log.error("the audit log cannot be written", path=str(self._path), problem=str(error))
                self._has_failed = True

    def _append(self, line: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        descriptor = os.open(self._path, flags, 0o600)
        try:
            os.write(descriptor, line)
            size = os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
        if size > MOST_BYTES:
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
