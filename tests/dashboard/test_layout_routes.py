"""`/api/layouts` on a real server: each visitor has their own, and what is no layout is refused in one line."""

from pathlib import Path

import aiohttp
import pytest

from candlewick.dashboard.door.visitor import HEADER, Role, Visitor, told
from candlewick.dashboard.keeping.layouts import BODY_BYTES, MOST, Layouts
from candlewick.dashboard.reads import Reads
from candlewick.dashboard.routes.layouts import PATH, LayoutRoutes
from dashboard.served import answered, damage, serving

NOTHING = {"layout": {}, "template": {}, "watchlist": {}}


@pytest.fixture
async def asking(tmp_path: Path):
    reads = Reads(threads=1)
    routes = LayoutRoutes(Layouts(tmp_path), reads).routes()
    async with serving(routes) as url, aiohttp.ClientSession() as session:

        async def ask(method: str, path: str = "", name: str = "ann", **more: object) -> tuple[int, object]:
            headers = {HEADER: told(Visitor(name, Role.VIEWER))}
            return await answered(session, method, url + PATH + path, headers=headers, **more)

        yield ask
    reads.close()


async def test_each_visitor_keeps_their_own_of_every_kind(asking):
    assert await asking("GET") == (200, NOTHING)
    for kind, content in (
        ("layout", {"choices": []}),
        ("template", {"type": "line"}),
        ("watchlist", {"symbols": ["A"]}),
    ):
        assert await asking("PUT", f"/{kind}/mine%2F%C3%A9", json=content) == (404, "Not Found")
        assert (await asking("PUT", f"/{kind}/mine%20é", json=content))[0] == 204
        assert (await asking("PUT", f"/{kind}/mine%20é", json=content | {"again": True}))[0] == 204
    _, kept = await asking("GET")
    assert kept["watchlist"] == {"mine é": {"symbols": ["A"], "again": True}}
    assert await asking("GET", name="bob") == (200, NOTHING)
    for kind in NOTHING:
        assert (await asking("DELETE", f"/{kind}/mine%20é", name="bob"))[0] == 204
        assert (await asking("GET"))[1][kind]
        assert (await asking("DELETE", f"/{kind}/mine%20é"))[0] == 204
    assert await asking("GET") == (200, NOTHING)


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/secret/mine", {"json": {}}, "expected a layout, a template or a watchlist, got 'secret'"),
        ("/layout/mine", {"json": [1]}, "expected an object"),
        ("/layout/mine", {"data": b"{half", "headers": {}}, "expected a body of the type application/json"),
        ("/layout/mine", {"json": {"a": "x" * BODY_BYTES}}, f"expected a body of at most {BODY_BYTES} bytes"),
        ("/layout/" + "x" * 61, {"json": {}}, "name: expected 1 to 60 characters, got 61"),
    ],
)
async def test_what_is_no_layout_is_refused(asking, path: str, body: dict[str, object], says: str):
    body.pop("headers", None)
    status, text = await asking("PUT", path, **body)
    assert (status, says in str(text)) == (400, True), text
    assert await asking("GET") == (200, NOTHING)


async def test_too_many_are_refused_and_those_that_are_there_stay(asking):
    for number in range(MOST):
        assert (await asking("PUT", f"/watchlist/{number}", json={}))[0] == 204
    status, text = await asking("PUT", "/watchlist/more", json={})
    assert (status, f"at most {MOST}" in str(text)) == (400, True)
    assert len((await asking("GET"))[1]["watchlist"]) == MOST


async def test_a_file_that_is_damaged_is_told_in_one_line_without_its_path_and_not_replaced(asking, tmp_path: Path):
    await asking("PUT", "/layout/mine", json={})
    path = damage(tmp_path)
    for method, name, more in (("GET", "", {}), ("PUT", "/layout/a", {"json": {}}), ("DELETE", "/layout/mine", {})):
        status, text = await asking(method, name, **more)
        assert (status, "expected layouts, got" in text, str(tmp_path) in text) == (400, True, False), text
    assert path.read_bytes() == b"{half"
