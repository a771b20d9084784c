"""Drawings that people keep, by symbol and id. Changes name ids, so that those of two pages come together.

What is in a drawing is the page's own business: here it is a JSON object.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import field

from candlewick.dashboard.keeping.files import Own, UserFiles
from candlewick.errors import CandlewickError

ID_CHARACTERS = 60
MOST = 500
"""So many of each symbol."""
BODY_BYTES = 2**18

Page = dict[str, dict[str, Any]]
"""The drawings of a symbol by id, in the order in which they came."""


class Drawn(Own):
    """What a user has drawn, by symbol."""

    drawings: dict[str, Page] = field(default_factory=dict)


class Drawings:
    """All users' drawings. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._files = UserFiles(folder, Drawn, "drawings")

    def of(self, user: str, symbol: str) -> Page:
        """Return a user's drawings of a symbol. Raises `CandlewickError` where their file is damaged."""
        return self._files.of(user).drawings.get(symbol, {})

    def change(
        self, user: str, symbol: str, put: Mapping[str, dict[str, Any]], remove: Sequence[str]
    ) -> tuple[Page, bool]:
        """Put drawings in, or in the place of those that have their ids, and take others out.

        Returns all of the symbol, and whether any is another now. Raises `CandlewickError` where that is too much.
        """
        if any(not 0 < len(name) <= ID_CHARACTERS for name in put):
            raise CandlewickError(f"id: expected 1 to {ID_CHARACTERS} characters")

        def change(drawn: Drawn) -> bool:
            before = drawn.drawings.get(symbol, {})
            page = {name: drawing for name, drawing in {**before, **put}.items() if name not in remove}
            if len(page) > MOST:
                raise CandlewickError(f"expected at most {MOST} drawings of a symbol; remove some first")
            drawn.drawings[symbol] = page
            return page != before

        drawn, is_changed = self._files.change(user, change)
        return drawn.drawings[symbol], is_changed
