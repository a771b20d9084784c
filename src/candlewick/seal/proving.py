"""`candlewick prove`: from the sealed days of a lake to a file that a stranger can check."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import NamedTuple

from candlewick.config import Settings
from candlewick.errors import ConfigError, ObjectMissingError
from candlewick.lake.objects import Lake
from candlewick.seal import bundle
from candlewick.seal.certificate import Certificate
from candlewick.seal.seals import Seals


class Written(NamedTuple):
    """What was written, and how to check it."""

    path: Path
    certificates: list[Certificate]

    @property
    def keys(self) -> list[str]:
        """The public keys that signed, each once, in the order of the days."""
        return list(dict.fromkeys(each.signature["public_key"] for each in self.certificates if each.signature))

    @property
    def told(self) -> dict[str, object]:
        """The same for programs: `public_key` is the last day's, `public_keys` are those of all days."""
        signature = self.certificates[-1].signature
        return {
            "path": str(self.path),
            "bytes": self.path.stat().st_size,
            "days": [{"symbol": each.symbol, "day": each.day, "digest": each.digest} for each in self.certificates],
            "public_key": signature["public_key"] if signature else None,
            "public_keys": self.keys,
        }

    @property
    def text(self) -> str:
        """One line for people: with the keys of all days, where each of them is signed."""
        unsigned = sum(each.signature is None for each in self.certificates)
        key = "" if unsigned else "".join(f" --key {each}" for each in self.keys)
        if unsigned and self.keys:
            key = f" ({unsigned} of its days are unsigned: they hold, but not for a key)"
        size = self.path.stat().st_size
        verifier = "verify.py" if self.path.suffix == ".zip" else str(bundle.VERIFIER)
        taken = f"unzip {self.path} verify.py && " if self.path.suffix == ".zip" else ""
        return f"{self.path} ({size:,} bytes). Check it anywhere: {taken}python3 {verifier} {self.path}{key}"


def prove(settings: Settings, symbol: str, days: Sequence[date], path: Path, *, with_trades: bool) -> Written:
    """Write a bundle of days. Raises `ObjectMissingError` for one that is not sealed, `LakeError`, `ConfigError`."""
    seals = Seals(Lake.open(settings.lake_url, settings.prefix, settings.s3))
    certificates = [seals.certificate(symbol, day) for day in days]
    if not certificates:
        raise ConfigError("--to: expected a day from the first one on")
    proofs = (bundle.Proof(each, seals.content(each)) for each in certificates)
    with _drafted(path) as draft:
        bundle.write(draft, proofs, _before(seals, certificates[0]), with_trades=with_trades)
    return Written(path, certificates)


def prove_trade(settings: Settings, symbol: str, day: date, trade_id: int, path: Path) -> Written:
    """Write the proof that one trade is part of a sealed day. Raises as `prove` does, and for an id of another day."""
    seals = Seals(Lake.open(settings.lake_url, settings.prefix, settings.s3))
    certificate = seals.certificate(symbol, day)
    if certificate.signature is None:
        raise ConfigError(f"--trade: {symbol} {day} is sealed unsigned, and of one trade only a signature is a proof")
    try:
        content = bundle.inclusion(bundle.Proof(certificate, seals.content(certificate)), trade_id)
    except KeyError:
        ids = f"{certificate.body['first_id']} to {certificate.last_id}"
        raise ConfigError(f"--trade: expected an id of {symbol} {day}, {ids}, got {trade_id}") from None
    with _drafted(path) as draft:
        draft.write_bytes(content)
    return Written(path, [certificate])


@contextmanager
def _drafted(path: Path) -> Iterator[Path]:
    """Give the path of a draft that takes this one's place when it is whole; a proof that is there stays until then.

    Raises `ConfigError` where nothing can be written.
    """
    if path.exists() and not path.is_file():
        raise ConfigError(f"{path}: expected the name of a file to write")
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield draft
        draft.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _before(seals: Seals, certificate: Certificate) -> Certificate | None:
    """Return the certificate that one names; None where it names none, or it is not in this lake any more."""
    named = certificate.body["previous"]
    try:
        return seals.certificate(certificate.symbol, date.fromisoformat(named["day"])) if named else None
    except ObjectMissingError:
        return None
