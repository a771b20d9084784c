"""`Settings`: what one Candlewick is, checked as a whole."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from candlewick.config.cloud import S3Settings, SnowflakeSettings
from candlewick.config.folders import usable
from candlewick.config.sections import (
    UNFIT,
    AlertSettings,
    DashboardSettings,
    DuckDBSettings,
    Duration,
    ExchangeSettings,
    FeedSettings,
    OidcSettings,
    ProbeSettings,
    RetentionSettings,
    SealSettings,
)
from candlewick.moments import zone_names

RAW_KEPT_IN_A_FOLDER = timedelta(days=7)
_SHARD = re.compile(r"([1-9]\d{0,3})/([1-9]\d{0,3})")


class Settings(BaseModel):
    """One recorder, its lake, its warehouse and its dashboard. `candlewick.example.toml` lists it all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    symbols: tuple[str, ...] = ("BTCUSDT",)
    data: Path = Field(default=Path("candlewick-data"), validate_default=True)
    lake: str = ""
    prefix: str = "binance"
    recorder: str = Field(default="r1", pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    history: Duration = timedelta(hours=6)
    candles: int = Field(default=365, ge=0, le=3650)
    shard: str = "1/1"
    flush_seconds: float = Field(default=1.0, ge=0.1, le=60)
    warehouse: Literal["duckdb", "snowflake"] = "duckdb"
    ingest: Literal["files", "streaming"] = "files"
    publish: Literal["", "snowflake"] = ""
    timezone: str = "Asia/Kolkata"
    exchange: ExchangeSettings = ExchangeSettings()
    feed: FeedSettings = FeedSettings()
    probe: ProbeSettings = ProbeSettings()
    duckdb: DuckDBSettings = DuckDBSettings()
    dashboard: DashboardSettings = DashboardSettings()
    oidc: OidcSettings = OidcSettings()
    alerts: AlertSettings = AlertSettings()
    seal: SealSettings = SealSettings()
    retention: RetentionSettings = RetentionSettings()
    s3: S3Settings = S3Settings()
    snowflake: SnowflakeSettings = SnowflakeSettings()

    @field_validator("symbols")
    @classmethod
    def _upper_case_and_unique(cls, symbols: tuple[str, ...]) -> tuple[str, ...]:
        if not symbols:
            raise ValueError("expected at least one symbol, such as 'BTCUSDT'")
        for symbol in symbols:
            if symbol != "*" and not symbol.replace("*", "").isalnum():
                raise ValueError(f"expected a symbol such as 'BTCUSDT' or a pattern such as '*USDT', got {symbol!r}")
        return tuple(dict.fromkeys(symbol.upper() for symbol in symbols))

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone not in zone_names():
            raise ValueError(f"expected an IANA zone such as 'Asia/Kolkata' or 'UTC', got {zone!r}")
        return zone

    @field_validator("prefix")
    @classmethod
    def _plain_prefix(cls, prefix: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*", prefix):
            raise ValueError(f"expected a prefix such as 'binance' (letters, digits, _ - and /), got {prefix!r}")
        return prefix

    @field_validator("data")
    @classmethod
    def _usable_data(cls, data: Path) -> Path:
        return usable(data)

    @field_validator("lake")
    @classmethod
    def _plain_lake(cls, lake: str) -> str:
        if lake and "://" not in lake:
            usable(Path(lake))
        if lake.startswith("s3://") and not re.fullmatch(r"s3://[A-Za-z0-9._-]+(/[A-Za-z0-9!_.*'()=+@-]+)*/?", lake):
            raise ValueError(f"expected a lake such as 's3://bucket/path', in letters that S3 calls safe, got {lake!r}")
        return lake

    @field_validator("shard")
    @classmethod
    def _one_of(cls, shard: str) -> str:
        match = _SHARD.fullmatch(shard)
        if not match or int(match[1]) > int(match[2]):
            raise ValueError(f"expected a shard such as '1/4', the first of four, got {shard!r}")
        return shard

    @model_validator(mode="after")
    def _fits_together(self) -> "Settings":
        if self.ingest == "streaming" and self.warehouse != "snowflake":
            raise PydanticCustomError(UNFIT, "ingest = 'streaming' needs warehouse = 'snowflake'")
        if self.publish and self.warehouse != "duckdb":
            raise PydanticCustomError(UNFIT, "publish = 'snowflake' needs warehouse = 'duckdb', whose tables are sent")
        if self.warehouse == "snowflake" and self.ingest == "files" and not self.lake.startswith("s3://"):
            raise PydanticCustomError(
                UNFIT, "warehouse = 'snowflake' needs lake = 's3://bucket/path': Snowpipe loads from S3"
            )
        oidc = self.oidc
        is_somebody_let_in = oidc.viewers or oidc.analysts or oidc.admins
        if self.dashboard.auth == "oidc" and not (oidc.provider and oidc.client_id and is_somebody_let_in):
            raise PydanticCustomError(
                UNFIT, "auth = 'oidc' needs provider, client_id and viewers, analysts or admins in [oidc]"
            )
        return self

    @property
    def shard_of(self) -> tuple[int, int]:
        """Which part of the symbols this recorder takes: index from 0, and the number of parts."""
        part, parts = self.shard.split("/")
        return int(part) - 1, int(parts)

    @property
    def lake_url(self) -> str:
        """The lake's root: a folder's path, or an `s3://bucket/path` address."""
        return self.lake or str(self.data / "lake")

    @property
    def raw_kept(self) -> timedelta | None:
        """How long the small raw objects of sealed days are kept; None: for ever."""
        kept = self.retention.raw
        if kept == "auto":
            return None if "://" in self.lake_url else RAW_KEPT_IN_A_FOLDER
        return _or_for_ever(kept)

    @property
    def mart_kept(self) -> timedelta | None:
        """How long the mart's own files of sealed days' trades are kept; None: for ever."""
        return _or_for_ever(self.retention.mart)

    @property
    def silver_kept(self) -> timedelta | None:
        """How long sealed days' trades are kept in the warehouse's file; None: for ever."""
        return _or_for_ever(self.retention.silver)

    @property
    def state_path(self) -> Path:
        """The recorder's checkpoint."""
        return self.data / "state" / f"{self.recorder}.state.json"

    @property
    def duckdb_path(self) -> Path:
        """The embedded warehouse's file, opened by its owner process only."""
        return self.data / "warehouse" / "candlewick.duckdb"

    @property
    def copies_path(self) -> Path:
        """The folder of the copies of sealed files that the embedded warehouse reads, where the lake is in a store."""
        return self.duckdb_path.parent / "copies"

    @property
    def mart_path(self) -> Path:
        """The folder that the warehouse publishes to and every reader opens."""
        return self.data / "mart"

    @property
    def run_path(self) -> Path:
        """The folder of heartbeats: one small JSON file per running process."""
        return self.data / "run"

    @property
    def door_path(self) -> Path:
        """The folder of the dashboard's keys, users and audit log."""
        return self.data / "door"

    @property
    def layouts_path(self) -> Path:
        """Where layouts and templates are kept, a file per user."""
        return self.data / "layouts"

    @property
    def drawings_path(self) -> Path:
        """Where drawings are kept, a file per user."""
        return self.data / "drawings"

    @property
    def alerts_path(self) -> Path:
        """The dashboard's book of alerts."""
        return self.data / "alerts" / "book.sqlite"

    @property
    def token_path(self) -> Path:
        """The file of the token in the link that `candlewick up` prints."""
        return self.door_path / "token"

    @property
    def log_path(self) -> Path:
        """The folder of logs, one file per process."""
        return self.data / "logs"

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose midnight starts a daily candle."""
        return ZoneInfo(self.timezone)


def _or_for_ever(kept: timedelta | str) -> timedelta | None:
    return kept if isinstance(kept, timedelta) else None
