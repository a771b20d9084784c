"""Packages that are installed, and that a process does without."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType


class _Spared(MetaPathFinder):
    """Says of a package that it is not there."""

    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        """Raise `ModuleNotFoundError` for the package; leave every other one to the next finder."""
        if name == self._package:
            raise ModuleNotFoundError(f"No module named {name!r}: this process does without", name=name)


_PANDAS = _Spared("pandas")


def spare_pandas() -> None:
    """Keep Arrow from importing pandas, which it does for its first array where pandas is installed.

    Streamlit brings it, and only the dashboard and Snowflake's connector have use for it. Arrow looks for it once: this
    is for a process that turns nothing into its frames.
    """
    sys.meta_path.insert(0, _PANDAS)


def allow_pandas() -> None:
    """Let it be imported again, by whoever else looks for it."""
    if _PANDAS in sys.meta_path:
        sys.meta_path.remove(_PANDAS)
