"""Pins: how a reader says which version it reads, so that the files of it are kept.

A pin is a hard link to that version's `CURRENT`, and the reader holds a shared lock on the file for as long as it
reads. The system lets go of a lock when its process ends, however it ends, so a pin whose file nobody has locked is a
dead reader's. Nothing is asked of process ids: a reader in another container has some that mean nothing here.
"""

import fcntl
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from candlewick.errors import UNREADABLE
from candlewick.mart.settled import read
from candlewick.mart.version import CURRENT, PINS, Version

_NAME = re.compile(r"[0-9a-f]{32}|[0-9]+-[0-9]+")
"""Ours, and those of readers before 0.2, which were named by process and number."""


@dataclass(frozen=True)
class Pin:
    """A version that this process reads."""

    version: Version
    _path: Path
    _descriptor: int

    def release(self) -> None:
        """Let go of the version."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def pin(mart: Path) -> Pin | None:
    """Pin the current version; None where this process may not write into the mart, and its files are kept for the
    usual while only."""
    try:
        (mart / PINS).mkdir(exist_ok=True)
        while (pinned := _try(mart, mart / PINS / uuid4().hex)) is None:
            pass
    except OSError:
        return None
    return pinned


def _try(mart: Path, path: Path) -> Pin | None:
    """Lock the current version, then link it: a pin is never seen without its lock. None where it was replaced in
    between."""
    descriptor = os.open(mart / CURRENT, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        path.hardlink_to(mart / CURRENT)
        if path.stat().st_ino == os.fstat(descriptor).st_ino:
            return Pin(read(mart, path.read_bytes()), path, descriptor)
        path.unlink()
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def pinned_files(mart: Path) -> set[str]:
    """Return the files of versions that somebody reads, and remove the pins of readers that ended.

    What else lies among the pins is somebody's, and pins nothing.
    """
    names: set[str] = set()
    for path in (mart / PINS).glob("*"):
        if _NAME.fullmatch(path.name):
            with suppress(OSError, *UNREADABLE):
                names |= _names(mart, path)
    return names


def _names(mart: Path, path: Path) -> set[str]:
    """The files that a pin keeps; none where its reader ended, and the pin goes."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        version = read(mart, path.read_bytes())
        return version.file_names | version.sealed_names
    else:
        path.unlink(missing_ok=True)
        return set()
    finally:
        os.close(descriptor)
