"""Pure: texts as SQL writes them."""

from pathlib import Path


def quoted(path: Path) -> str:
    """Return a path as a text of SQL, quotes around it and those in it doubled."""
    return text(str(path.absolute()))


def text(value: str) -> str:
    """Return a text of SQL, quotes around it and those in it doubled."""
    return "'" + value.replace("'", "''") + "'"
