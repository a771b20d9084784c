"""How a host is reached: through which proxy, if through one, and in which words to say that it was not.

`exchange.proxy` counts for every host; without it, `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` do, for the streams as
for the others. This machine itself is never asked for through a proxy.
"""

import ipaddress
import os
import socket
import ssl
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

_SCHEMES = {"ws": "http", "wss": "https"}


def proxy_for(url: str, configured: str = "") -> str | None:
    """Return the proxy for an address, None for none. The environment counts where `configured` is empty."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _is_this_machine(host):
        return None
    if configured:
        return configured
    known = getproxies()
    if proxy_bypass(parts.netloc):
        return None
    proxy = known.get(_SCHEMES.get(parts.scheme, parts.scheme)) or known.get("all")
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"


def unreached(url: str, error: BaseException) -> str:
    """Say in one line that a host cannot be reached, and why."""
    return f"{urlsplit(url).netloc} cannot be reached ({reason_of(error)})"


def reason_of(error: BaseException) -> str:
    """Return why a connection failed, in a few words."""
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return f"its proxy: {reason_of(error.os_error)}"
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"its proxy answers {error.status} {error.message}"
    return _words(_cause(error))


def _cause(error: BaseException) -> BaseException:
    """The system's own error in one of aiohttp's."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error
    return error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}; SSL_CERT_FILE can name an authority of yours"
    if isinstance(error, socket.gaierror):
        return "no name resolution"
    if isinstance(error, TimeoutError) and not error.errno:
        return "no answer in time"
    if isinstance(error, OSError) and error.errno and error.errno > 0:  # asyncio's own text repeats the address
        return os.strerror(error.errno).lower()
    return str(error) or type(error).__name__


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
