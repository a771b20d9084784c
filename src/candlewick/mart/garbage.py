"""Files of the mart that no version names any more, and when they may be deleted.

A reader opens files a moment after it has read their names, so they are kept for a while; one that means to read for
longer pins the version it reads (`pins.py`).
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from candlewick.mart.pins import pinned_files
from candlewick.mart.settled import PATTERN
from candlewick.mart.version import Version

GRACE_SECONDS = 30.0
DRAFT = ".draft"
"""How the name of a file ends that is still written."""


@dataclass
class Garbage:
    """Names of files, relative to the mart, and since when each is garbage."""

    path: Path
    _since: dict[str, float] = field(default_factory=dict)

    @classmethod
    def beside(cls, path: Path, version: Version | None) -> Self:
        """All files that a version does not name: of earlier ones, or of one that a killed owner did not finish."""
        garbage = cls(path)
        named = version.file_names if version else set()
        found = [file for kind in ("*.parquet", PATTERN, f"*{DRAFT}") for file in path.rglob(kind)]
        garbage.drop({str(file.relative_to(path)) for file in found} - named)
        return garbage

    def drop(self, names: Iterable[str]) -> None:
        """Note that files are not named any more."""
        self._since |= dict.fromkeys(names, time.monotonic())

    def keep(self, name: str) -> None:
        """Note that a file is named again: the same content has come back."""
        self._since.pop(name, None)

    def collect(self) -> None:
        """Delete what has been garbage for long enough and is not pinned."""
        due = [name for name, since in self._since.items() if time.monotonic() - since > GRACE_SECONDS]
        pinned = pinned_files(self.path) if due else set()
        for name in due:
            if name not in pinned:
                (self.path / name).unlink(missing_ok=True)
                del self._since[name]
