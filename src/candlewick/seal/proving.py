"""`candlewick prove`: from the sealed days of a lake to a file that a stranger can check."""

from collections.abc import Sequence
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
    def told(self) -> dict[str, object]:
        """The same for programs."""
        signature = self.certificates[-1].signature
        return {
            "path": str(self.path),
            "bytes": self.path.stat().st_size,
            "days": [{"symbol": each.symbol, "day": each.day, "digest": each.digest} for each in self.certificates],
            "public_key": signature["public_key"] if signature else None,
        }

    @property
    def text(self) -> str:
        """One line for people."""
        signature = self.certificates[-1].signature
        key = f" --key {signature['public_key']}" if signature else ""
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
    try:
        bundle.write(path, proofs, _before(seals, certificates[0]), with_trades=with_trades)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
    return Written(path, certificates)


def prove_trade(settings: Settings, symbol: str, day: date, trade_id: int, path: Path) -> Written:
    """Write the proof that one trade is part of a sealed day. Raises as `prove` does, and for an id of another day."""
    seals = Seals(Lake.open(settings.lake_url, settings.prefix, settings.s3))
    certificate = seals.certificate(symbol, day)
    try:
        content = bundle.inclusion(bundle.Proof(certificate, seals.content(certificate)), trade_id)
    except KeyError:
        ids = f"{certificate.body['first_id']} to {certificate.last_id}"
        raise ConfigError(f"--trade: expected an id of {symbol} {day}, {ids}, got {trade_id}") from None
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
    return Written(path, [certificate])


def _before(seals: Seals, certificate: Certificate) -> Certificate | None:
    """Return the certificate that one names; None where it names none, or it is not in this lake any more."""
    named = certificate.body["previous"]
    try:
        return seals.certificate(certificate.symbol, date.fromisoformat(named["day"])) if named else None
    except ObjectMissingError:
        return None
