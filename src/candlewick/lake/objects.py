"""The lake: immutable objects in a folder or in S3, through one code path.

An object is zstd-compressed JSON lines, the last of which is its manifest. It is put only where no object of that
name is, and it is durable when `put_absent` returns. The API is synchronous; asyncio code calls it in a thread.
Names are relative to the lake's root, `/` between folders. What else lies in the lake is reported, never read in part.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import structlog
from msgspec.structs import replace
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError

from candlewick.config import S3Settings
from candlewick.errors import (
    LakeError,
    MalformedFrameError,
    NewerObjectError,
    ObjectExistsError,
    ObjectMissingError,
    TornObjectError,
)
from candlewick.lake import compression, names, s3
from candlewick.lake import manifest as manifests
from candlewick.lake.folder import Folder, Listed
from candlewick.lake.manifest import Manifest, SealedPart
from candlewick.lake.remote import Remote
from candlewick.process.files import NO_SPACE

if TYPE_CHECKING:
    import pyarrow as pa

    from candlewick.lake.sealed.file import About

Look = Callable[[SealedPart], "tuple[About, int]"]
"""Sees that a sealed file is what was sealed; gives what it says of itself, and how many bytes it has."""
MOST_QUOTE = 1e21
"""What costs as much is no trade to the warehouse (`models/macros/copies.sql`)."""

log = structlog.get_logger()


class LakeObject(NamedTuple):
    """An object read whole: its raw lines (without line ends, without the manifest) and its manifest."""

    name: str
    lines: list[bytes]
    manifest: Manifest

    @property
    def text(self) -> bytes:
        """Its lines as one text, each with its line end."""
        return b"".join(line + b"\n" for line in self.lines)


class LakeText(NamedTuple):
    """An object read whole, its lines left together: one text, each with its line end, without the manifest."""

    name: str
    text: bytes
    manifest: Manifest


class LakeTrades(NamedTuple):
    """An object that stands for trades of a sealed day, read as columns (`lake.sealed.file.TYPED`) and not as lines."""

    name: str
    trades: "pa.Table"
    manifest: Manifest

    @property
    def text(self) -> bytes:
        """It has no lines at hand."""
        return b""


class LakeSealed(NamedTuple):
    """An object that stands for trades of a sealed day, which are left in their file; `size` is its bytes."""

    name: str
    about: "About"
    part: SealedPart
    size: int
    manifest: Manifest

    @property
    def text(self) -> bytes:
        """It has no lines at hand."""
        return b""


class Lake:
    """The objects under one prefix of one store. Safe to use from several threads."""

    def __init__(self, place: Folder | Remote, prefix: str, url: str) -> None:
        self._place = place
        self._sealed_file: tuple[SealedPart | None, bytes] = (None, b"")
        self.prefix = prefix
        self.url = url

    @property
    def root(self) -> Path | None:
        """The folder that the lake is in; None where it is in an object store."""
        return self._place.root if isinstance(self._place, Folder) else None

    @property
    def identity(self) -> str:
        """Tell this lake from others, by whatever path or address it was opened."""
        return f"{self.root or self.url.rstrip('/')}/{self.prefix}"

    @classmethod
    def open(cls, url: str, prefix: str, settings: S3Settings | None = None) -> "Lake":
        """Open a folder (a path or `file://`) or a bucket (`s3://bucket/path`; credentials from its own chain).

        A folder is made by whoever writes first, and by nobody after that: see `folder`. `settings` are those of a
        bucket. Raises `LakeError`.
        """
        with _one_line(url):
            if "://" in url and not url.startswith("file://"):
                probe = f"{prefix}/staging/conditional-put.probe"
                return cls(Remote.open(url, settings or S3Settings(), probe), prefix, url)
            return cls(Folder(Path(url.removeprefix("file://")).absolute()), prefix, url)

    @property
    def is_begun(self) -> bool:
        """Whether there is a lake already: an empty folder, or none, is no lake. Raises `LakeError`."""
        if not isinstance(self._place, Folder):
            return True
        with _one_line(self.url):
            return self._place.marker is not None or bool(self._place.subfolders(f"{self.prefix}/raw"))

    def check_writable(self, recorder: str) -> None:
        """Write a small file of no meaning beside the objects, and sweep what was left there.

        Raises `LakeError` where that is not allowed.
        """
        with _one_line(f"{self.url}: cannot be written"):
            self._check_writable(self.staging(f"{recorder}.probe"))
        try:
            self._sweep()
        except (BaseError, OSError, LakeError) as error:  # tidiness is not worth a right to delete
            log.info("staging not swept", lake=self.url, problem=s3.reason(error) or str(error).partition("\n")[0])

    def _check_writable(self, probe: str) -> None:
        """Write as objects are put: there are file systems that cannot rename without replacing."""
        if isinstance(self._place, Folder):
            with suppress(FileNotFoundError):
                self._place.delete(probe)
            self._place.put_absent(probe, b"candlewick\n", f"{probe}~")
        else:
            self._place.replace(probe, b"candlewick\n")
            self._place.check()

    def put_absent(self, name: str, content: bytes) -> None:
        """Put an object; it is durable when this returns.

        Raises `ObjectExistsError` where the name is taken, and `LakeError` where it may or may not have been written:
        asking again is safe.
        """
        staged = self.staging(f"{name.rpartition('/')[2]}~{secrets.token_hex(4)}")
        try:
            with _one_line(f"{self.url}: cannot write {name}"):
                self._place.put_absent(name, content, staged)
        except (AlreadyExistsError, FileExistsError):
            raise ObjectExistsError(f"{self.url}: {name} is there already") from None

    def replace(self, name: str, content: bytes) -> None:
        """Put a small file that is no object: whoever reads it sees the old one or the new one. Raises `LakeError`."""
        with _one_line(f"{self.url}: cannot write {name}"):
            self._place.replace(name, content)

    def get(self, name: str) -> bytes:
        """Return an object's bytes. Raises `ObjectMissingError` where it is not there, `LakeError` otherwise."""
        with _one_line(f"{self.url}: cannot read {name}"):
            return self._place.get(name)

    def delete(self, name: str) -> None:
        """Delete an object; one that is not there is deleted already. Raises `LakeError`."""
        with _one_line(f"{self.url}: cannot delete {name}"), suppress(FileNotFoundError, NotFoundError):
            self._place.delete(name)

    def read_object(self, name: str) -> LakeObject:
        """Read an object whole. Raises `TornObjectError` for one that is torn or not ours, `LakeError` otherwise."""
        item = self.read_text(name)
        return LakeObject(item.name, item.text.split(b"\n")[:-1], item.manifest)

    def read_text(self, name: str) -> LakeText:
        """Read an object whole, its lines left together. Raises as `read_object`."""
        item = self._read(name)
        return item if item.manifest.sealed is None else self._of_sealed(item, item.manifest.sealed)

    def read_typed(self, name: str) -> LakeText | LakeTrades:
        """Read an object whole; one that stands for trades of a sealed day as columns. Raises as `read_object`."""
        item = self._read(name)
        part = item.manifest.sealed
        if part is None or part.group is None:
            return item if part is None else self._of_sealed(item, part)
        from candlewick.lake.sealed import reference  # noqa: PLC0415 - recorders need no Arrow

        trades = reference.trades_of(self._sealed_content(part), part)
        return LakeTrades(item.name, trades, replace(item.manifest, lines=trades.num_rows))

    def read_sealed(self, name: str, look: "Look | None" = None) -> LakeText | LakeTrades | LakeSealed:
        """Read an object whole; of one that stands for trades of a sealed day, see that their file is what was sealed.

        With `look`, that is how to see it. Raises as `read_object`.
        """
        item = self._read(name)
        part = item.manifest.sealed
        if part is None or part.group is None:
            return item if part is None else self._of_sealed(item, part)
        about, size = (look or self._look)(part)
        if about.largest_quote >= MOST_QUOTE:
            return self.read_typed(name)  # not all of it is what the warehouse takes for trades
        lines = sum(extent.count for extent in item.manifest.spans.values())
        return LakeSealed(item.name, about, part, size, replace(item.manifest, lines=lines))

    def _read(self, name: str) -> LakeText:
        if names.parse(name) is None:
            raise TornObjectError(f"{name}: expected a stream_… or backfill_… object, got another name")
        return unpack_text(name, self.get(name))

    def _of_sealed(self, item: LakeText, part: SealedPart) -> LakeText:
        """Return an object with the lines that it stands for."""
        from candlewick.lake.sealed import reference  # noqa: PLC0415 - recorders need no Arrow

        lines = reference.lines_of(self._sealed_content(part), part)
        text = b"".join(line + b"\n" for line in lines)
        return LakeText(item.name, text, replace(item.manifest, lines=len(lines)))

    def _look(self, part: SealedPart) -> "tuple[About, int]":
        from candlewick.lake.sealed import file  # noqa: PLC0415 - recorders need no Arrow

        content = self._sealed_content(part)
        return file.about(content, part.file), len(content)

    def _sealed_content(self, part: SealedPart) -> bytes:
        """Return a sealed file's bytes, which are those that were sealed; the last one is kept for its other parts."""
        from candlewick.lake.sealed import reference  # noqa: PLC0415 - recorders need no Arrow

        whole = replace(part, group=None)
        kept, content = self._sealed_file
        if kept != whole:
            content = self.get(part.file)
            reference.check(content, part)
            self._sealed_file = whole, content
        return content

    def hours(self, since: str | None = None) -> list[str]:
        """Return the hour folders that are there, oldest first; from the folder `since` on where it is given."""
        days = sorted(self.subfolders(f"{self.prefix}/raw"))
        if since is not None:
            days = [day for day in days if day >= since.rpartition("/")[0]]
        hours = [hour for day in days for hour in sorted(self.subfolders(day))]
        return [hour for hour in hours if since is None or hour >= since]

    def list_folder(self, folder: str, after: str | None = None) -> list[str]:
        """Return the names in a folder, sorted; only those behind the name `after` where it is given."""
        return sorted(item.name for item in self.files(folder, after))

    def list_all(self) -> Iterator[Listed]:
        """Return every object in no order: a long listing, for a rebuild."""
        return self.files(f"{self.prefix}/raw")

    def files(self, folder: str, after: str | None = None) -> Iterator[Listed]:
        """Return what lies in a folder and in those inside it, in no order. Raises `LakeError`."""
        with _one_line(f"{self.url}: cannot list {folder}"):
            yield from self._place.files(folder, after)

    def staging(self, base: str) -> str:
        """Name a file that is no object: what lies there for an hour is swept."""
        return f"{self.prefix}/staging/{base}"

    def subfolders(self, folder: str) -> list[str]:
        """Return the folders in a folder, in no order. Raises `LakeError`."""
        with _one_line(f"{self.url}: cannot list {folder}"):
            return self._place.subfolders(folder)

    def _sweep(self) -> None:
        """Remove what writers that were killed left in staging; a living one is done with a file in seconds."""
        abandoned = datetime.now(UTC) - timedelta(hours=1)
        for item in list(self.files(self.staging("").rstrip("/"))):
            if item.modified < abandoned:
                self._place.delete(item.name)


def pack(lines: list[bytes], manifest: Manifest) -> bytes:
    """Return an object's bytes: lines (without line ends), then the manifest, compressed with a checksum."""
    text = b"\n".join([*lines, manifests.encode(manifest), b""])
    return compression.compress(text)


def unpack(name: str, content: bytes) -> LakeObject:
    """Read an object's bytes; the inverse of `pack`. Raises `TornObjectError` that names the object."""
    item = unpack_text(name, content)
    return LakeObject(name, item.text.split(b"\n")[:-1], item.manifest)


def unpack_text(name: str, content: bytes) -> LakeText:
    """Read an object's bytes, and leave its lines together. Raises `TornObjectError` that names the object."""
    try:
        text = compression.decompress(content)
        end = len(text) - 1
        start = text.rfind(b"\n", 0, max(end, 0)) + 1
        manifest = manifests.decode(text[start:end])
    except ValueError as error:
        raise TornObjectError(f"{name}: not a whole object: {error}") from None
    except MalformedFrameError as error:
        if (found := manifests.version_of(text[start:end])) > manifests.VERSION:
            raise NewerObjectError(name, found, manifests.VERSION) from None
        raise TornObjectError(f"{name}: not a whole object: {error}") from None
    lines = text.count(b"\n", 0, start)
    if text[end:] != b"\n" or manifest.lines != lines:
        raise TornObjectError(f"{name}: its manifest promises {manifest.lines} lines, {lines} are there")
    return LakeText(name, text[:start], manifest)


@contextmanager
def _one_line(place: str) -> Iterator[None]:
    """Turn the store's errors into one line; a taken name stays what it is."""
    try:
        yield
    except (AlreadyExistsError, FileExistsError, LakeError):
        raise
    except (BaseError, OSError, ValueError) as error:
        reason = s3.reason(error) or _of_disk(error) or str(error).strip().partition("\n")[0] or type(error).__name__
        kind = ObjectMissingError if isinstance(error, FileNotFoundError | NotFoundError) else LakeError
        raise kind(f"{place}: {reason}") from error


def _of_disk(error: Exception) -> str | None:
    return "no space is left on its disk; make room there" if NO_SPACE in str(error) else None
