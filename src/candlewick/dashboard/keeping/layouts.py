"""Layouts, templates and watchlists that people name and keep.

A *layout* is what all charts of a page show, drawings included; a *template* is a look and a set of indicators for any
symbol; a *watchlist* is a list of symbols. What is in them is the page's own business: here they are JSON objects.
"""

from pathlib import Path
from typing import Any, Literal

from msgspec import field

from candlewick.dashboard.keeping.files import Own, UserFiles
from candlewick.errors import CandlewickError

Kind = Literal["layout", "template", "watchlist"]
NAME_CHARACTERS = 60
MOST = 50
"""So many of each kind."""
BODY_BYTES = 65_536


class Kept(Own):
    """What a user keeps, by name."""

    layout: dict[str, dict[str, Any]] = field(default_factory=dict)
    template: dict[str, dict[str, Any]] = field(default_factory=dict)
    watchlist: dict[str, dict[str, Any]] = field(default_factory=dict)


class Layouts:
    """All users' layouts, templates and watchlists. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._files = UserFiles(folder, Kept, "layouts")

    def of(self, user: str) -> Kept:
        """Return what a user keeps. Raises `CandlewickError` where the file is no longer what was written."""
        return self._files.of(user)

    def put(self, user: str, kind: Kind, name: str, content: dict[str, Any]) -> None:
        """Keep one under a name, in place of what had it. Raises `CandlewickError` where that is too much."""
        if not 0 < len(name.strip()) <= NAME_CHARACTERS:
            raise CandlewickError(f"name: expected 1 to {NAME_CHARACTERS} characters, got {len(name)}")

        def put(kept: Kept) -> bool:
            named = getattr(kept, kind)
            named[name] = content
            if len(named) > MOST:
                raise CandlewickError(f"expected at most {MOST} of a kind; remove one first")
            return True

        self._files.change(user, put)

    def remove(self, user: str, kind: Kind, name: str) -> None:
        """Remove one, if it is there."""
        self._files.change(user, lambda kept: getattr(kept, kind).pop(name, None) is not None)
