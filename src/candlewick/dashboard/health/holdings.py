"""How much lies where: the lake's objects, the warehouse's file, the mart's tables. Looked at now and then."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from candlewick.config import Settings
from candlewick.dashboard.markup import Html, size, table
from candlewick.errors import MartNotReadyError
from candlewick.mart.reader import Mart

EVERY_SECONDS = 60.0


@dataclass(frozen=True)
class Holding:
    """A place, what it is, and how much it holds; None where that is not known cheaply."""

    place: str
    where: str
    files: int | None
    bytes: int | None
    rows: int | None = None


@dataclass
class Holdings:
    """The holdings of one configuration, measured at most once a minute: a lake has many folders."""

    settings: Settings
    _measured: tuple[float, list[Holding]] = field(default=(-EVERY_SECONDS, []))

    def newest(self, recorder: Mapping[str, Any]) -> list[Holding]:
        """What there is; `recorder` is its heartbeat, which counts a remote lake's objects."""
        now = time.monotonic()
        if now - self._measured[0] >= EVERY_SECONDS:
            self._measured = now, [_lake(self.settings, recorder), *_warehouse(self.settings)]
        return self._measured[1]


def holdings_html(holdings: list[Holding]) -> Html:
    """A row per place."""
    head = ("place", "where", "files", "rows", "size")
    return table(head, [(h.place, h.where, _number(h.files), _number(h.rows), _size(h.bytes)) for h in holdings])


def _number(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"


def _size(number: int | None) -> str:
    return "–" if number is None else size(number)


def _lake(settings: Settings, recorder: Mapping[str, Any]) -> Holding:
    if "://" in settings.lake_url:
        return Holding("Lake", settings.lake_url, recorder.get("objects"), None)
    files, total = _walk(Path(settings.lake_url))
    return Holding("Lake", settings.lake_url, files, total)


def _warehouse(settings: Settings) -> list[Holding]:
    holdings = []
    if settings.duckdb_path.exists():
        total = settings.duckdb_path.stat().st_size
        holdings.append(Holding("Warehouse", str(settings.duckdb_path), 1, total))
    try:
        tables = Mart(settings.mart_path).current().tables
    except MartNotReadyError:
        return holdings
    for name, published in sorted(tables.items()):
        total = sum(file.bytes for file in published.files)
        holdings.append(Holding("Mart", name.upper(), len(published.files), total, published.rows))
    return holdings


def _walk(folder: Path) -> tuple[int, int]:
    """How many files are below a folder, and their bytes."""
    files = total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            files += 1
            total += _bytes(Path(path, name))
    return files, total


def _bytes(path: Path) -> int:
    """A file's size; a draft may be gone when it is looked at."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
