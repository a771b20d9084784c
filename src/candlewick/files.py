"""Local files: replaced whole or not at all, and durable when that matters."""

import os
from pathlib import Path

from candlewick.crashpoint import crashpoint

NO_SPACE = "No space left on device"
"""What the system says of a full disk, in whatever error of a library's it comes wrapped."""


def replace_atomically(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Put `content` at `path`: a reader sees the old file or the new one, never a part.

    With `durable`, it has reached the disk when this returns: file and folder are fsynced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with draft.open("wb") as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    crashpoint(f"replacing {path.name}")
    draft.replace(path)
    if durable:
        fsync_folder(path.parent)


def fsync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
