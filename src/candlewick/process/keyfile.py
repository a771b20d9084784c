"""Keys that processes of one user share by a file that nobody else may read."""

import os
import secrets
from pathlib import Path

from candlewick.errors import ConfigError

_LENGTH = 43
"""Of 32 random bytes, as text."""


def key_in(path: Path) -> str:
    """Return the key in a file; one made at random where there is no such file.

    Raises `ConfigError` where others may read the file, it holds no key, or none can be kept there.
    """
    try:
        if not path.exists():
            _make(path)
        return _read(path)
    except OSError as error:
        raise ConfigError(f"{path}: expected to keep a key here: {error.strerror}") from None


def key_if_any(path: Path) -> str:
    """Return the key in a file, or an empty text where there is none that this process may believe."""
    try:
        return _read(path)
    except (OSError, ConfigError):
        return ""


def _read(path: Path) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, encoding="ascii", errors="replace") as file:
        status = os.fstat(descriptor)
        if status.st_mode & 0o077 or status.st_uid != os.geteuid():
            raise ConfigError(
                f"{path}: expected a key that only this user may read (chmod 600); remove it for a new one"
            )
        key = file.read(_LENGTH + 1).strip()
    if len(key) < _LENGTH:
        raise ConfigError(f"{path}: expected a key of {_LENGTH} letters, got {len(key)}; remove it for a new one")
    return key


def _make(path: Path) -> None:
    """Put a new key there, whole or not at all; who comes second finds the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32))
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()
