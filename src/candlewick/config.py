"""Configuration: `candlewick.toml`, then `CANDLEWICK_*` variables, then flags; each overrides the one before.

Every value is checked once, here; the rest of the code receives a frozen `Settings` and never looks at the
environment. Secrets have no key in the file: object stores and warehouses take them from their own chains.
"""

import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from candlewick.errors import ConfigError

CONFIG_FILE = Path("candlewick.toml")
DEMO_HOME = Path("candlewick-demo")
DEMO_FILE = DEMO_HOME / "candlewick.toml"

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(value: object) -> object:
    """Turn `"90s"`, `"15m"`, `"6h"` or `"2d"` into a timedelta; anything else goes on to pydantic."""
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return timedelta(**{_UNITS[match[2]]: float(match[1])})
    if isinstance(value, str):
        raise ValueError(f"expected a duration such as '90s', '15m', '6h' or '2d', got {value!r}")
    return value


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Port = Annotated[int, Field(ge=0, le=65535)]


class Section(BaseModel):
    """A `[section]` of the file: unknown keys are errors, so that a typo is never silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ExchangeSettings(Section):
    """Where the exchange is. The defaults are Binance's public spot hosts; two stream hosts feed two legs."""

    streams: tuple[str, ...] = ("wss://stream.binance.com:9443", "wss://data-stream.binance.vision")
    rest: tuple[str, ...] = ("https://api.binance.com", "https://api-gcp.binance.com")
    archive: str = "https://data.binance.vision"

    @field_validator("streams", "rest")
    @classmethod
    def _not_empty(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        if not urls:
            raise ValueError("expected at least one address")
        return tuple(url.rstrip("/") for url in urls)


class FeedSettings(Section):
    """The recorder's own server on this host: live trades for the dashboard, `/health` and `/metrics`."""

    host: str = "127.0.0.1"
    port: Port = 8765


class DuckDBSettings(Section):
    """The embedded warehouse. RAW keeps `raw_days` days here; the lake keeps everything."""

    raw_days: float = Field(default=2.0, gt=0)
    memory_limit: str = "2GB"
    threads: int = Field(default=2, ge=1)
    cycle_seconds: float = Field(default=1.0, ge=0.1)


class DashboardSettings(Section):
    """Where the dashboard listens. It is not protected by a password: keep it on localhost or behind a proxy."""

    host: str = "127.0.0.1"
    port: Port = 8501


class Settings(BaseSettings):
    """One recorder, its lake, its warehouse and its dashboard. See `candlewick.example.toml`."""

    model_config = SettingsConfigDict(
        env_prefix="CANDLEWICK_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    symbols: tuple[str, ...] = ("BTCUSDT",)
    data: Path = Path("candlewick-data")
    lake: str = ""
    prefix: str = "binance"
    recorder: str = Field(default="r1", pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    history: Duration = timedelta(hours=6)
    flush_seconds: float = Field(default=1.0, ge=0.1, le=60)
    warehouse: Literal["duckdb"] = "duckdb"
    timezone: str = "Asia/Kolkata"
    exchange: ExchangeSettings = ExchangeSettings()
    feed: FeedSettings = FeedSettings()
    duckdb: DuckDBSettings = DuckDBSettings()
    dashboard: DashboardSettings = DashboardSettings()

    @field_validator("symbols")
    @classmethod
    def _upper_case_and_unique(cls, symbols: tuple[str, ...]) -> tuple[str, ...]:
        if not symbols:
            raise ValueError("expected at least one symbol, such as 'BTCUSDT'")
        for symbol in symbols:
            if not symbol or not symbol.isalnum():
                raise ValueError(f"expected a symbol such as 'BTCUSDT', got {symbol!r}")
        return tuple(dict.fromkeys(symbol.upper() for symbol in symbols))

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"expected an IANA zone such as 'Asia/Kolkata' or 'UTC', got {zone!r}")
        return zone

    @field_validator("prefix")
    @classmethod
    def _plain_prefix(cls, prefix: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*", prefix):
            raise ValueError(f"expected a prefix such as 'binance' (letters, digits, _ - and /), got {prefix!r}")
        return prefix

    @property
    def lake_url(self) -> str:
        """The lake's root: a folder's path, or an `s3://bucket/path` address."""
        return self.lake or str(self.data / "lake")

    @property
    def state_path(self) -> Path:
        """The recorder's checkpoint."""
        return self.data / "state" / f"{self.recorder}.state.json"

    @property
    def duckdb_path(self) -> Path:
        """The embedded warehouse's file, opened by its owner process only."""
        return self.data / "warehouse" / "candlewick.duckdb"

    @property
    def mart_path(self) -> Path:
        """The folder that the warehouse publishes to and every reader opens."""
        return self.data / "mart"

    @property
    def run_path(self) -> Path:
        """The folder of heartbeats: one small JSON file per running process."""
        return self.data / "run"

    @property
    def log_path(self) -> Path:
        """The folder of logs, one file per process."""
        return self.data / "logs"

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose midnight starts a daily candle."""
        return ZoneInfo(self.timezone)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is handed in: `load` merges file, environment and flags, so `Settings()` is the defaults."""
        return (init_settings,)


def load(path: Path | None = None, **flags: Any) -> Settings:
    """Read the settings from `path` (default `candlewick.toml` if it exists), the environment and `flags`.

    Flags that are None are not given; one of a section is a dict: `load(dashboard={"port": 8600})`.
    Relative folders in the file are relative to the file.
    Raises `ConfigError` with one line that names the key, what was expected and what came.
    """
    source = path or CONFIG_FILE
    values = _read_toml(source) if path or source.exists() else {}
    given = {key: value for key, value in flags.items() if value is not None}
    environment = EnvSettingsSource(Settings)()
    try:
        return Settings(**_merge(_merge(values, environment), given))
    except ValidationError as error:
        raise ConfigError(_one_line(error, source)) from None


def _merge(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` on `under`; sections are merged key by key."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; copy candlewick.example.toml to start one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    for key in ("data", "lake"):
        if isinstance(values.get(key), str) and values[key] and "://" not in values[key]:
            values[key] = str(path.parent / Path(values[key]).expanduser())
    return values


def _one_line(error: ValidationError, source: Path) -> str:
    problem = error.errors()[0]
    key = ".".join(str(part) for part in problem["loc"]) or "settings"
    if problem["type"] == "extra_forbidden":
        return f"{source}: unknown key '{key}'; candlewick.example.toml lists them all"
    reason = str(problem["msg"]).removeprefix("Value error, ")
    got = "" if " got " in reason else f", got {problem['input']!r}"
    return f"{source}: {key}: {reason}{got}"
