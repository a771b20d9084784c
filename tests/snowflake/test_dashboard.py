"""The dashboard on Snowflake: every route and page answers what it answers from the embedded warehouse."""

import asyncio
import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow.parquet as pq
import pytest
from starlette.requests import Request
from starlette.responses import Response

from candlewick.dashboard import hops, pipeline
from candlewick.dashboard.api import Api
from candlewick.dashboard.evidence import Evidence
from candlewick.dashboard.export import Export
from candlewick.dashboard.reader import instant
from candlewick.dashboard.site import Site
from candlewick.snowflake.follower import Follower
from dashboard.proven import SECOND, SYMBOL
from snowflake_proven import Proven

TIMEFRAMES = ("1s", "1m", "5m", "15m", "1h", "4h", "1d")
ROUTES = [
    *(f"candles?timeframe={timeframe}&limit=4" for timeframe in TIMEFRAMES),
    f"candles?timeframe=1m&before={SECOND + 240}&limit=2",
    f"candles?timeframe=1m&since={SECOND + 60}&before={SECOND + 240}",
    "day?",
    *(f"lineage?timeframe=1m&t={SECOND + 60 * minute}" for minute in (0, 1, 2, 3, 4, 5, 500)),
    *(f"lineage?timeframe={timeframe}&t={SECOND + 60}" for timeframe in TIMEFRAMES),
    "proof?",
    f"proof?since={SECOND + 60}&before={SECOND + 180}",
    f"trades?from={SECOND}&limit=7",
    f"trades?from={SECOND + 30}&from_id=104&limit=20",
    f"trades?from={SECOND - 3 * 86_400}&limit=2",
    f"trades?from={SECOND + 10**6}",
    "export?timeframe=1m&format=csv",
    "export?timeframe=5m&format=parquet",
]


@pytest.fixture
def sites(proven: Proven) -> Iterator[tuple[Site, Site]]:
    """The dashboard on Snowflake, and on the mart."""
    follower = Follower(proven.snowflake)
    made = Site(proven.embedded, follower), Site(proven.embedded, proven.mart)
    yield made
    for site in made:
        site.close()
    follower.close()


def ask(site: Site, path: str) -> Response:
    """Ask a route of the dashboard."""
    parts = (
        Api(site.reader, site.reads, site.catalogue),
        Evidence(site.reader, site.evidence_reads, site.catalogue, site.settings),
        Export(site.reader, site.reads, site.catalogue),
    )
    handlers = {route.path: route.endpoint for part in parts for route in part.routes()}
    name, _, query = path.partition("?")
    request = Request({"type": "http", "query_string": f"symbol={SYMBOL}&{query}".encode()})
    return asyncio.run(handlers[f"/api/{name}"](request))


def told(answer: Response) -> object:
    """What an answer says, but for when a warehouse got its rows, which differs between two."""
    content = bytes(answer.body)
    if answer.media_type == "application/json":
        return json.loads(content, object_hook=timeless)
    if answer.media_type == "text/csv":
        return [timeless(row) for row in csv.DictReader(io.StringIO(content.decode()))]
    return pq.read_table(io.BytesIO(content)).drop_columns(["loaded_at"]).to_pydict()


def timeless(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith("loaded_")}


@pytest.mark.parametrize("path", ROUTES)
def test_every_route_answers_alike(sites, path):
    ours, theirs = (ask(site, path) for site in sites)
    assert ours.status_code == theirs.status_code == 200, ours.body
    assert told(ours) == told(theirs)


def test_the_pipeline_page_shows_alike(sites):
    now = instant(SECOND + 5 * 60)
    ours, theirs = (
        (
            pipeline.minutes(site, SYMBOL, now),
            pipeline.newest_gaps(site),
            [timeless(row) for row in hops.latencies(site.reader, now)],
        )
        for site in sites
    )
    assert ours == theirs
    assert all(ours)
