"""The ASGI application: Streamlit's pages and our own routes on one server."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from candlewick.dashboard.chart import script_name
from candlewick.dashboard.door.door import Door
from candlewick.dashboard.door.keeper import Keeper
from candlewick.dashboard.door.provider import Provider
from candlewick.dashboard.live.socket import PATH as LIVE_PATH
from candlewick.dashboard.live.socket import Live
from candlewick.dashboard.origin import SameOrigin
from candlewick.dashboard.policy import Policy, page_policy
from candlewick.dashboard.routes.alerts import AlertRoutes
from candlewick.dashboard.routes.candles import Api
from candlewick.dashboard.routes.drawings import DrawingRoutes
from candlewick.dashboard.routes.evidence import Evidence
from candlewick.dashboard.routes.export import Export
from candlewick.dashboard.routes.flow import FlowRoutes
from candlewick.dashboard.routes.layouts import LayoutRoutes
from candlewick.dashboard.routes.probes import Probes
from candlewick.dashboard.shell import routes_of, shell
from candlewick.dashboard.site import ASSETS, Site, chart_html, serve_from
from candlewick.process.gate import Gate
from candlewick.process.heartbeat import Heartbeat

PAGE = Path(__file__).with_name("page.py")
BEAT_SECONDS = 1.0

OnFailure = Callable[[BaseException], None]


def build(site: Site, on_failure: OnFailure) -> st.App:
    """Return the application; `on_failure` hears of a background task that failed."""
    serve_from(site)
    return st.App(
        PAGE,
        routes=[prefixed(route, site.base) for route in routes(site)],
        middleware=guards(site),
        lifespan=_lifespan(site, on_failure),
    )


def guards(site: Site) -> list[Middleware]:
    """What a page may do, which pages may ask, and who is let in; the first one sees a request first."""
    dashboard = site.settings.dashboard
    pages = page_policy(page_of(site))
    provider = Provider(site.settings) if dashboard.auth == "oidc" else None
    return [
        Middleware(Policy, pages=pages, bare=f"{site.base}/chart"),
        Middleware(SameOrigin, gate=Gate(dashboard.host, dashboard.origins)),
        Middleware(Door, keeper=Keeper(site.settings), journal=site.journal, provider=provider, base=site.base),
    ]


def page_of(site: Site) -> str:
    """The page in which Streamlit's pages live."""
    return shell(Path(st.__file__).parent, site.base)


def prefixed(route: BaseRoute, base: str) -> BaseRoute:
    """A route below the path that a proxy passes on."""
    if isinstance(route, Mount):
        return Mount(base + route.path, app=route.app)
    if isinstance(route, WebSocketRoute):
        return WebSocketRoute(base + route.path, route.endpoint)
    assert isinstance(route, Route)
    return Route(base + route.path, route.endpoint, methods=sorted(route.methods or ()))


def routes(site: Site) -> list[BaseRoute]:
    """Our own routes: history, live bars, the bare chart with its assets, and the page of Streamlit's pages."""

    async def bare_chart(_: Request) -> HTMLResponse:
        return HTMLResponse(chart_html(site.chart_config(), script_name()), headers={"Cache-Control": "no-cache"})

    return [
        *Api(site.reader, site.reads, site.catalogue).routes(),
        *Export(site.reader, site.export_reads, site.catalogue).routes(),
        *Evidence(site.reader, site.evidence_reads, site.catalogue, site.settings).routes(),
        *FlowRoutes(site.reader, site.evidence_reads, site.catalogue, site.hub, site.settings.zone).routes(),
        *AlertRoutes(site.watch, site.catalogue, site.journal, has_webhook=site.webhook is not None).routes(),
        *LayoutRoutes(site.layouts, site.evidence_reads).routes(),
        *DrawingRoutes(site.drawings, site.evidence_reads, site.catalogue, site.hub.tell_all).routes(),
        *Probes(site.evidence_reads, site.settings).routes(),
        WebSocketRoute(LIVE_PATH, Live(site.hub, site.catalogue).serve),
        Route("/chart", bare_chart),
        Mount("/chart/assets", StaticFiles(directory=ASSETS)),
        *routes_of(page_of(site)),
    ]


def _lifespan(site: Site, on_failure: OnFailure) -> Callable[[st.App], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: st.App) -> AsyncIterator[None]:
        heartbeat = Heartbeat(site.settings.run_path, "dashboard")
        async with site.hub.running(on_failure), site.watch.running(on_failure):
            # A login may take its time, which nobody who ends the dashboard wants to wait for.
            threading.Thread(target=site.console.prepare, name="console-prepare", daemon=True).start()
            runs = [_beat(heartbeat, site), site.trends.sample(site.settings)]
            tasks = [asyncio.create_task(run) for run in [*runs, *([site.webhook.run()] if site.webhook else [])]]
            for task in tasks:
                task.add_done_callback(partial(_tell_failure, on_failure))
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                heartbeat.stop()
                site.close()

    return lifespan


def _tell_failure(on_failure: OnFailure, task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        on_failure(error)


async def _beat(heartbeat: Heartbeat, site: Site) -> None:
    while True:
        heartbeat.beat(state="serving", port=site.settings.dashboard.port, **site.hub.numbers())
        await asyncio.sleep(BEAT_SECONDS)
