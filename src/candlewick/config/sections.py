"""The `[section]`s of what runs on this host: the exchange's addresses, feed, embedded warehouse, dashboard."""

import re
from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

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
    """Turn `"7d"` into a timedelta; `"auto"` and `"forever"` stay."""
    return value if value in ("auto", "forever") else parse_duration(value)


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Port = Annotated[int, Field(ge=0, le=65535)]


_HOST = r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?"


def web_address(url: str, schemes: str, example: str) -> str:
    """Return an address without the slash at its end. Raises `ValueError` where it is none, or has userinfo.

    It shows in `/metrics`, in heartbeats and in logs, so it is no place for a password.
    """
    if not re.fullmatch(rf"(?:{schemes})://{_HOST}(?:/[A-Za-z0-9._~/-]*)?", url):
        raise ValueError(f"expected an address such as '{example}', without a user or password, got {_hidden(url)!r}")
    return url.rstrip("/")


def _hidden(url: str) -> str:
    """An address without what may be a password."""
    return re.sub(r"//.*@", "//…@", url)[:200]


def _addresses(origins: tuple[str, ...]) -> tuple[str, ...]:
    for origin in origins:
        if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+", origin):
            raise ValueError(f"expected an origin such as 'https://tape.example.com', got {origin!r}")
    return origins


class Section(BaseModel):
    """A `[section]` of the file: unknown keys are errors, so that a typo is never silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ExchangeSettings(Section):
    """Where the exchange is. The defaults are Binance's public spot hosts; two stream hosts feed two legs.

    `proxy` is asked for all of it; empty leaves it to HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
    """

    streams: tuple[str, ...] = ("wss://stream.binance.com:9443", "wss://data-stream.binance.vision")
    rest: tuple[str, ...] = ("https://api.binance.com", "https://api-gcp.binance.com")
    archive: str = "https://data.binance.vision"
    proxy: str = ""

    @field_validator("streams")
    @classmethod
    def _stream_addresses(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        return cls._some(urls, "wss?", "wss://stream.binance.com:9443")

    @field_validator("rest")
    @classmethod
    def _rest_addresses(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        return cls._some(urls, "https?", "https://api.binance.com")

    @field_validator("archive")
    @classmethod
    def _archive_address(cls, url: str) -> str:
        return web_address(url, "https?", "https://data.binance.vision")

    @field_validator("proxy")
    @classmethod
    def _http_proxy(cls, proxy: str) -> str:
        if proxy and not re.fullmatch(r"https?://[^/@?#]+/?", proxy):
            raise PydanticCustomError(
                UNFIT, "expected 'http://proxy.example.com:3128'; a proxy that wants a password comes by HTTPS_PROXY"
            )
        return proxy.rstrip("/")

    @staticmethod
    def _some(urls: tuple[str, ...], schemes: str, example: str) -> tuple[str, ...]:
        if not urls:
            raise ValueError("expected at least one address")
        return tuple(web_address(url, schemes, example) for url in urls)


Origins = Annotated[tuple[str, ...], AfterValidator(_addresses)]


class FeedSettings(Section):
    """The recorder's own server on this host: live trades for the dashboard, `/health` and `/metrics`.

    Off loopback, `origins` are the addresses by which others may name it (`http://recorder.internal:8765`).
    """

    host: str = "127.0.0.1"
    port: Port = 8765
    origins: Origins = ()


class ProbeSettings(Section):
    """The warehouse process's own server: `/healthz` and `/metrics`. Port 0 is none; `origins` as for the feed."""

    host: str = "127.0.0.1"
    port: Port = 0
    origins: Origins = ()


class DuckDBSettings(Section):
    """The embedded warehouse. RAW keeps `raw_days` days here; the lake keeps everything."""

    raw_days: float = Field(default=0.05, gt=0)
    memory_limit: str = Field(default="200MB", pattern=r"^\d{1,6}(\.\d{1,3})? ?[KMGT]i?B$")
    threads: int = Field(default=2, ge=1)
    cycle_seconds: float = Field(default=1.0, ge=0.1)


class DashboardSettings(Section):
    """Where the dashboard listens, and whom it lets in.

    Off this machine, or behind a proxy, `origins` are the addresses by which browsers see it
    (`https://tape.example.com`); `path` is the prefix that a proxy passes on (`/candlewick`).

    `auth`: "none" asks nobody, and is for loopback; "token" wants the link that `candlewick up` prints; "password"
    wants a user of `candlewick user add`; "proxy" believes the header `proxy_header` of the peers in `trusted_proxies`;
    "oidc" sends people to the provider of `[oidc]`.
    A session ends after `session`. Without `insecure`, nobody listens off loopback with `auth = "none"`.
    """

    host: str = "127.0.0.1"
    port: Port = 8501
    origins: Origins = ()
    path: str = ""
    auth: Literal["none", "token", "password", "proxy", "oidc"] = "none"
    insecure: bool = False
    session: Duration = timedelta(hours=12)
    trusted_proxies: tuple[str, ...] = ()
    proxy_header: str = Field(default="X-Forwarded-User", pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")
    proxy_role: Literal["viewer", "analyst", "admin"] = "viewer"

    @field_validator("trusted_proxies")
    @classmethod
    def _peers(cls, peers: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ip_address(peer)) for peer in peers)

    @model_validator(mode="after")
    def _trusts_somebody(self) -> "DashboardSettings":
        if self.auth == "proxy" and not self.trusted_proxies:
            raise PydanticCustomError(
                UNFIT, "auth = 'proxy' needs trusted_proxies: the addresses that it connects from"
            )
        return self

    @field_validator("path")
    @classmethod
    def _prefix(cls, path: str) -> str:
        prefix = path.strip("/")
        if not re.fullmatch(r"[A-Za-z0-9._~-]*(/[A-Za-z0-9._~-]+)*", prefix):
            raise ValueError(f"expected a path such as '/candlewick', got {path!r}")
        return f"/{prefix}" if prefix else ""


class OidcSettings(Section):
    """The OpenID provider with whom people log in, for `dashboard.auth = "oidc"`, and whom we let in then.

    `provider` is its address, below which `/.well-known/openid-configuration` is. `viewers`, `analysts` and `admins`
    are values of the claim `role_claim`, by default addresses of mail, which the provider must have verified. `*`
    stands for any beginning: `*@example.com`. Who is in none of them is not let in. The client's secret is no setting:
    it is in the variable `OIDC_CLIENT_SECRET`, or in the file `door/oidc.secret` of the data folder.
    """

    provider: str = ""
    client_id: str = ""
    name_claim: str = Field(default="email", min_length=1)
    role_claim: str = Field(default="email", min_length=1)
    viewers: tuple[str, ...] = ()
    analysts: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()

    @field_validator("provider")
    @classmethod
    def _is_told_nothing_in_clear(cls, url: str) -> str:
        if url.startswith("http://") and not re.match(r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/|$)", url):
            raise ValueError(f"expected an address of https, such as 'https://accounts.google.com', got {url[:200]!r}")
        return web_address(url, "https?", "https://accounts.google.com") if url else ""

    @field_validator("viewers", "analysts", "admins")
    @classmethod
    def _are_somebody(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            if not value or "*" in value[1:]:
                raise ValueError(f"expected a name or one that begins with '*', such as '*@example.com', got {value!r}")
        return values


class AlertSettings(Section):
    """Where rings go beside the chart: `webhook_file` holds the address of a receiver, which is a secret with many.

    `webhook_form` "json" sends all of a ring; "text" sends `{"text": …}`, which Slack takes, and Telegram's sendMessage
    with `?chat_id=` in the address.
    """

    webhook_file: str = ""
    webhook_form: Literal["json", "text"] = "json"


class SealSettings(Section):
    """Days that are whole become one file and a certificate each, `after` so long a rest since their end."""

    after: Duration = timedelta(hours=2)


class RetentionSettings(Section):
    """How long what a sealed file has is kept elsewhere, too; what is in no sealed file is kept for ever.

    `raw` are small objects in the lake. "auto": a week in a folder, whose disk fills with them; for ever in S3, where a
    lifecycle may move them. `silver` are trades in the warehouse's own file, and in the mart with them; `mart` are the
    mart's files of trades alone. Models and readers read the sealed files then, as they are, or copies of them where
    the lake is in S3.
    """

    raw: Annotated[timedelta | Literal["auto", "forever"], BeforeValidator(parse_retention)] = "auto"
    silver: Annotated[timedelta | Literal["forever"], BeforeValidator(parse_retention)] = "forever"
    mart: Annotated[timedelta | Literal["forever"], BeforeValidator(parse_retention)] = "forever"
