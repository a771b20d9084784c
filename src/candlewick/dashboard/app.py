"""The ASGI application: Streamlit's pages and our own routes on one server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from candlewick.dashboard.api import Api
from candlewick.dashboard.chart import script_name
from candlewick.dashboard.evidence import Evidence
from candlewick.dashboard.export import Export
from candlewick.dashboard.live import Live
from candlewick.dashboard.origin import SameOrigin
from candlewick.dashboard.site import ASSETS, Site, chart_html, serve_from
from candlewick.heartbeat import Heartbeat

PAGE = Path(__file__).with_name("page.py")
BEAT_SECONDS = 1.0

OnFailure = Callable[[BaseException], None]


def build(site: Site, on_failure: OnFailure) -> st.App:
    """Return the application; `on_failure` hears of a background task that failed."""
    serve_from(site)
    return st.App(
        PAGE,
        routes=routes(site),
        middleware=[Middleware(SameOrigin, listens_on=site.settings.dashboard.host)],
        lifespan=_lifespan(site, on_failure),
    )


def routes(site: Site) -> list[BaseRoute]:
    """Our own routes: history, live bars, and the bare chart with its assets."""

    async def bare_chart(_: Request) -> HTMLResponse:
        return HTMLResponse(chart_html(site.chart_config(), script_name()), headers={"Cache-Control": "no-cache"})

    return [
        *Api(site.reader, site.reads, site.catalogue).routes(),
        *Export(site.reader, site.reads, site.catalogue).routes(),
        *Evidence(site.reader, site.evidence_reads, site.catalogue, site.settings).routes(),
        WebSocketRoute("/api/live", Live(site.hub, site.catalogue).serve),
        Route("/chart", bare_chart),
        Mount("/chart/assets", StaticFiles(directory=ASSETS)),
    ]


def _lifespan(site: Site, on_failure: OnFailure) -> Callable[[st.App], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: st.App) -> AsyncIterator[None]:
        heartbeat = Heartbeat(site.settings.run_path, "dashboard")
        async with site.hub.running(on_failure):
            beating = asyncio.create_task(_beat(heartbeat, site))
            try:
                yield
            finally:
                beating.cancel()
                heartbeat.stop()
                site.close()

    return lifespan


async def _beat(heartbeat: Heartbeat, site: Site) -> None:
    while True:
        heartbeat.beat(state="serving", port=site.settings.dashboard.port, **site.hub.numbers())
        await asyncio.sleep(BEAT_SECONDS)
