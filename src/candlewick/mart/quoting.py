"""Pure: a path as SQL names it."""

from pathlib import Path


def quoted(path: Path) -> str:
    """Return a path as a text of SQL, quotes around it and those in it doubled."""
    return "'" + str(path.absolute()).replace("'", "''") + "'"
