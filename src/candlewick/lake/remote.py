"""A lake in an object store: S3, or another one that obstore knows by its address."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import obstore
from obstore.store import ObjectStore, from_url

from candlewick.config import S3Settings
from candlewick.lake.folder import Listed
from candlewick.lake.s3 import Bucket

if TYPE_CHECKING:
    from obstore.store import RetryConfig

_RETRY: "RetryConfig" = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}


class Remote:
    """Objects by their names relative to an address. Raises obstore's errors."""

    def __init__(self, store: ObjectStore, bucket: Bucket | None = None) -> None:
        self._store = store
        self._bucket = bucket

    @classmethod
    def open(cls, url: str, settings: S3Settings, probe: str) -> "Remote":
        """Open an address; `probe` names an object of no meaning. Raises `LakeError`."""
        if url.startswith(("s3://", "s3a://")):
            bucket = Bucket(url, settings, probe)
            return cls(bucket.store, bucket)
        return cls(from_url(url, retry_config=_RETRY))

    def check(self) -> None:
        """Find out whether the store refuses to overwrite. Raises `LakeError` where it must and does not."""
        if self._bucket is not None:
            self._bucket.check()

    def put_absent(self, name: str, content: bytes, staged: str) -> None:
        """Put an object; it is durable then. Raises `AlreadyExistsError` where the name is taken."""
        if self._bucket is not None:
            self._bucket.put_absent(name, content)
        else:
            obstore.put(self._store, name, content, mode="create", use_multipart=False)

    def replace(self, name: str, content: bytes) -> None:
        """Put an object, whatever was there."""
        obstore.put(self._store, name, content, use_multipart=False)

    def get(self, name: str) -> bytes:
        """Return an object's bytes. Raises `FileNotFoundError` or `NotFoundError`."""
        return bytes(obstore.get(self._store, name).bytes())

    def delete(self, name: str) -> None:
        """Remove an object."""
        obstore.delete(self._store, name)

    def files(self, folder: str, after: str | None = None) -> Iterator[Listed]:
        """Return the objects in a folder and in those inside it, by name; only those behind the name `after`."""
        for chunk in obstore.list(self._store, folder, offset=after):
            for item in chunk:
                yield Listed(item["path"], item["last_modified"], item["size"])

    def subfolders(self, folder: str) -> list[str]:
        """Return the names of the folders in a folder."""
        return list(obstore.list_with_delimiter(self._store, folder)["common_prefixes"])
