"""Pure: where a lake in S3 is, in the words that AWS and Snowflake want."""

from typing import NamedTuple

from candlewick.config import Settings
from candlewick.errors import ConfigError
from candlewick.lake.s3 import URL


class Location(NamedTuple):
    """A lake's bucket, and the folder of its prefix in there (with a slash at its end)."""

    bucket: str
    folder: str

    @classmethod
    def of(cls, settings: Settings) -> "Location":
        """Read the settings' lake. Raises `ConfigError` where it is not in S3."""
        match = URL.fullmatch(settings.lake_url)
        if match is None:
            raise ConfigError(
                f"setting up AWS and Snowflake needs lake = 's3://bucket/path' in the settings, got {settings.lake!r}"
            )
        path = f"{match[2].strip('/')}/" if match[2] else ""
        return cls(match[1], f"{path}{settings.prefix}/")

    @property
    def raw_url(self) -> str:
        """Where the raw objects are, as Snowflake's stage wants it."""
        return f"s3://{self.bucket}/{self.folder}raw/"

    @property
    def sealed_url(self) -> str:
        """Where the sealed days are."""
        return f"s3://{self.bucket}/{self.folder}sealed/"
