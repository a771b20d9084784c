"""The `[section]`s of what runs on this host: the exchange's addresses, feed, embedded warehouse, dashboard."""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

UNFIT = "unfit"
"""The type of an error about values that are right alone and wrong together: its text says all."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


_LONGEST = timedelta(days=36_525)


def parse_duration(value: object) -> object:
    """Turn `"90s"`, `"15m"`, `"6h"` or `"2d"` into a timedelta; anything else goes on to pydantic."""
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        try:
            duration = timedelta(**{_UNITS[match[2]]: float(match[1])})
        except OverflowError:
            duration = timedelta.max
        if duration > _LONGEST:
            raise ValueError(f"expected a duration of a century at most, got {value!r}")
        return duration
    if isinstance(value, str):
        raise ValueError(f"expected a duration such as '90s', '15m', '6h' or '2d', got {value!r}")
    return value


def parse_retention(value: object) -> object:
    """Turn `"7d"` into a timedelta; `"forever"` stays."""
    return value if value == "forever" else parse_duration(value)


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
    """Where the dashboard listens. It is not protected by a password: keep it on localhost or behind a proxy.

    Behind a proxy, `origins` are the addresses by which browsers see it (`https://tape.example.com`), and `path` is the
    prefix that the proxy passes on (`/candlewick`).
    """

    host: str = "127.0.0.1"
    port: Port = 8501
    origins: tuple[str, ...] = ()
    path: str = ""

    @field_validator("origins")
    @classmethod
    def _addresses(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+", origin):
                raise ValueError(f"expected an origin such as 'https://tape.example.com', got {origin!r}")
        return origins

    @field_validator("path")
    @classmethod
    def _prefix(cls, path: str) -> str:
        prefix = path.strip("/")
        if not re.fullmatch(r"[A-Za-z0-9._~-]*(/[A-Za-z0-9._~-]+)*", prefix):
            raise ValueError(f"expected a path such as '/candlewick', got {path!r}")
        return f"/{prefix}" if prefix else ""


class SealSettings(Section):
    """Days that are whole become one file and a certificate each, `after` so long a rest since their end."""

    after: Duration = timedelta(hours=2)


class RetentionSettings(Section):
    """How long small raw objects of sealed days are kept; what is in no sealed file is kept for ever."""

    raw: Annotated[timedelta | Literal["forever"], BeforeValidator(parse_retention)] = "forever"
