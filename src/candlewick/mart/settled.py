"""The files of a mart that nobody expects to change, named apart from `CURRENT`.

A year of a symbol is some two thousand files. `CURRENT` would name them all at every publish, and every reader would
read them at every look. They are named in a file of their own, `settled.<digest>.json`, which is written anew when
enough have come, or where one of them was replaced. It never changes, so it is read once.
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import msgspec

from candlewick.mart.version import CURRENT, Named, Version, decode, decode_named, encode_named
from candlewick.process.files import replace_atomically

PATTERN = "settled.*.json"
MANY = 64
"""So many files that are not named apart yet are worth a new file of names."""
_ATTEMPTS = 5


class Settled:
    """The writing end in a mart's folder: the `file` that names some of the mart's, None before one is worth it."""

    def __init__(self, path: Path, current: Version | None) -> None:
        self._path = path
        self.file = current.settled if current else None
        self.names = _names(_read(path / self.file)) if self.file else frozenset()

    def follow(self, candidates: Mapping[str, Named]) -> None:
        """Name none but `candidates` apart, by table: where one that is named is none of them, or many more are."""
        names = _names(candidates)
        if self.names <= names and len(names) - len(self.names) < MANY:
            return
        content = encode_named(candidates)
        self.names, self.file = names, f"settled.{_digest(content)}.json"
        # On the disk at once: of what a power cut leaves, a `CURRENT` without this file would be worth nothing.
        replace_atomically(self._path / self.file, content)


def read_current(path: Path) -> Version:
    """Read the version that a mart's folder names. Raises FileNotFoundError, `msgspec.DecodeError` and `NewerError`."""
    for _ in range(_ATTEMPTS):
        text = (path / CURRENT).read_bytes()
        try:
            return read(path, text)
        except FileNotFoundError:  # held up for so long that the names are gone, where there is a newer version
            if text == (path / CURRENT).read_bytes():
                raise
    return read(path, (path / CURRENT).read_bytes())


def read(path: Path, text: bytes) -> Version:
    """Read a version of the mart in a folder from its text. Raises as `read_current`."""
    return decode(text, lambda name: _read(path / name))


@lru_cache(maxsize=8)
def _read(path: Path) -> dict[str, Named]:
    content = path.read_bytes()
    if path.name != f"settled.{_digest(content)}.json":
        raise msgspec.DecodeError(f"{path}: not what was written")
    return decode_named(content)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _names(named: Mapping[str, Named]) -> frozenset[str]:
    return frozenset().union(*(each.names for each in named.values()))
