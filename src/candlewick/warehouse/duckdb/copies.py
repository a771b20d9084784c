"""Sealed files of a lake in a store, copied into a folder, so that SILVER is read from them as from a lake in a folder.

A file is fetched once. Its digest is in the name of its copy, and is compared before the copy takes that name; so two
files of one day never take each other's place. A copy that is gone or damaged is fetched again; one that nothing is
read from goes.
"""

import re
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import structlog
from msgspec.structs import replace

from candlewick.lake.manifest import SealedPart
from candlewick.lake.objects import Lake, LakeSealed, LakeText, LakeTrades
from candlewick.lake.sealed import file, reference
from candlewick.lake.sealed.file import About
from candlewick.mart.version import SealedFile
from candlewick.process.crashpoint import crashpoint
from candlewick.process.files import replace_atomically

GRACE_SECONDS = 60.0
"""How long a copy that nothing is read from any more is kept for readers that began before."""
_MARK = re.compile(r"~[0-9a-f]{12}(?=\.parquet$)")
"""What the name of a copy has besides that of its file; no name in a lake has it."""

log = structlog.get_logger()


@dataclass
class Copies:
    """The copies in a folder. Safe to use from several threads."""

    lake: Lake
    root: Path
    _looked: dict[str, tuple[About, int]] = field(default_factory=dict)
    _busy: dict[str, threading.Lock] = field(default_factory=dict)
    _unused: dict[Path, float] = field(default_factory=dict)

    def read(self, name: str) -> LakeText | LakeTrades | LakeSealed:
        """Read an object as `Lake.read_sealed`; a sealed file that trades are left in is a copy here, named as such."""
        item = self.lake.read_sealed(name, self.look)
        return item._replace(part=copied(item.part)) if isinstance(item, LakeSealed) else item

    def look(self, part: SealedPart) -> tuple[About, int]:
        """See that there is a copy of a sealed file; return what it says of itself, and its bytes.

        Raises `TornObjectError` where the lake's file is not what was sealed, `LakeError`.
        """
        copy = copied(part)
        with self._busy.setdefault(part.sha256, threading.Lock()):  # one of many parts fetches it, the others wait
            told = self._looked.get(part.sha256)
            if told is None or not _has_size(self.root / copy.file, told[1]):
                content = self._held(copy) or self._fetch(copy)
                told = self._looked[part.sha256] = file.about(content, part.file), len(content)
        return told

    def put(self, name: str, digest: str, content: bytes) -> str:
        """Have a copy of a sealed file whose content was compared with its digest; return the copy's name."""
        copy = copied(SealedPart(name, digest))
        if self._held(copy) is None:
            self._write(copy, content)
        return copy.file

    def complete(self, files: Collection[SealedFile]) -> None:
        """Fetch the copies that are gone or cut short again. Raises as `look`."""
        for each in files:
            if not _has_size(self.root / each.name, each.bytes):
                self._heal(each)

    def check(self, each: SealedFile) -> None:
        """See that a copy is what was sealed, or fetch it again. Raises as `look`."""
        if self._held(SealedPart(each.name, each.sha256)) is None:
            self._heal(each)

    def _heal(self, each: SealedFile) -> None:
        log.warning("copy of a sealed day is fetched again", copy=str(self.root / each.name))
        self._fetch(SealedPart(each.name, each.sha256))

    def collect(self, files: Collection[SealedFile], others: Collection[Path]) -> None:
        """Delete copies that are, for a while now, neither those `files` nor the `others`."""
        now = time.monotonic()
        used = {(self.root / each.name).resolve() for each in files} | {path.resolve() for path in others}
        there = {path for path in self.root.resolve().rglob("*.parquet") if path not in used}
        self._unused = {path: self._unused.get(path, now) for path in there}
        for path, since in list(self._unused.items()):
            if now - since >= GRACE_SECONDS:
                path.unlink(missing_ok=True)
                del self._unused[path]

    def _held(self, copy: SealedPart) -> bytes | None:
        """Return the content of a copy; None where it is not there, or not what it was."""
        try:
            content = (self.root / copy.file).read_bytes()
        except FileNotFoundError:
            return None
        return content if sha256(content).hexdigest() == copy.sha256 else None

    def _fetch(self, copy: SealedPart) -> bytes:
        content = self.lake.get(name := _MARK.sub("", copy.file))
        reference.check(content, replace(copy, file=name))
        self._write(copy, content)
        return content

    def _write(self, copy: SealedPart, content: bytes) -> None:
        crashpoint("before copying a sealed file")
        # Not fsynced: a power cut leaves the whole copy, or one of another size, which is fetched again.
        replace_atomically(self.root / copy.file, content, durable=False)
        crashpoint("after copying a sealed file")


def is_copy(name: str) -> bool:
    """Whether a sealed file's name is that of a copy."""
    return _MARK.search(name) is not None


def copied(part: SealedPart) -> SealedPart:
    """Return a part of a sealed file in the lake as one of its copy."""
    return replace(part, file=f"{part.file.removesuffix('.parquet')}~{part.sha256[:12]}.parquet")


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return False
