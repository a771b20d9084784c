"""The users of a dashboard and its programs' tokens: one small file that holds nothing by which anybody could log in.

Passwords are kept as scrypt digests. It is in the standard library, is hard on memory as Argon2 is, and at these
parameters (16 MB, 8 rounds over) one of those that OWASP's Password Storage Cheat Sheet recommends where Argon2 is not
to be had; so no dependency is taken for it. A token has 256 random bits, which nobody guesses: a SHA-256 of it is
enough.
"""

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Literal

import msgspec

from candlewick.dashboard.door.visitor import Role, Visitor
from candlewick.errors import UNREADABLE, ConfigError
from candlewick.process.files import replace_atomically

SHORTEST = 12
_SCRYPT = {"n": 2**14, "r": 8, "p": 5}
_MEMORY = 64 * 2**20
_NOBODY = "0" * 32
NAME_LENGTH = 64


class User(msgspec.Struct, frozen=True):
    """Somebody with a password, or a program with a token. `digest` is of either, `salt` of the password's."""

    name: str
    role: str
    kind: Literal["password", "token"]
    digest: str
    salt: str = ""

    @property
    def visitor(self) -> Visitor:
        """Who this is, when let in."""
        return Visitor(self.name, Role.named(self.role))

    @property
    def stamp(self) -> str:
        """Differs after the password was changed."""
        return self.digest[:16]


class Users:
    """The file of users; read anew whenever it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[tuple[int, int], dict[str, User]] | None = None

    def all(self) -> dict[str, User]:
        """Return the users by name. Raises `ConfigError` where the file is none of ours."""
        try:
            status = self._path.stat()
            stamp = status.st_ino, status.st_mtime_ns
            if self._read is None or self._read[0] != stamp:
                users = msgspec.json.decode(self._path.read_bytes(), type=list[User])
                self._read = stamp, {user.name: user for user in users if Role.named(user.role)}
        except FileNotFoundError:
            return {}
        except (*UNREADABLE, KeyError) as error:
            raise ConfigError(f"{self._path}: expected the file that `candlewick user add` writes: {error}") from None
        return self._read[1]

    def add(self, name: str, role: Role, password: str) -> None:
        """Add somebody, or change their role and password. Raises `ConfigError`."""
        if len(password) < SHORTEST:
            raise ConfigError(f"expected a password of at least {SHORTEST} characters, got {len(password)}")
        salt = secrets.token_hex(16)
        self._put(User(_checked(name), role.name.lower(), "password", _digest(password, salt), salt))

    def add_token(self, name: str, role: Role) -> str:
        """Add a program, or give it a new token; return the token, which is kept nowhere. Raises `ConfigError`."""
        token = f"cw_{secrets.token_urlsafe(32)}"
        self._put(User(_checked(name), role.name.lower(), "token", _token_digest(token)))
        return token

    def remove(self, name: str) -> None:
        """Let somebody in no more; their sessions end. Raises `ConfigError` where there is nobody of that name."""
        users = dict(self.all())
        if name not in users:
            raise ConfigError(f"expected one of {', '.join(sorted(users)) or 'no users at all'}, got {name!r}")
        del users[name]
        self._write(users)

    def of_password(self, name: str, password: str) -> User | None:
        """Return who this is; it takes as long for a name that there is not. Slow on purpose: call it on a thread."""
        user = self.all().get(name)
        is_known = user is not None and user.kind == "password"
        digest = _digest(password, user.salt if user and is_known else _NOBODY)
        is_right = hmac.compare_digest(digest, user.digest if user and is_known else _NOBODY)
        return user if is_known and is_right else None

    def of_token(self, token: str) -> User | None:
        """Return whose token this is."""
        digest = _token_digest(token)
        found = None
        for user in self.all().values():
            if user.kind == "token" and hmac.compare_digest(digest, user.digest):
                found = user
        return found

    def _put(self, user: User) -> None:
        self._write(self.all() | {user.name: user})

    def _write(self, users: dict[str, User]) -> None:
        content = msgspec.json.format(msgspec.json.encode(list(users.values())), indent=1)
        replace_atomically(self._path, content, mode=0o600)


def _checked(name: str) -> str:
    if not name or len(name) > NAME_LENGTH or not name.isprintable():
        raise ConfigError(f"expected a name of 1 to {NAME_LENGTH} printable characters, got {name[:80]!r}")
    return name


def _digest(password: str, salt: str) -> str:
    data = password.encode(errors="surrogatepass")
    return hashlib.scrypt(data, salt=salt.encode(), maxmem=_MEMORY, dklen=32, **_SCRYPT).hex()


def _token_digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
