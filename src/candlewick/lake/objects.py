"""The lake: immutable objects in a folder or in S3, through one code path.

An object is zstd-compressed JSON lines, the last of which is its manifest. It is put only where no object of that
name is, and it is durable when `put_absent` returns. The API is synchronous; asyncio code calls it in a thread.
Names are relative to the lake's root, `/` between folders. What else lies in the lake is reported, never read in part.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import obstore
import structlog
import zstandard
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from candlewick.config import S3Settings
from candlewick.errors import LakeError, MalformedFrameError, ObjectExistsError, ObjectMissingError, TornObjectError
from candlewick.lake import manifest as manifests
from candlewick.lake import names, s3
from candlewick.lake.manifest import Manifest
from candlewick.process.crashpoint import crashpoint
from candlewick.process.files import NO_SPACE, fsync

if TYPE_CHECKING:
    from obstore.store import RetryConfig

log = structlog.get_logger()

_LEVEL = 3
_LARGEST = 2**31
_RETRY: "RetryConfig" = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}


class LakeObject(NamedTuple):
    """An object read whole: its raw lines (without line ends, without the manifest) and its manifest."""

    name: str
    lines: list[bytes]
    manifest: Manifest


class Listed(NamedTuple):
    """An object seen in a listing: its name, and when the store says it was written."""

    name: str
    modified: datetime


class Lake:
    """The objects under one prefix of one store. Safe to use from several threads."""

    def __init__(
        self, store: ObjectStore, root: Path | None, prefix: str, url: str, bucket: s3.Bucket | None = None
    ) -> None:
        self._store = store
        self._root = root
        self._bucket = bucket
        self._folders_made: set[str] = set()
        self.prefix = prefix
        self.url = url

    @property
    def identity(self) -> str:
        """Tell this lake from others, by whatever path or address it was opened."""
        return f"{self._root or self.url.rstrip('/')}/{self.prefix}"

    @classmethod
    def open(cls, url: str, prefix: str, settings: S3Settings | None = None) -> "Lake":
        """Open a folder (a path or `file://`) or a bucket (`s3://bucket/path`; credentials from its own chain).

        A folder that does not exist is made. `settings` are those of a bucket. Raises `LakeError`.
        """
        with _one_line(url):
            if url.startswith(("s3://", "s3a://")):
                bucket = s3.Bucket(url, settings or S3Settings(), f"{prefix}/staging/conditional-put.probe")
                return cls(bucket.store, None, prefix, url, bucket)
            if "://" in url and not url.startswith("file://"):
                return cls(from_url(url, retry_config=_RETRY), None, prefix, url)
            root = Path(url.removeprefix("file://")).absolute()
            root.mkdir(parents=True, exist_ok=True)
            return cls(LocalStore(root), root, prefix, url)

    def check_writable(self, recorder: str) -> None:
        """Write a small file of no meaning beside the objects, and sweep what was left there.

        Raises `LakeError` where that is not allowed.
        """
        with _one_line(f"{self.url}: cannot be written"):
            probe = self._staging(f"{recorder}.probe")
            if self._root is not None:
                # As objects are put: there are file systems that cannot rename without replacing.
                (self._root / probe).unlink(missing_ok=True)
                self._put_in_folder(self._root, probe, b"candlewick\n")
            else:
                obstore.put(self._store, probe, b"candlewick\n")
            if self._bucket is not None:
                self._bucket.check()
        try:
            self._sweep()
        except (BaseError, OSError) as error:  # tidiness is not worth a right to delete
            log.info("staging not swept", lake=self.url, problem=s3.reason(error) or str(error).partition("\n")[0])

    def put_absent(self, name: str, content: bytes) -> None:
        """Put an object; it is durable when this returns.

        Raises `ObjectExistsError` where the name is taken, and `LakeError` where it may or may not have been written:
        asking again is safe.
        """
        try:
            with _one_line(f"{self.url}: cannot write {name}"):
                if self._bucket is not None:
                    self._bucket.put_absent(name, content)
                elif self._root is None:
                    obstore.put(self._store, name, content, mode="create", use_multipart=False)
                else:
                    self._put_in_folder(self._root, name, content)
        except AlreadyExistsError:
            if self._root is not None:  # who put it may have been killed before its name was durable
                self._fsync_folders(self._root, name.rpartition("/")[0], is_new=True)
            raise ObjectExistsError(f"{self.url}: {name} is there already") from None

    def get(self, name: str) -> bytes:
        """Return an object's bytes. Raises `ObjectMissingError` where it is not there, `LakeError` otherwise."""
        with _one_line(f"{self.url}: cannot read {name}"):
            return bytes(obstore.get(self._store, name).bytes())

    def read_object(self, name: str) -> LakeObject:
        """Read an object whole. Raises `TornObjectError` for one that is torn or not ours, `LakeError` otherwise."""
        if names.parse(name) is None:
            raise TornObjectError(f"{name}: expected a stream_… or backfill_… object, got another name")
        return unpack(name, self.get(name))

    def hours(self, since: str | None = None) -> list[str]:
        """Return the hour folders that are there, oldest first; from the folder `since` on where it is given."""
        days = sorted(self.subfolders(f"{self.prefix}/raw"))
        if since is not None:
            days = [day for day in days if day >= since.rpartition("/")[0]]
        hours = [hour for day in days for hour in sorted(self.subfolders(day))]
        return [hour for hour in hours if since is None or hour >= since]

    def list_folder(self, folder: str, after: str | None = None) -> list[str]:
        """Return the names in a folder, sorted; only those behind the name `after` where it is given."""
        return sorted(item.name for item in self._list(folder, after))

    def list_all(self) -> Iterator[Listed]:
        """Return every object in no order: a long listing, for a rebuild."""
        return self._list(f"{self.prefix}/raw")

    def delete(self, name: str) -> None:
        """Delete an object; one that is not there is deleted already. Raises `LakeError`."""
        with _one_line(f"{self.url}: cannot delete {name}"), suppress(FileNotFoundError, NotFoundError):
            obstore.delete(self._store, name)

    def _list(self, folder: str, after: str | None = None) -> Iterator[Listed]:
        with _one_line(f"{self.url}: cannot list {folder}"):
            for chunk in obstore.list(self._store, folder, offset=after):
                for item in chunk:
                    yield Listed(item["path"], item["last_modified"])

    def subfolders(self, folder: str) -> list[str]:
        """Return the folders in a folder, in no order."""
        with _one_line(f"{self.url}: cannot list {folder}"):
            return list(obstore.list_with_delimiter(self._store, folder)["common_prefixes"])

    def _staging(self, base: str) -> str:
        return f"{self.prefix}/staging/{base}"

    def _put_in_folder(self, root: Path, name: str, content: bytes) -> None:
        """Make the content durable under another name first: a power cut then never leaves a torn object."""
        staged = self._staging(f"{name.rpartition('/')[2]}~{secrets.token_hex(4)}")
        try:
            obstore.put(self._store, staged, content)
            fsync(root / staged)
            crashpoint("mid-put")
            obstore.rename(self._store, staged, name, overwrite=False)
        except BaseException:
            (root / staged).unlink(missing_ok=True)
            raise
        self._fsync_folders(root, name.rpartition("/")[0])

    def _sweep(self) -> None:
        """Remove what writers that were killed left in staging; a living one is done with a file in seconds."""
        abandoned = datetime.now(UTC) - timedelta(hours=1)
        for item in list(self._list(self._staging(""))):
            if item.modified < abandoned:
                obstore.delete(self._store, item.name)

    def _fsync_folders(self, root: Path, folder: str, *, is_new: bool = False) -> None:
        fsync(root / folder)
        if is_new or folder not in self._folders_made:
            for parent in (root / folder).relative_to(root).parents:
                fsync(root / parent)
            self._folders_made = {folder}


def pack(lines: list[bytes], manifest: Manifest) -> bytes:
    """Return an object's bytes: lines (without line ends), then the manifest, compressed with a checksum."""
    text = b"\n".join([*lines, manifests.encode(manifest), b""])
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(text)


def unpack(name: str, content: bytes) -> LakeObject:
    """Read an object's bytes; the inverse of `pack`. Raises `TornObjectError` that names the object."""
    try:
        if zstandard.frame_content_size(content) > _LARGEST:  # else as much memory would be asked for
            raise ValueError("its header promises more than an object may hold")
        text = zstandard.ZstdDecompressor().decompress(content, max_output_size=_LARGEST, allow_extra_data=False)
        *lines, last, empty = text.split(b"\n")
        manifest = manifests.decode(last)
    except (zstandard.ZstdError, ValueError, MalformedFrameError) as error:
        raise TornObjectError(f"{name}: not a whole object: {error}") from None
    if empty or manifest.lines != len(lines):
        raise TornObjectError(f"{name}: its manifest promises {manifest.lines} lines, {len(lines)} are there")
    return LakeObject(name, lines, manifest)


@contextmanager
def _one_line(place: str) -> Iterator[None]:
    """Turn the store's errors into one line; a taken name stays what it is."""
    try:
        yield
    except AlreadyExistsError:
        raise
    except (BaseError, OSError, ValueError) as error:
        reason = s3.reason(error) or _of_disk(error) or str(error).strip().partition("\n")[0] or type(error).__name__
        kind = ObjectMissingError if isinstance(error, FileNotFoundError | NotFoundError) else LakeError
        raise kind(f"{place}: {reason}") from error


def _of_disk(error: Exception) -> str | None:
    return "no space is left on its disk; make room there" if NO_SPACE in str(error) else None
