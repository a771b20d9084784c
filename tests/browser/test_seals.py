"""The seal of a day where people look: beside a bar, and in the calendar; also where nothing but the seal is left."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser

from browser.conftest import Visit
from browser.hands import ask_for
from browser.shared import looking_at
from browser.visitor import HOOK
from candlewick.config.sections import RetentionSettings
from candlewick.mart.reader import Mart
from candlewick.mart.version import TRADES
from candlewick.seal import keeping
from candlewick.seal.seals import Seals
from candlewick.warehouse.home import home_of
from e2e.stack import Stack
from seal.lakes import DAYS, SYMBOL, fill, lake_of, markets, settings_of

FIRST = DAYS[0]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A dashboard over two sealed days of which only the sealed files are left: objects and SILVER went."""
    kept = RetentionSettings(raw=timedelta(seconds=1), silver=timedelta(seconds=1))
    settings = settings_of(tmp_path_factory.mktemp("sealed"), retention=kept)
    fill(lake_of(settings), markets(count=300), per_object=400)
    assert {each.state for each in keeping.seal_days(settings, None, None, lambda *_: None, asks=False)} == {"sealed"}
    home_of(settings).own(once=True)
    assert Mart(settings.mart_path).current().tables[TRADES].sealed
    stack = Stack(settings.data, symbols=settings.symbols, prefix=settings.prefix).write_config()
    with looking_at(stack):
        yield stack


@pytest.fixture
def visit_sealed(chromium: Browser, sealed: Stack) -> Iterator[Visit]:
    visits = Visit(chromium, f"http://127.0.0.1:{sealed.dashboard_port}")
    yield visits
    visits.end()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_bars_panel_shows_the_days_seal_its_digest_and_whether_it_holds(
    visit_sealed: Visit, sealed: Stack, width: int
) -> None:
    visitor = visit_sealed("/chart?tf=1d", width=width, touch=width == 390)
    visitor.wait(f"{HOOK}?.bars().length === 2")
    ask_for(visitor, 1)
    certificate = Seals(lake_of(sealed.settings)).certificate(SYMBOL, FIRST)
    day = visitor.page.locator(".lineage section", has_text=f"Day {FIRST}")
    day.locator("[data-good=true]", has_text="verified").wait_for()
    told = day.inner_text()
    assert "300 trades" in told and certificate.digest in told and certificate.body["file"]["name"] in told
    visitor.page.locator(".objects", has_text="sealed file").wait_for()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") == width


def test_the_calendar_has_the_day_as_sealed(visit_sealed: Visit) -> None:
    page = visit_sealed("/pipeline").page
    page.locator("input.day[data-day=sealed]").first.click()
    told = page.locator("input.day:checked + .told")
    assert f"{FIRST:%-d %B %Y}: sealed" in told.inner_text()
