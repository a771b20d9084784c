"""The site's page of HTTP: it names every route, and each example is what a real server answers."""

import importlib.util
import json
from pathlib import Path

from candlewick.dashboard import app
from candlewick.dashboard.site import Site
from candlewick.mart.reader import Mart
from made import http_examples
from made.unpacking import WITH_SEALED_DAY, unpacked

SCRIPTS = Path(__file__).parents[2] / "scripts"


async def test_each_example_is_what_a_server_answers(tmp_path):
    """Where an answer has changed on purpose: `cd tests && python -m made.http_examples`."""
    examples = json.loads(http_examples.FILE.read_text())
    assert list(examples) == list(http_examples.QUESTIONS)
    assert await http_examples.answers(unpacked(WITH_SEALED_DAY, tmp_path)) == examples


def test_the_page_names_every_route_and_shows_every_example(tmp_path):
    spec = importlib.util.spec_from_file_location("pages", SCRIPTS / "pages.py")
    assert spec is not None and spec.loader is not None
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    page = pages.http()
    settings = unpacked(WITH_SEALED_DAY, tmp_path)
    site = Site(settings, Mart(settings.mart_path))
    routes = [route for route in app.routes(site) if route.path.startswith(("/api/", "/healthz", "/metrics"))]
    site.close()
    assert len(routes) > 20
    for route in routes:
        methods = sorted((getattr(route, "methods", None) or set()) - {"HEAD"})
        assert not methods or f"### {methods[0]} {route.path}\n\n" in page
        assert methods or f"`{route.path}`" in page, "a socket has its own words"
    for question, answer in json.loads(http_examples.FILE.read_text()).items():
        assert f"GET {question}\n{answer['status']} " in page
    assert "### GET /api/candles\n\n`?symbol=" in page, "its own docstring"
