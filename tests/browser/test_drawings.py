"""Drawings: they survive, and belong to their symbol."""

from browser.conftest import Visit
from browser.hands import SERIES, button, keys, point


def test_drawings_survive_ticks_and_visits_and_belong_to_their_symbol(visit: Visit) -> None:
    visitor = visit(SERIES).wait_for_bars()
    visitor.scroll_back()
    before = visitor.view()
    for key, places in (
        ("Alt+h", [(0.3, 0.3)]),
        ("Alt+t", [(0.3, 0.5), (0.5, 0.4)]),
        ("Alt+f", [(0.5, 0.6), (0.7, 0.3)]),
    ):
        keys(visitor, key)
        for place in places:
            visitor.page.mouse.click(*point(visitor, *place))
    kept = "JSON.parse(localStorage.getItem('candlewick.drawings.v1.BTCDEMO'))?.drawings"
    drawn = visitor.ask(kept)
    assert [drawing["kind"] for drawing in drawn] == ["horizontal", "trend", "fibonacci"]
    visitor.wait_for_ticks(3)
    assert visitor.view() == before
    visitor.open(SERIES.replace("BTC", "ETH")).wait_for_bars()
    visitor.open(SERIES).wait_for_bars()
    assert visitor.ask(kept) == drawn
    button(visitor, "Delete all drawings").click()
    assert visitor.ask(kept) is None
    keys(visitor, "Control+z")
    assert visitor.ask(kept) == drawn
    in_server = visitor.ask("fetch('/api/drawings/BTCDEMO').then((answer) => answer.json())")
    assert in_server == {"owner": None, "drawings": {}}, "nobody logs in here: drawings are the browser's"
