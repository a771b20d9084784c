"""`/api/drawings` on a real server: those of two pages come together by id, each visitor has their own."""

import asyncio
import random
from pathlib import Path

import aiohttp
import msgspec
import pytest

from candlewick.dashboard.door.visitor import HEADER, LOCAL, Role, Visitor, told
from candlewick.dashboard.keeping.drawings import BODY_BYTES, MOST, Drawings
from candlewick.dashboard.reads import Reads
from candlewick.dashboard.routes.catalogue import Catalogue
from candlewick.dashboard.routes.drawings import PATH, DrawingRoutes
from dashboard.served import answered, damage, serving

SYMBOLS = ("BTCDEMO", "ETHDEMO")
LINE = {"kind": "horizontal", "anchors": [{"time": 1, "price": 2.5}]}


class Asker:
    """Asks as somebody, or as whoever needs no login; `frames` is what every page is told."""

    def __init__(self, url: str, session: aiohttp.ClientSession, frames: list[str]) -> None:
        self._url, self._session, self.frames = url, session, frames

    async def __call__(self, method: str, symbol: str = "BTCDEMO", name: str | None = "ann", **more: object):
        headers = {HEADER: told(Visitor(name, Role.VIEWER) if name else LOCAL)}
        return await answered(self._session, method, f"{self._url}{PATH}/{symbol}", headers=headers, **more)

    async def page(self, **asked: str) -> dict[str, object]:
        status, answer = await self("GET", **asked)
        assert status == 200
        return answer["drawings"]  # type: ignore[index,no-any-return]


@pytest.fixture
async def asking(tmp_path: Path):
    reads, frames = Reads(threads=2), list[str]()
    routes = DrawingRoutes(Drawings(tmp_path), reads, Catalogue(SYMBOLS), frames.append).routes()
    async with serving(routes) as url, aiohttp.ClientSession() as session:
        yield Asker(url, session, frames)
    reads.close()


async def test_each_visitor_has_their_own_by_symbol_and_those_who_look_are_told(asking: Asker):
    assert await asking("PATCH", json={"put": {"a": LINE}}) == await asking("GET")
    assert await asking.page() == {"a": LINE}
    assert await asking.page(name="bob") == await asking.page(symbol="ETHDEMO") == {}
    owner = (await asking("GET"))[1]["owner"]
    assert asking.frames == [msgspec.json.encode({"drawings": [owner, "BTCDEMO"]}).decode()]
    assert owner != (await asking("GET", name="bob"))[1]["owner"]
    await asking("PATCH", json={"put": {"a": LINE}, "remove": ["never was"]})
    assert len(asking.frames) == 1, "what changes nothing is no news"
    await asking("PATCH", json={"remove": ["a"]})
    assert (await asking.page(), len(asking.frames)) == ({}, 2)


async def test_changes_of_many_pages_at_once_all_stay(asking: Asker):
    names = [f"{number}" for number in range(40)]
    await asking("PATCH", json={"put": dict.fromkeys(names[:10], LINE)})
    changes = [{"put": {name: LINE}} for name in names[10:]] + [{"remove": [name]} for name in names[:5]]
    random.Random(7).shuffle(changes)
    await asyncio.gather(*(asking("PATCH", json=change) for change in changes))
    assert set(await asking.page()) == set(names[5:])


async def test_where_nobody_logs_in_nothing_is_kept(asking: Asker):
    assert await asking("GET", name=None) == (200, {"owner": None, "drawings": {}})
    status, text = await asking("PATCH", name=None, json={"put": {"a": LINE}})
    assert (status, text) == (400, "nobody logs in here: drawings stay in the browser")


@pytest.mark.parametrize(
    ("symbol", "body", "says"),
    [
        ("DOGEDEMO", {"put": {}}, "expected a symbol of BTCDEMO, ETHDEMO, got 'DOGEDEMO'"),
        ("BTCDEMO", {"put": [LINE]}, "expected drawings: "),
        ("BTCDEMO", {"put": {"x" * 61: LINE}}, "id: expected 1 to 60 characters"),
        ("BTCDEMO", {"put": {"a": {"text": "x" * BODY_BYTES}}}, f"expected a body of at most {BODY_BYTES} bytes"),
        ("BTCDEMO", {"put": {f"{number}": LINE for number in range(MOST)}}, f"expected at most {MOST} drawings"),
    ],
)
async def test_what_is_no_change_or_too_much_is_refused_and_nothing_is_lost(asking: Asker, symbol, body, says):
    await asking("PATCH", json={"put": {"mine": LINE}})
    status, text = await asking("PATCH", symbol=symbol, json=body)
    assert (status, says in text) == (400, True), text
    assert await asking.page() == {"mine": LINE}


async def test_a_file_that_is_damaged_is_told_in_one_line_and_not_replaced(asking: Asker, tmp_path: Path):
    await asking("PATCH", json={"put": {"mine": LINE}})
    path = damage(tmp_path)
    for method, more in (("GET", {}), ("PATCH", {"json": {"put": {"a": LINE}}})):
        status, text = await asking(method, **more)
        assert (status, "expected drawings, got" in text, str(tmp_path) in text) == (400, True, False), text
    assert path.read_bytes() == b"{half"
