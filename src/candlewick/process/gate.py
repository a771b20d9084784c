"""Pure: whom a server of ours answers: pages of its own origin and of those that the settings name, and programs.

A name that was re-bound to this machine (DNS rebinding) finds nobody, wherever the server listens: a page of
`evil.example` that resolves to us is of the same origin as we are, as far as its browser can tell. So the Host is
always one that we know: this machine's loopback, the address that the connection came to, or a name of the settings.
"""

import ipaddress
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
FOREIGN = frozenset({"cross-site", "same-site"})
"""What `Sec-Fetch-Site` says of a request that another origin's page caused."""


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens on `host`."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Gate:
    """Whom a server that listens on a host answers; `origins` are the addresses by which browsers see it."""

    listens_on: str
    origins: Collection[str] = field(default=())
    setting: str = "dashboard.origins"

    def refusal(self, headers: Mapping[str, str], *, scheme: str = "http", address: str = "") -> str | None:
        """Return one line that says why a request is refused, or None where it may pass.

        `headers` are looked up in lower case; `address` is this end's address of the connection. A request without an
        Origin is that of a program, or of a page that embeds what it may not read: an image, a script, a style.
        Browsers say which page caused it; a link that is followed is nobody's doing but the reader's.
        """
        origin, host = headers.get("origin"), headers.get("host", "")
        if _hostname(host) not in LOOPBACK | {self.listens_on.lower(), address} | self._hostnames():
            return f"expected a Host of this machine, such as localhost, got {host[:80]!r}; {self.setting} names others"
        if origin is None:
            is_embedded = headers.get("sec-fetch-site") in FOREIGN and headers.get("sec-fetch-mode") != "navigate"
            return "expected a request of the dashboard's own pages, got another page's" if is_embedded else None
        known = {_authority(f"{scheme}://{host}"), *map(_authority, self.origins)}
        if _authority(origin) in known:
            return None
        return f"expected an Origin of our own, {scheme}://{host}, got {origin[:80]!r}; {self.setting} names others"

    def _hostnames(self) -> frozenset[str]:
        return frozenset(urlsplit(origin).hostname or "" for origin in self.origins)


def _hostname(host: str) -> str:
    """The name in a Host header, in lower case; one that is not to be had for a header that is none."""
    try:
        return urlsplit(f"//{host}").hostname or "\0"
    except ValueError:
        return "\0"


def _authority(url: str) -> tuple[str, str, int] | str:
    """Scheme, host and port of an origin; an origin that has none, such as `null`, equals no other."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return f"malformed: {url}"
    return (parts.scheme, parts.hostname, port) if parts.hostname else f"opaque: {url}"
