"""One JSON file per user, of bounded size, replaced whole: a reader sees the old one or the new one."""

import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from candlewick.errors import UNREADABLE, CandlewickError
from candlewick.process.files import replace_atomically

MOST_BYTES = 2 * 2**20


class Own(msgspec.Struct):
    """What a user keeps; the file says inside whose it is."""

    user: str = ""


T = TypeVar("T", bound=Own)


class UserFiles(Generic[T]):
    """The files of a folder. Safe to use from several threads; one process writes them."""

    def __init__(self, folder: Path, kind: type[T], what: str) -> None:
        """`what` is the word for what is in them, in messages."""
        self._folder, self._kind, self._what = folder, kind, what
        self._lock = threading.Lock()

    def of(self, user: str) -> T:
        """Return what a user keeps. Raises `CandlewickError` where the file is no longer what was written."""
        path = self._path(user)
        try:
            return msgspec.json.decode(path.read_bytes(), type=self._kind)
        except FileNotFoundError:
            return self._kind(user)
        except UNREADABLE as error:
            raise CandlewickError(f"{path}: expected {self._what}, got {error}; move the file away") from None

    def change(self, user: str, change: Callable[[T], bool]) -> tuple[T, bool]:
        """Change what a user keeps in place; what comes of it, and whether anything did, as `change` says.

        Raises `CandlewickError` where it would be too much.
        """
        with self._lock:
            kept = self.of(user)
            is_changed = change(kept)
            if is_changed:
                self._write(user, kept)
        return kept, is_changed

    def _write(self, user: str, kept: T) -> None:
        content = msgspec.json.encode(kept)
        if len(content) > MOST_BYTES:
            raise CandlewickError(f"expected at most {MOST_BYTES >> 20} MB of {self._what}; remove some first")
        replace_atomically(self._path(user), content, mode=0o600)

    def _path(self, user: str) -> Path:
        """A name may hold anything, a file name may not: it is named by a digest."""
        return self._folder / f"{sha256(user.encode()).hexdigest()[:32]}.json"
