"""The security headers of every answer, and what the pages' scripts may do."""

import base64
import hashlib
from pathlib import Path

import pytest
import streamlit
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message

from candlewick.dashboard.policy import HEADERS, Policy, page_policy
from candlewick.dashboard.shell import shell

PAGES = page_policy(shell(Path(streamlit.__file__).parent, "/candlewick"))


async def headers_of(path: str) -> Headers:
    """The headers that a page is answered with."""
    routes = [Route(path, lambda _: PlainTextResponse("here")) for path in ("/", "/chart", "/api/day")]
    app = Starlette(routes=routes, middleware=[Middleware(Policy, pages=PAGES, bare="/chart")])
    heads: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        heads.append(message)

    await app({"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}, receive, send)
    return Headers(raw=heads[0]["headers"])


@pytest.mark.parametrize("path", ["/", "/chart", "/api/day", "/nothing"])
async def test_every_answer_has_the_headers_and_a_policy_without_inline_scripts(path: str) -> None:
    headers = await headers_of(path)
    assert {name: headers[name] for name in HEADERS} == HEADERS
    scripts = next(part for part in headers["Content-Security-Policy"].split("; ") if part.startswith("script-src"))
    assert "'self'" in scripts
    assert "unsafe-inline" not in scripts
    assert "http" not in headers["Content-Security-Policy"]


async def test_the_bare_chart_may_run_its_own_script_and_nothing_else() -> None:
    policy = (await headers_of("/chart"))["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert "sha256" not in policy


def test_scripts_of_the_page_are_admitted_by_their_digests() -> None:
    page = '<script>one</script><script src="./a.js"></script><script>two</script>'
    digests = [base64.b64encode(hashlib.sha256(text).digest()).decode() for text in (b"one", b"two")]
    assert f"script-src 'self' 'wasm-unsafe-eval' 'sha256-{digests[0]}' 'sha256-{digests[1]}';" in page_policy(page)


def test_the_page_is_streamlits_own_and_says_where_its_server_is() -> None:
    here = Path(streamlit.__file__).parent
    script = '<script>window.__streamlit = { BACKEND_BASE_URL: location.origin + "/candlewick" }</script>'
    page = shell(here, "/candlewick")
    assert page.count(script) == 1
    assert page.replace(script, "") == (here / "static/index.html").read_text()
    digest = base64.b64encode(hashlib.sha256(script[8:-9].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in PAGES
