"""Pure: a session as a cookie that only this dashboard can have written: who, until when, and a signature."""

import base64
import hashlib
import hmac
from dataclasses import dataclass

import msgspec

from candlewick.dashboard.door.visitor import Role, Visitor
from candlewick.errors import UNREADABLE

_SEPARATOR = "."


class _Told(msgspec.Struct, array_like=True):
    way: str
    name: str
    role: int
    ends_at: int
    stamp: str


@dataclass(frozen=True)
class Session:
    """A visitor, and until when (seconds since the epoch) they are one.

    `way` is how they came in: a session of another way of logging in is none. `stamp` is of the password they gave.
    """

    way: str
    visitor: Visitor
    ends_at: int
    stamp: str = ""


def sealed(session: Session, key: str) -> str:
    """Return the cookie of a session."""
    told = _Told(session.way, session.visitor.name, int(session.visitor.role), session.ends_at, session.stamp)
    body = _text(msgspec.json.encode(told))
    return f"{body}{_SEPARATOR}{_signature(body, key)}"


def opened(cookie: str, key: str, now: float) -> Session | None:
    """Return the session of a cookie; None where it is not ours, or over."""
    body, _, signature = cookie.partition(_SEPARATOR)
    if not hmac.compare_digest(signature.encode(), _signature(body, key).encode()):
        return None
    try:
        told = msgspec.json.decode(_bytes(body), type=_Told)
        session = Session(told.way, Visitor(told.name, Role(told.role)), told.ends_at, told.stamp)
    except (*UNREADABLE, ValueError):
        return None
    return session if session.ends_at > now else None


def _signature(body: str, key: str) -> str:
    return _text(hmac.digest(key.encode(), b"candlewick session\0" + body.encode(), hashlib.sha256))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
