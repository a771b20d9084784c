"""The key that signs certificates: Ed25519, of this data folder, made when it is first needed, and readable by us only.

It needs the package `cryptography` (the extra `candlewick[proof]`). Without it days are sealed unsigned: ids, candles
and the tree prove as much, but not who sealed them.
"""

import os
from dataclasses import replace
from pathlib import Path

import structlog

from candlewick.errors import ConfigError, TornObjectError
from candlewick.process.files import flush, fsync
from candlewick.seal import verify
from candlewick.seal.certificate import Certificate

log = structlog.get_logger()


def check(certificate: Certificate) -> None:
    """See that a certificate's signature, where it has one, is of it. Raises `TornObjectError`."""
    report = verify.Report()
    try:
        verify.check_signature(report, certificate.head.decode(), certificate.signature, ())
    except verify.UNREADABLE as error:
        report.problem(f"its signature is none: {error}")
    if report.problems:
        raise TornObjectError(f"{certificate.symbol} {certificate.day}: {report.problems[0]}")


class Signer:
    """Signs with the key in a file of 32 bytes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_told = False

    def sign(self, certificate: Certificate) -> Certificate:
        """Return the certificate signed; as it is where `cryptography` is not installed.

        Raises `ConfigError` where the key cannot be read or made.
        """
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
        except ImportError:
            log.warning("not signed: pip install 'candlewick[proof]'", day=str(certificate.day))
            return certificate
        key = Ed25519PrivateKey.from_private_bytes(self._secret())
        public = key.public_key().public_bytes_raw().hex()
        value = key.sign(certificate.head).hex()
        return replace(certificate, signature={"algorithm": "ed25519", "public_key": public, "value": value})

    def _secret(self) -> bytes:
        try:
            if not self._path.exists():
                self._make()
            if (mode := self._path.stat().st_mode & 0o777) & 0o077 and not self._is_told:
                self._is_told = True
                log.error(
                    "the key that signs is not its owner's alone: chmod 600", path=str(self._path), mode=f"{mode:o}"
                )
            secret = self._path.read_bytes()
        except OSError as error:
            raise ConfigError(f"{self._path}: the key that signs certificates: {error.strerror}") from None
        if len(secret) != 32:
            raise ConfigError(
                f"{self._path}: expected a key of 32 bytes, got {len(secret)}; restore it, or move it away"
            )
        return secret

    def _make(self) -> None:
        """Make a key that is whole or not there, whoever else makes one at this moment."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)  # of a process that had this id and was killed
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, os.urandom(32))
            flush(descriptor)
            os.link(draft, self._path)
        except FileExistsError:
            return
        finally:
            os.close(descriptor)
            draft.unlink()
        fsync(self._path.parent)
        log.info("key made", path=str(self._path))
