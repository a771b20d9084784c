"""Pure: a visitor, and what each role may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from urllib.parse import quote, unquote

HEADER = "x-candlewick-visitor"
"""By this the door tells the pages behind it who asks; one that comes from outside is dropped."""


class Role(IntEnum):
    """What a visitor may do; each may do what those before it may."""

    VIEWER = 1
    """Look at charts and health, and take candles away."""
    ANALYST = 2
    """Write SQL, too."""
    ADMIN = 3
    """Everything."""

    @classmethod
    def named(cls, name: str) -> "Role":
        """Return the role of a name. Raises `KeyError`."""
        return cls[name.upper()]


@dataclass(frozen=True)
class Visitor:
    """Who asks."""

    name: str
    role: Role


LOCAL = Visitor("local", Role.ADMIN)
"""Whoever sits at this machine, where nobody is asked who they are."""


def told(visitor: Visitor) -> str:
    """Return a visitor as the header's text."""
    return f"{visitor.role.name.lower()} {quote(visitor.name, safe='')}"


def visitor_of(headers: Mapping[str, str]) -> Visitor | None:
    """Return the visitor whom the door let in, from a request's headers; None where there is no door."""
    role, _, name = (headers.get(HEADER) or "").partition(" ")
    return Visitor(unquote(name), Role.named(role)) if role else None
