"""What an earlier version of Candlewick left on a disk, put there again."""

import tarfile
from pathlib import Path

from candlewick import config

WITH_SEALED_DAY = Path(__file__).with_name("version_0_1_0_sealed.tar.xz")
"""Has a day that is sealed."""


def unpacked(archive: Path, folder: Path) -> config.Settings:
    """Unpack an installation into a folder; return its settings, which hold where the process works in that folder."""
    with tarfile.open(archive) as content:
        content.extractall(folder, filter="data")
    return config.load(folder / "candlewick.toml")
