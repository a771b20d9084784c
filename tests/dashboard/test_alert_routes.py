"""`/api/alerts` on a real server: who may change what, and what is refused in one line."""

import aiohttp
import msgspec
import pytest

from candlewick import config
from candlewick.dashboard.door.visitor import HEADER, Role, Visitor, told
from candlewick.dashboard.routes.alerts import PATH, AlertRoutes
from candlewick.dashboard.site import Site
from dashboard.served import answered, serving
from dashboard.warehouse import SYMBOL, Warehouse

CROSS = {"kind": "cross", "symbol": SYMBOL, "level": "97000.5"}


@pytest.fixture
async def asking(tmp_path):
    site = Site(config.load(None, data=tmp_path, symbols=(SYMBOL,), feed={"port": 1}), Warehouse())
    routes = AlertRoutes(site.watch, site.catalogue, site.journal, has_webhook=False).routes()
    async with serving(routes) as url, aiohttp.ClientSession() as session:

        async def ask(method: str, path: str = "", role: Role | None = None, **more: object) -> tuple[int, object]:
            headers = more.pop("headers", {}) | ({HEADER: told(Visitor("ann", role))} if role else {})
            return await answered(session, method, url + PATH + path, headers=headers, **more)

        ask.site = site
        yield ask
    site.close()


async def test_an_alert_is_made_changed_and_removed_and_each_is_in_the_journal(asking):
    status, made = await asking("POST", json=CROSS | {"note": "sell"})
    assert (status, made["level"], made["is_armed"]) == (200, "97000.5", True)
    status, changed = await asking("PATCH", f"/{made['id']}", json={"level": "98000", "is_armed": False})
    assert (status, changed["level"], changed["note"], changed["is_armed"]) == (200, "98000", "sell", False)
    _, listed = await asking("GET")
    assert listed == {"alerts": [changed], "rings": [], "webhook": False, "undelivered": 0}
    assert (await asking("DELETE", f"/{made['id']}"))[0] == 204
    assert (await asking("GET"))[1]["alerts"] == []
    lines = asking.site.journal._path.read_text().splitlines()
    assert [msgspec.json.decode(line)["event"] for line in lines] == ["alert made", "alert changed", "alert removed"]


async def test_a_viewer_sees_alerts_and_changes_none(asking):
    _, made = await asking("POST", json=CROSS, role=Role.ANALYST)
    assert (await asking("GET", role=Role.VIEWER))[1]["alerts"] == [made]
    for method, path in (("POST", ""), ("PATCH", f"/{made['id']}"), ("DELETE", f"/{made['id']}")):
        assert await asking(method, path, role=Role.VIEWER, json=CROSS) == (
            403,
            "changing alerts wants the role analyst",
        )
    assert (await asking("GET"))[1]["alerts"] == [made]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "expected an alert"),
        (b'{"kind":"cross","symbol":"BTCDEMO","level":"1","what":1}', "unknown field"),
        (b'{"kind":"guess"}', "Invalid enum value"),
        (b'{"kind":"cross","symbol":"NONE","level":"1"}', "expected a symbol of"),
        (b'{"kind":"cross","level":"1"}', "symbol: expected one"),
        (b'{"kind":"cross","symbol":"BTCDEMO","level":"1e-9"}', "level: expected at most 8 places"),
        (b"[" * 5_000, "at most 4096 bytes"),
        (b"[" * 4_000, "expected an alert"),
    ],
)
async def test_what_is_no_alert_is_refused_in_one_line(asking, body, says):
    status, text = await asking("POST", data=body, headers={"Content-Type": "application/json"})
    assert status == 400 and says in text and "\n" not in text


async def test_a_form_of_another_page_cannot_be_an_alert(asking):
    status, text = await asking("POST", data=b'{"kind":"hole"}', headers={"Content-Type": "text/plain"})
    assert (status, text) == (400, "expected a body of the type application/json")


async def test_there_are_so_many_alerts_and_no_more(asking, monkeypatch):
    monkeypatch.setattr("candlewick.dashboard.alerts.book.ALERTS_AT_MOST", 2)
    answers = [await asking("POST", json={"kind": "hole"}) for _ in range(3)]
    assert [status for status, _ in answers] == [200, 200, 400]
    assert answers[2][1] == "expected at most 2 alerts; remove some"
