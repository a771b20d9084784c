"""What a page may do: the security headers of every answer, and the content security policy of the pages."""

import base64
import hashlib
import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)

# Styles are set by scripts of ours and of Streamlit's, and can do no harm by themselves: theirs is the one exception.
BARE = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src 'self' data: blob:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""The bare chart: nothing but its own script, and no script in the page itself."""


def page_policy(page: str) -> str:
    """The policy of Streamlit's pages: its own files, and the scripts that stand in its `page`, by their digests.

    Its front end compiles WebAssembly and makes workers of its own.
    """
    inline = _INLINE_SCRIPT.findall(page)
    digests = " ".join(f"'sha256-{_digest(script)}'" for script in inline)
    return (
        f"default-src 'self'; script-src 'self' 'wasm-unsafe-eval' {digests}; style-src 'self' 'unsafe-inline'; "
        "connect-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; "
        "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


class Policy:
    """ASGI middleware: adds the headers, and to pages their policy; `bare` is the path of the bare chart."""

    def __init__(self, app: ASGIApp, *, pages: str, bare: str) -> None:
        self._app = app
        self._pages, self._bare = pages, bare

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers["Content-Security-Policy"] = BARE if scope["path"] == self._bare else self._pages
            await send(message)

        await self._app(scope, receive, with_headers)
