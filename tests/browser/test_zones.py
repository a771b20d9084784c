"""Zones: the labels and the clock follow the one that is chosen."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from browser.conftest import Visit
from browser.hands import SERIES, choose_zone, deep, keys, press
from browser.painted import times_in_zone, times_on_axis, watch_paint
from browser.visitor import HOOK
from e2e.stack import wait_until


def test_an_hour_that_repeats_is_labelled_as_its_zone_says(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&tz=America/New_York").wait_for_bars()
    before, after = 1_793_511_000, 1_793_514_600  # 2026-11-01, 05:30 and 06:30 UTC: summer time ends at 06:00
    label = f"{HOOK}.label"
    assert visitor.ask(f"[{label}({before}), {label}({after})]") == ["Sun 01 Nov 26  01:30"] * 2
    visitor.page.locator(".zone").click()
    visitor.page.get_by_label("Search a city or zone").fill("IST")
    keys(visitor, "Enter")
    assert visitor.ask(f"[{label}({before}), {label}({after})]") == ["Sun 01 Nov 26  11:00", "Sun 01 Nov 26  12:00"]
    visitor.page.keyboard.type("1d")
    keys(visitor, "Enter")
    midnight = 1_793_471_400  # in Kolkata, whose days this stack's daily candles are
    visitor.wait(f"{label}({midnight}) === 'Sun 01 Nov 26'")
    for zone in ("America/New_York", "Pacific/Kiritimati"):
        choose_zone(visitor, zone)
        assert visitor.ask(f"{label}({midnight})") == "Sun 01 Nov 26"


def test_every_timeframe_shows_bars_and_days_start_in_the_configured_zone(visit: Visit) -> None:
    visitor = visit("/chart").wait_for_bars()
    for timeframe in ("1s", "5m", "15m", "1h", "4h", "1d"):
        visitor.page.get_by_role("button", name=timeframe, exact=True).click()
        visitor.page.wait_for_url(f"**tf={timeframe}**")
        visitor.wait(f"{HOOK}.bars().length > 0")
    visitor.wait(f"({HOOK}.bars().at(-1).time + 19800) % 86400 === 0")


def test_the_clock_follows_the_zone_that_is_chosen(visit: Visit) -> None:
    visitor = visit("/chart").wait_for_bars()
    minutes = []
    for zone in ("UTC", "Asia/Kolkata"):
        choose_zone(visitor, zone)
        hours, minute, _ = (int(part) for part in visitor.page.locator(".clock").inner_text().split(":"))
        minutes.append(60 * hours + minute)
    assert (minutes[1] - minutes[0]) % 1_440 in {330, 331}


def test_the_axis_is_painted_in_the_zone_that_is_chosen_and_in_no_other(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&tz=UTC").wait_for_bars()
    watch_paint(visitor)
    visitor.scroll_back()
    for zone in ("Asia/Kolkata", "America/New_York", "UTC"):
        choose_zone(visitor, zone)
        wait_until(lambda: len(times_on_axis(visitor)) > 2, "the axis to be painted")
        wait_until(lambda zone=zone: times_on_axis(visitor) <= times_in_zone(visitor, zone), f"an axis in {zone}")
        visitor.drag(-10)
        visitor.wait_for_ticks(2)
        assert times_on_axis(visitor) <= times_in_zone(visitor, zone), zone


def test_the_pages_beside_the_chart_are_in_its_zone_and_its_own_bar_leads_to_them(visit: Visit) -> None:
    visitor = visit("/?symbol=BTCDEMO&tf=1m&tz=Asia/Kathmandu", width=390, height=844, touch=True).wait_for_bars()
    page = visitor.page
    assert page.get_by_test_id("stHeader").is_hidden()
    assert visitor.ask(f"{deep('.terminal')}.getBoundingClientRect().height") == 844
    press(visitor, "Pages")
    page.get_by_role("menuitem", name="Data").click()
    page.get_by_text("times in Asia/Kathmandu, in files in UTC").wait_for()
    shown = page.locator(".candlewick-data:not(.schema) tbody tr").first.locator("td").first.inner_text()
    clock = datetime.strptime(shown, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZoneInfo("Asia/Kathmandu"))
    assert abs(datetime.now(UTC) - clock) < timedelta(hours=1)  # it is 5:45 ahead of UTC
    visitor.open("/pipeline")
    page.get_by_text("hours in Asia/Kathmandu").wait_for()
    assert len(page.locator(".heat i").all_inner_texts()) == 24
