"""How many bytes lie in each place of this machine, looked at once a minute at most: a lake has many folders."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from candlewick.config import Settings

EVERY_SECONDS = 60.0


@dataclass
class Stored:
    """The bytes of the lake (where it is a folder), the DuckDB file and the mart."""

    settings: Settings
    _measured: tuple[float, dict[str, int]] = field(default=(-EVERY_SECONDS, {}))

    def bytes(self) -> dict[str, int]:
        """Return the bytes by place; a place that is not on this machine is left out."""
        now = time.monotonic()
        if now - self._measured[0] >= EVERY_SECONDS:
            places = {"warehouse": self.settings.duckdb_path.parent, "mart": self.settings.mart_path}
            if "://" not in self.settings.lake_url:
                places["lake"] = Path(self.settings.lake_url)
            self._measured = now, {place: _size(path) for place, path in places.items() if path.exists()}
        return self._measured[1]


def _size(folder: Path) -> int:
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(path, name).stat().st_size
            except FileNotFoundError:  # a draft that was renamed meanwhile
                continue
    return total
