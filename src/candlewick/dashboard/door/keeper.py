"""Tells who a request is from, by what the settings ask for: a token, a password, or the word of a proxy or a provider.

A program shows a token as `Authorization: Bearer …`; a browser is given a session's cookie when it logs in.
"""

import hmac
import time
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from candlewick.config import Settings
from candlewick.dashboard.door.claims import Claims, stamp_of, visitor_of_claims
from candlewick.dashboard.door.session import Session, opened, sealed
from candlewick.dashboard.door.tries import Tries
from candlewick.dashboard.door.users import Users
from candlewick.dashboard.door.visitor import LOCAL, Role, Visitor
from candlewick.process.keyfile import key_in

KEY_FILE, USERS_FILE, JOURNAL_FILE = "session.key", "users.json", "audit.log"
OWNER = Visitor("owner", Role.ADMIN)
"""Whoever has the token that `candlewick up` prints."""
FOR_EVER = 2**53
_BEARER = "bearer "


class TooManyTriesError(Exception):
    """An address was wrong too often; `seconds` is how long it must wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many tries; wait {seconds:.0f} s")
        self.seconds = seconds


class Keeper:
    """Knows whom to let in. All of it is quick, but for `log_in`, which is meant for a thread."""

    def __init__(self, settings: Settings) -> None:
        dashboard, path = settings.dashboard, settings.door_path
        self.way = dashboard.auth
        self.tries = Tries()
        self.users = Users(path / USERS_FILE)
        self.cookie = f"candlewick-{dashboard.port}"
        self.seconds = round(dashboard.session.total_seconds())
        self._settings, self._oidc = dashboard, settings.oidc
        self._stamp = stamp_of(settings.oidc)
        self._token = key_in(settings.token_path) if self.way == "token" else ""
        self._key = key_in(path / KEY_FILE) if self.way in {"token", "password", "oidc"} else ""

    def session(self, headers: Mapping[str, str], peer: str) -> Session | None:
        """Return whose request this is, and until when; None where nobody is known by it."""
        if self.way == "none":
            return _for_ever(self.way, LOCAL)
        authorization = headers.get("authorization", "")
        if authorization.lower().startswith(_BEARER):
            return self._of_bearer(authorization[len(_BEARER) :].strip())
        return self._of_proxy(headers, peer) if self.way == "proxy" else self._of_cookie(headers.get("cookie", ""))

    def address(self, headers: Mapping[str, str], peer: str) -> str:
        """Return who connects: the peer, or whom a trusted proxy connects for."""
        if peer in self._settings.trusted_proxies:
            return headers.get("x-forwarded-for", "").rpartition(",")[2].strip() or peer
        return peer

    def begin_try(self, address: str) -> None:
        """Count a try to log in before it is made, so that many at once are no more than one after the other.

        Raises `TooManyTriesError`. `tries.succeed` takes it back.
        """
        now = time.monotonic()
        if seconds := self.tries.wait(address, now):
            raise TooManyTriesError(seconds)
        self.tries.fail(address, now)

    def log_in(self, name: str, secret: str) -> Session | None:
        """Return the session of somebody who shows a password, or the token."""
        if self.way == "token":
            return self._until(OWNER) if self._is_link_token(secret) else None
        user = self.users.of_password(name, secret)
        return self._until(user.visitor, user.stamp) if user else None

    def log_in_by(self, claims: Claims) -> Session:
        """Return the session of somebody whom the provider knows. Raises `StrangerError` where we do not."""
        return self._until(visitor_of_claims(claims, self._oidc), self._stamp)

    def is_secure(self, headers: Mapping[str, str], scheme: str) -> bool:
        """Whether browsers see this dashboard by https: itself, or by a proxy that the settings name."""
        return scheme == "https" or f"https://{headers.get('host', '')}" in self._settings.origins

    def cookie_of(self, session: Session) -> str:
        """Return the value of a session's cookie."""
        return sealed(session, self._key)

    def _of_bearer(self, token: str) -> Session | None:
        """Tries are not counted: nobody guesses 256 bits, and others at the same address would be locked out."""
        user = self.users.of_token(token)
        visitor = user.visitor if user else OWNER if self._is_link_token(token) else None
        return _for_ever(self.way, visitor) if visitor else None

    def _of_proxy(self, headers: Mapping[str, str], peer: str) -> Session | None:
        name = headers.get(self._settings.proxy_header.lower(), "")
        if peer not in self._settings.trusted_proxies or not name:
            return None
        return _for_ever(self.way, Visitor(name, self._role_of(name)))

    def _role_of(self, name: str) -> Role:
        """The role that `candlewick user add` gave to a name, or else the one that everybody has."""
        user = self.users.all().get(name)
        return user.visitor.role if user else Role.named(self._settings.proxy_role)

    def _of_cookie(self, cookies: str) -> Session | None:
        try:
            morsel = SimpleCookie(cookies).get(self.cookie)
        except CookieError:
            return None
        session = opened(morsel.value, self._key, time.time()) if morsel else None
        if session is None or session.way != self.way:
            return None
        return session if self._is_still(session) else None

    def _is_still(self, session: Session) -> bool:
        """Whether somebody would be let in again: by the same password and role, or by the same rules."""
        if self.way == "password":
            user = self.users.all().get(session.visitor.name)
            return user is not None and user.stamp == session.stamp and user.visitor == session.visitor
        return self.way == "token" or session.stamp == self._stamp

    def _is_link_token(self, token: str) -> bool:
        return bool(self._token) and hmac.compare_digest(token.encode(errors="replace"), self._token.encode())

    def _until(self, visitor: Visitor, stamp: str = "") -> Session:
        return Session(self.way, visitor, round(time.time()) + self.seconds, stamp)


def _for_ever(way: str, visitor: Visitor) -> Session:
    """The session of a request that shows anew who it is from."""
    return Session(way, visitor, FOR_EVER)
