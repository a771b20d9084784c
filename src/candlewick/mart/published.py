"""What an owner finds of what was published before: a version, and whether its files are as they were written."""

import hashlib
import math
from contextlib import suppress
from pathlib import Path

import msgspec

from candlewick.mart.settled import read_current
from candlewick.mart.version import CURRENT, File, SealedFile, Version

RECENT_SECONDS = 600.0
"""Of files that were written so long before `CURRENT` the digest is compared, too: a power cut takes no older ones."""


def current_in(path: Path) -> Version | None:
    """Read the version that a mart's folder names; None where it names none."""
    with suppress(FileNotFoundError, msgspec.DecodeError):
        return read_current(path)
    return None


def without_damage(path: Path, version: Version) -> Version | None:
    """A version whose files are as they were written; None where a power cut left one that is not.

    Most of the mart is not fsynced, since all of it can be written again.
    """
    newest = (path / CURRENT).stat().st_mtime - RECENT_SECONDS
    for table in version.tables.values():
        for file in table.files:
            if not is_whole(path / file.name, file, is_recent_after=newest):
                return None
        for sealed in table.sealed:
            if not is_whole(path / sealed.name, sealed, is_recent_after=math.inf):
                return None
    return version


def is_whole(path: Path, file: File | SealedFile, *, is_recent_after: float = -math.inf) -> bool:
    """Whether a file has its size, and its digest where it was changed after a moment (s since the epoch)."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return False
    if status.st_size != file.bytes:
        return False
    return status.st_mtime < is_recent_after or hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
