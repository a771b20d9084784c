"""Local files: replaced whole or not at all, and durable when that matters."""

import fcntl
import os
import sys
from pathlib import Path

from candlewick.process.crashpoint import crashpoint

NO_SPACE = "No space left on device"
"""What the system says of a full disk, in whatever error of a library's it comes wrapped."""


def replace_atomically(path: Path, content: bytes, *, durable: bool = True, mode: int = 0o666) -> None:
    """Put `content` at `path`: a reader sees the old file or the new one, never a part.

    With `durable`, it has reached the disk when this returns: file and folder are fsynced. `mode` is who may read it,
    as far as the process's umask allows.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    draft.unlink(missing_ok=True)  # of a process that had this id and was killed, or a link that somebody laid here
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        if durable:
            file.flush()
            flush(file.fileno())
    crashpoint(f"replacing {path.name}")
    draft.replace(path)
    if durable:
        fsync(path.parent)


def lock_beside(path: Path) -> int:
    """Lock the file `….lock` beside a path, and return its descriptor: whoever closes it, or ends, lets go of the lock.

    Raises `BlockingIOError` with the pid of the process that holds it, and `OSError` where there can be no such file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
        os.close(descriptor)
        raise BlockingIOError(f"pid {holder or 'unknown'}") from None
    except OSError:
        os.close(descriptor)
        raise
    os.pwrite(descriptor, f"{os.getpid():<20}".encode(), 0)
    return descriptor


def flush(descriptor: int) -> None:
    """Return when an open file's bytes, or the names in an open folder, are on the disk.

    On macOS `fsync` leaves them in the drive's own cache; F_FULLFSYNC does not (Apple's fsync(2)).
    """
    if sys.platform == "darwin":
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)


def fsync(path: Path) -> None:
    """Make a file's bytes, or the names in a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        flush(descriptor)
    finally:
        os.close(descriptor)
