"""A lake in a folder: always the same folder, or an error; never one made anew in its place.

A disk can be unmounted and a folder moved while a recorder runs. Whoever then makes the path again writes to a place
where nobody looks, and goes on claiming what lies elsewhere. So the folder is pinned when it is first used, by its
device and inode; every name is looked up inside that very folder, which is opened for each step, so that the path to it
is never made. A folder at the path that is another one is this lake again only if its marker says so.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from candlewick.errors import LakeAwayError
from candlewick.process.crashpoint import crashpoint
from candlewick.process.files import flush

MARKER = ".candlewick-lake"
"""The file in the root that tells this lake from others, wherever it is mounted."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY


class Listed(NamedTuple):
    """An object seen in a listing: its name, when the store says it was written, and its size in bytes."""

    name: str
    modified: datetime
    size: int


class _Pin(NamedTuple):
    place: tuple[int, int]
    marker: str | None


class Folder:
    """Files by their names relative to a root, `/` between folders. Raises `OSError`, and `LakeAwayError`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._pin: _Pin | None = None
        self._durable: set[str] = set()

    @property
    def is_there(self) -> bool:
        """Whether there is anything at the path: a lake, or a folder that is to be one."""
        return self.root.is_dir()

    @property
    def marker(self) -> str | None:
        """The identity of the lake that is there; None where there is none, or it is not marked."""
        try:
            return (self.root / MARKER).read_text().strip() or None
        except FileNotFoundError:
            return None

    def begin(self) -> None:
        """Make the folder and its marker where there are none yet: never again once it is pinned."""
        if self._pin is not None and self._pin.marker is not None:
            return
        if self._pin is None:
            with suppress(FileExistsError):  # where that is a file, opening it tells
                self.root.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError), self._opened() as root:
            _put_absent(root, MARKER, f"{MARKER}~{secrets.token_hex(4)}", f"{secrets.token_hex(16)}\n".encode())
            _fsync(root, ".")
        with self._opened() as root:
            status = os.fstat(root)
            self._pin = _Pin((status.st_dev, status.st_ino), _marker(root))

    def put_absent(self, name: str, content: bytes, staged: str) -> None:
        """Make a file durable under another name first: a power cut then never leaves a torn one.

        Raises `FileExistsError` where the name is taken; that one is durable then.
        """
        self.begin()
        folder = name.rpartition("/")[0]
        with self._opened() as root:
            for each in {folder, staged.rpartition("/")[0]}:
                _make_folders(root, each)
            try:
                _put_absent(root, name, staged, content)
            except FileExistsError:  # who put it may have been killed before its name was durable
                self._make_durable(root, folder, is_new=True)
                raise
            self._make_durable(root, folder)

    def replace(self, name: str, content: bytes) -> None:
        """Put a file of no lasting meaning, whatever was there; whole or not at all."""
        self.begin()
        draft = f"{name}~{secrets.token_hex(4)}"
        with self._opened() as root:
            _make_folders(root, name.rpartition("/")[0])
            _write(root, draft, content)
            os.replace(draft, name, src_dir_fd=root, dst_dir_fd=root)

    def get(self, name: str) -> bytes:
        """Return a file's bytes. Raises `FileNotFoundError`."""
        with self._opened() as root:
            descriptor = os.open(name, os.O_RDONLY, dir_fd=root)
            try:
                return _read(descriptor)
            finally:
                os.close(descriptor)

    def delete(self, name: str) -> None:
        """Remove a file. Raises `FileNotFoundError`."""
        with self._opened() as root:
            os.unlink(name, dir_fd=root)

    def files(self, folder: str, after: str | None = None) -> Iterator[Listed]:
        """Return the files in a folder and in those inside it, in no order; only those behind the name `after`."""
        if self._pin is None and not self.is_there:
            return
        with self._opened() as root:
            yield from _files(root, folder, after)

    def subfolders(self, folder: str) -> list[str]:
        """Return the names of the folders in a folder."""
        if self._pin is None and not self.is_there:
            return []
        with self._opened() as root:
            return [f"{folder}/{entry.name}" for entry in _entries(root, folder) if entry.is_dir()]

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """Open the root, and see that it is the one that was pinned."""
        try:
            root = os.open(self.root, _FOLDER)
        except (FileNotFoundError, NotADirectoryError):
            if self._pin is None:
                raise
            raise self._away("nothing is there") from None
        try:
            self._recognise(root)
            yield root
        finally:
            os.close(root)

    def _recognise(self, root: int) -> None:
        status = os.fstat(root)
        place = status.st_dev, status.st_ino
        pin = self._pin  # once: another thread may pin the same folder meanwhile
        if pin is not None and pin.place == place:
            return
        marker = _marker(root)
        if pin is not None and (marker is None or marker != pin.marker):
            raise self._away("another folder is there" if marker is None else "another lake is there")
        self._pin = _Pin(place, marker)
        self._durable.clear()

    def _away(self, found: str) -> LakeAwayError:
        return LakeAwayError(
            f"{self.root}: the lake was moved or unmounted ({found}); bring it back, and all goes on by itself"
        )

    def _make_durable(self, root: int, folder: str, *, is_new: bool = False) -> None:
        _fsync(root, folder)
        if is_new or folder not in self._durable:
            for parent in Path(folder).parents:
                _fsync(root, str(parent))
            self._durable = {folder}


def _read(descriptor: int) -> bytes:
    """All that is in an open file. Of a small one, a file object would cost as much as reading it."""
    parts = [os.read(descriptor, os.fstat(descriptor).st_size + 1)]
    while parts[-1]:
        parts.append(os.read(descriptor, 2**20))
    return parts[0] if len(parts) == 2 else b"".join(parts)


def _marker(root: int) -> str | None:
    try:
        with os.fdopen(os.open(MARKER, os.O_RDONLY, dir_fd=root), encoding="utf-8", errors="replace") as file:
            return file.read(100).strip() or None
    except FileNotFoundError:
        return None


def _put_absent(root: int, name: str, staged: str, content: bytes) -> None:
    try:
        _write(root, staged, content, durable=True)
        crashpoint("mid-put")
        os.link(staged, name, src_dir_fd=root, dst_dir_fd=root, follow_symlinks=False)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(staged, dir_fd=root)


def _write(root: int, name: str, content: bytes, *, durable: bool = False) -> None:
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666, dir_fd=root)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        view = memoryview(content)
        while view:
            view = view[file.write(view) :]
        if durable:
            flush(descriptor)


def _make_folders(root: int, folder: str) -> None:
    try:
        os.mkdir(folder, dir_fd=root)
    except FileExistsError:
        return
    except FileNotFoundError:
        parent = folder.rpartition("/")[0]
        if not parent:  # the root itself was deleted under us
            raise
        _make_folders(root, parent)
        with suppress(FileExistsError):
            os.mkdir(folder, dir_fd=root)


def _fsync(root: int, folder: str) -> None:
    descriptor = os.open(folder, _FOLDER, dir_fd=root)
    try:
        flush(descriptor)
    finally:
        os.close(descriptor)


def _entries(root: int, folder: str) -> list["os.DirEntry[str]"]:
    try:
        descriptor = os.open(folder, _FOLDER, dir_fd=root)
    except FileNotFoundError:
        return []
    try:
        with os.scandir(descriptor) as entries:
            return list(entries)
    finally:
        os.close(descriptor)


def _files(root: int, folder: str, after: str | None) -> Iterator[Listed]:
    """Walk a folder; what goes away meanwhile is not listed."""
    try:
        descriptor = os.open(folder, _FOLDER, dir_fd=root)
    except FileNotFoundError:
        return
    folders, found = [], []
    try:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                name = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir():
                    folders.append(name)
                elif after is None or name > after:
                    with suppress(FileNotFoundError):
                        status = entry.stat()
                        found.append(Listed(name, datetime.fromtimestamp(status.st_mtime, UTC), status.st_size))
    finally:
        os.close(descriptor)
    yield from found
    for each in folders:
        yield from _files(root, each, after)
