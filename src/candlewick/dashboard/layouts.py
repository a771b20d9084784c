"""Layouts, templates and watchlists that people name and keep: one file per user, of bounded size.

A *layout* is what all charts of a page show, drawings included; a *template* is a look and a set of indicators for any
symbol; a *watchlist* is a list of symbols. What is in them is the page's own business: here they are JSON objects.
"""

import threading
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import msgspec

from candlewick.errors import UNREADABLE, CandlewickError
from candlewick.process.files import replace_atomically

Kind = Literal["layout", "template", "watchlist"]
NAME_CHARACTERS = 60
MOST = 50
"""So many of each kind."""
BODY_BYTES = 65_536
_FILE_BYTES = 2 * 2**20


class Kept(msgspec.Struct):
    """What a user keeps, by name."""

    user: str = ""
    layout: dict[str, dict[str, Any]] = {}
    template: dict[str, dict[str, Any]] = {}
    watchlist: dict[str, dict[str, Any]] = {}


class Layouts:
    """The files of a folder. Safe to use from several threads; one process writes them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def of(self, user: str) -> Kept:
        """Return what a user keeps. Raises `CandlewickError` where the file is no longer what was written."""
        try:
            return msgspec.json.decode(self._path(user).read_bytes(), type=Kept)
        except FileNotFoundError:
            return Kept(user)
        except UNREADABLE as error:
            raise CandlewickError(f"{self._path(user)}: expected layouts, got {error}; move the file away") from None

    def put(self, user: str, kind: Kind, name: str, content: dict[str, Any]) -> None:
        """Keep one under a name, in place of what had it. Raises `CandlewickError` where that is too much."""
        if not 0 < len(name.strip()) <= NAME_CHARACTERS:
            raise CandlewickError(f"name: expected 1 to {NAME_CHARACTERS} characters, got {len(name)}")
        with self._lock:
            kept = self.of(user)
            named = getattr(kept, kind)
            named[name] = content
            if len(named) > MOST:
                raise CandlewickError(f"expected at most {MOST} of a kind; remove one first")
            self._write(user, kept)

    def remove(self, user: str, kind: Kind, name: str) -> None:
        """Remove one, if it is there."""
        with self._lock:
            kept = self.of(user)
            if getattr(kept, kind).pop(name, None) is not None:
                self._write(user, kept)

    def _write(self, user: str, kept: Kept) -> None:
        content = msgspec.json.encode(kept)
        if len(content) > _FILE_BYTES:
            raise CandlewickError(f"expected at most {_FILE_BYTES >> 20} MB of layouts; remove one first")
        replace_atomically(self._path(user), content, mode=0o600)

    def _path(self, user: str) -> Path:
        """A name may hold anything, a file name may not: it is named by a digest, and says inside whose it is."""
        return self._folder / f"{sha256(user.encode()).hexdigest()[:32]}.json"
