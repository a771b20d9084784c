"""The Pipeline page in a real browser: every hop, a day's minutes, and what lies where."""

import re

from playwright.sync_api import Page

from browser.axe import violations
from browser.conftest import Visit
from browser.painted import pixel
from browser.shared import PARTIAL, SEALED_DAYS, day_before
from candlewick.process.heartbeat import Heartbeat
from e2e.stack import Stack, free_port

GOOD, BAD, OFF = (8, 153, 129), (242, 54, 69), (91, 95, 105)


def test_tiles_draw_how_their_hops_went_and_the_heat_map_shows_the_audited_minutes(visit: Visit) -> None:
    page = visit("/pipeline").page
    page.locator(".heat").wait_for()
    assert page.locator(".hour").count() == 24
    widths = page.locator(".hour [data-heat=match]").evaluate_all("spans => spans.map((s) => Number(s.style.flexGrow))")
    assert sum(widths) > 60
    page.locator(".tile .spark").nth(3).wait_for()
    assert page.locator(".hour [data-heat=mismatch]").count() == 0


def test_every_section_has_its_rows_and_the_symbol_can_be_chosen(visit: Visit, demo: Stack) -> None:
    page = visit("/pipeline").page
    page.locator(".heat").wait_for()
    titles = [title.partition(" of ")[0] for title in page.locator(".candlewick-health h2").all_inner_texts()]
    assert titles[:3] == ["Days", "Completeness", "From the exchange's clock"]
    assert titles[3:] == ["Tape", "Audit", "Holes", "Connections", "Holdings"]
    holdings = page.locator("section", has_text="Holdings").locator("td:first-child").all_inner_texts()
    assert holdings[:2] == ["lake", "DuckDB file"]
    assert page.get_by_text(str(demo.settings.lake_url), exact=True).is_visible()
    page.get_by_role("radio", name="ETHDEMO").click()
    page.get_by_role("heading", name="Completeness of ETHDEMO").wait_for()


def test_the_calendar_shows_each_day_and_a_chosen_one_says_why(visit: Visit) -> None:
    for width in (1440, 390):
        visitor = visit("/pipeline", width=width, touch=width == 390)
        page = visitor.page
        page.locator(".calendar").wait_for()
        assert page.locator("input.day[data-day=sealed]").count() == SEALED_DAYS
        partial = page.locator("input.day[data-day=partial]").first  # another one follows where midnight passes
        (partial.tap if width == 390 else partial.click)()
        told = page.locator("input.day:checked + .told")
        assert told.is_visible() and PARTIAL in told.inner_text()
        page.keyboard.press("ArrowRight")
        assert f"{day_before(SEALED_DAYS + 1):%-d %B %Y}: healing" in told.inner_text()
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert violations(visitor, ".calendar") == []


def test_many_symbols_are_their_sums_and_the_worst_few_and_can_be_searched(visit_branch: Visit, branch: Stack) -> None:
    symbols = {f"S{n:03}USDT": {"emitted": n, "head": n, "holes": 7 if n == 250 else 0} for n in range(300)}
    Heartbeat(branch.settings.run_path, "recorder").beat(symbols=symbols)
    page = visit_branch("/pipeline").page
    tape = page.locator("section", has=page.get_by_role("heading", name="Tape", exact=True))
    names = tape.locator("td:first-child")
    page.get_by_text("all 300", exact=True).wait_for()
    assert names.all_inner_texts()[1] == "S250USDT"
    page.get_by_role("textbox", name="Search the tape").fill("s123")
    page.keyboard.press("Enter")
    page.get_by_text("S123USDT", exact=True).wait_for()
    assert names.all_inner_texts() == ["all 300", "S123USDT"]


def test_tiles_are_painted_red_when_all_legs_are_away_and_when_the_recorder_is_dead(
    visit_branch: Visit, branch: Stack, demo: Stack
) -> None:
    trades = {"BTCDEMO": {"emitted": 7, "head": 7, "lag_ms": 42.0}}
    Heartbeat(branch.settings.run_path, "recorder").beat(symbols=trades, legs=[{"state": "waiting"}] * 2)
    page = visit_branch("/pipeline").page
    page.locator(".tile", has_text="0 of 2 legs").wait_for()
    assert dots(page)[0] == BAD

    branch.exchange_port, branch.feed_port, branch.history = demo.exchange_port, free_port(), "1m"
    branch.write_config().start_recorder()
    page.locator(".tile[data-level=good]", has_text=re.compile("Exchange.*2 legs", re.DOTALL)).wait_for()
    assert dots(page)[0] == GOOD
    branch.kill("recorder")
    page.locator(".tile", has_text="Lake").filter(has_text="no sign of life").wait_for()
    assert dots(page)[:3] == [BAD, BAD, OFF]


def dots(page: Page) -> list[tuple[int, int, int]]:
    """What colour the dot of each hop is painted in."""
    boxes = page.locator(".tile h3").evaluate_all(
        "titles => titles.map((title) => title.getBoundingClientRect()).map((r) => [r.x + 4, r.y + r.height / 2])"
    )
    return [pixel(page, x, y) for x, y in boxes]
