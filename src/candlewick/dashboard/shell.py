"""The page in which Streamlit's pages live: its own, told where its server is.

Without that it looks for its server at the page's own address first, and a page that is not the first has two requests
that fail: `/pipeline/_stcore/health`. They have to: answered, the page would take `/pipeline` for the whole dashboard.
"""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

PAGES = ("chart-page", "pipeline", "alerts", "data")
"""The paths of the pages below that of the dashboard, the first page's own first."""


def shell(streamlit: Path, base: str) -> str:
    """The page of a Streamlit that is installed there, for a dashboard below the path `base`."""
    page = (streamlit / "static/index.html").read_text(encoding="utf-8")
    script = f'<script>window.__streamlit = {{ BACKEND_BASE_URL: location.origin + "{base}" }}</script>'
    return page.replace("<head>", f"<head>{script}", 1)


def routes_of(page: str) -> list[Route]:
    """Answer each page's address with it."""

    async def answer(_: Request) -> HTMLResponse:
        return HTMLResponse(page, headers={"Cache-Control": "no-cache"})

    return [Route(f"/{path}", answer) for path in ("", *PAGES)]
