"""Who owns a warehouse: one process at a time, whether its file is there, is damaged, or is being made anew."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from candlewick.errors import WarehouseBusyError, WarehouseError


@contextmanager
def owned(path: Path) -> Iterator[None]:
    """Own the warehouse of a file, by a lock beside it that the kernel lets go of however this process ends.

    DuckDB's own lock is on the file, which a rebuild replaces. Raises `WarehouseBusyError`.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise WarehouseError(f"{path}: cannot be opened: {error}") from error
    try:
        _lock(path, descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(path: Path, descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
        raise WarehouseBusyError(
            f"{path}: another process owns the warehouse (pid {holder or 'unknown'}); stop it first"
        ) from None
    os.pwrite(descriptor, f"{os.getpid():<20}".encode(), 0)
