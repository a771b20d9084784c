"""Which folders can be used: those that DuckDB, dbt and one line of text can name."""

import re
from pathlib import Path

from candlewick.errors import ConfigError

_UNUSABLE = re.compile(r"[?#\\\x00-\x1f\x7f-\x9f\ud800-\udfff]|\{[{%#]")
"""DuckDB takes what follows a `?` for options, and a backslash for a slash; dbt looks for the tables of a database that
is named for what is before a `#`, and fills in what is within `{{ }}`."""


def usable(folder: Path) -> Path:
    """Return a folder whose full path can be used. Raises `ValueError`."""
    full = str(folder.absolute())
    if found := _UNUSABLE.search(full):
        raise ValueError(
            "expected a folder whose full path has no '?', '#', backslash, '{{', '{%' or control character"
            f" (the warehouse's files cannot lie there), got {full!r} with {found[0]!r}"
        )
    return folder


def check_home(folder: Path) -> Path:
    """Return a folder that can be used, before anything is written into it. Raises `ConfigError`."""
    try:
        return usable(folder)
    except ValueError as error:
        raise ConfigError(f"{folder}: {error}; start from another folder") from None
