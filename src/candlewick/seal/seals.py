"""The sealed days of a lake: which there are, and how one becomes durable.

    {prefix}/sealed/{symbol}/{YYYY}/{symbol}-{YYYY-MM-DD}.parquet             the trades
    {prefix}/sealed/{symbol}/{YYYY}/{symbol}-{YYYY-MM-DD}.evidence.json.zst   every other line of the day
    {prefix}/sealed/{symbol}/{YYYY}/{symbol}-{YYYY-MM-DD}.certificate.json    written last: with it the day is sealed

All are put where no object of that name is, and never changed. A sealing that was killed leaves files that no
certificate names; where they are not what the next one makes, that one takes names with its digest in them.
"""

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import Literal

from candlewick.errors import ObjectExistsError, ObjectMissingError, TornObjectError
from candlewick.lake import compression
from candlewick.lake.objects import Lake
from candlewick.lake.sealed.reference import evidence_in
from candlewick.process.crashpoint import crashpoint
from candlewick.seal import certificate as certificates
from candlewick.seal.certificate import Certificate, File

Kind = Literal["file", "evidence"]
KINDS: tuple[Kind, ...] = ("file", "evidence")
"""The files that a certificate vouches for, as it calls them."""
_CERTIFICATE = re.compile(r".*-(\d{4}-\d{2}-\d{2})\.certificate\.json")
_LEVEL = 12


class Seals:
    """The sealed days under a lake's prefix."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self._certificate = lru_cache(maxsize=64)(self._read_certificate)

    def symbols(self) -> list[str]:
        """Return the symbols of which a day is sealed."""
        return [folder.rpartition("/")[2] for folder in sorted(self.lake.subfolders(f"{self.lake.prefix}/sealed"))]

    def days(self, symbol: str) -> list[date]:
        """Return the days that are sealed, oldest first."""
        years = sorted(self.lake.subfolders(f"{self.lake.prefix}/sealed/{symbol}"))
        return [day for year in years for day in self._days_in(year)]

    def _days_in(self, year: str) -> list[date]:
        """Return the days of a year's folder that are sealed, oldest first."""
        names = self.lake.list_folder(year)
        return [date.fromisoformat(match[1]) for name in names if (match := _CERTIFICATE.fullmatch(name))]

    def is_sealed(self, symbol: str, day: date) -> bool:
        """Whether there is a certificate of a day."""
        try:
            self.certificate(symbol, day)
        except ObjectMissingError:
            return False
        return True

    def certificate(self, symbol: str, day: date) -> Certificate:
        """Return a day's certificate. Raises `ObjectMissingError` where it is not sealed."""
        return self._certificate(symbol, day)

    def before(self, symbol: str, day: date) -> Certificate | None:
        """Return the certificate of the newest sealed day before a day."""
        for year in sorted(self.lake.subfolders(f"{self.lake.prefix}/sealed/{symbol}"), reverse=True):
            if earlier := [each for each in self._days_in(year) if each < day]:
                return self.certificate(symbol, earlier[-1])
        return None

    def content(self, certificate: Certificate) -> bytes:
        """Return a sealed file's bytes. Raises `TornObjectError` where they are not what was certified."""
        return self._vouched(certificate.body["file"])

    def check(self, certificate: Certificate) -> None:
        """See that a sealed file is what was certified. Raises as `content` does."""
        self.content(certificate)

    def lost(self, certificate: Certificate) -> list[Kind]:
        """Return which of a day's files are gone, or are not what was certified. Raises `LakeError`."""
        found: list[Kind] = []
        for kind in KINDS:
            try:
                self._vouched(certificate.body[kind])
            except (ObjectMissingError, TornObjectError):
                found.append(kind)
        return found

    def stands(self, symbol: str, day: date) -> bool:
        """Whether a day is sealed and both of its files are what was certified. Raises `LakeError`."""
        return self.is_sealed(symbol, day) and not self.lost(self.certificate(symbol, day))

    def put_back(self, certificate: Certificate, kind: Kind, content: bytes) -> None:
        """Put a file where it was, whose bytes are those that were certified. Raises `LakeError`."""
        crashpoint(f"before restoring {kind}")
        try:
            self.lake.put_absent(name := str(certificate.body[kind]["name"]), content)
        except ObjectExistsError:  # what is there is damaged
            self.lake.replace(name, content)
        crashpoint(f"after restoring {kind}")

    def evidence(self, certificate: Certificate) -> list[bytes]:
        """Read the lines of a day that are not its trades'. Raises `TornObjectError` as `content` does."""
        return evidence_in(self._vouched(certificate.body["evidence"]))

    def name(self, symbol: str, day: date, suffix: str) -> str:
        """Return the name of one of a day's files."""
        return f"{self.lake.prefix}/sealed/{symbol}/{day.year}/{symbol}-{day}.{suffix}"

    def put_file(self, symbol: str, day: date, suffix: str, content: bytes) -> File:
        """Make a file durable that a certificate is going to name. Raises `LakeError`."""
        stem, kind = self.name(symbol, day, suffix).removesuffix(suffix), suffix
        for name in (f"{stem}{kind}", f"{stem}{sha256(content).hexdigest()[:12]}.{kind}"):
            crashpoint(f"before sealing {kind}")
            try:
                self.lake.put_absent(name, content)
            except ObjectExistsError:
                if self.lake.get(name) != content:
                    continue
            crashpoint(f"after sealing {kind}")
            return File(name, content)
        raise TornObjectError(f"{stem}{kind}: its name is taken by other files; move them away")

    def put_certificate(self, certificate: Certificate) -> Certificate:
        """Make a certificate durable: with it the day is sealed. Return the one that is there: the first one wins."""
        crashpoint("before certificate")
        try:
            self.lake.put_absent(
                self.name(certificate.symbol, certificate.day, "certificate.json"), certificate.encode()
            )
        except ObjectExistsError:
            return self.certificate(certificate.symbol, certificate.day)
        crashpoint("after certificate")
        return certificate

    def _read_certificate(self, symbol: str, day: date) -> Certificate:
        name = self.name(symbol, day, "certificate.json")
        try:
            return certificates.decode(self.lake.get(name), name)
        except ObjectMissingError:
            raise ObjectMissingError(f"{symbol} {day}: not sealed; `candlewick seal --day {day}` says why") from None

    def _vouched(self, about: dict[str, object]) -> bytes:
        name = str(about["name"])
        content = self.lake.get(name)
        if sha256(content).hexdigest() != about["sha256"]:
            raise TornObjectError(f"{name}: not the file that was certified; `candlewick seal --day` may restore it")
        return content


def pack(lines: list[bytes]) -> bytes:
    """Return the file of a day's other lines."""
    text = b"".join(line + b"\n" for line in lines)
    return compression.compress(text, _LEVEL)


def all_certificates(seals: Seals) -> Iterator[Certificate]:
    """Read every certificate of a lake, by symbol and day."""
    for symbol in seals.symbols():
        for day in seals.days(symbol):
            yield seals.certificate(symbol, day)
