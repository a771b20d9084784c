"""The heat map tells each minute of a day what is known of it."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from candlewick.dashboard.health.heat import HOURS, heat_html, share, states
from candlewick.dashboard.site import Site
from candlewick.dashboard.views.pipeline import minutes
from candlewick.mart.reader import Mart
from dashboard.proven import SECOND, SYMBOL

NOW = datetime(2026, 11, 22, 13, 5, 30)
MINUTE = timedelta(minutes=1)


def candle(opened: datetime, *, closed: bool = True, complete: bool = True) -> dict[str, object]:
    return {"open_time": opened, "is_closed": closed, "is_complete": complete}


def test_each_minute_has_the_state_that_candle_and_verdict_give_it() -> None:
    opened = [NOW.replace(second=0) - number * MINUTE for number in range(5)]
    candles = [
        candle(opened[0], closed=False),
        candle(opened[1]),
        candle(opened[2], complete=False),
        candle(opened[3]),
        candle(opened[4], complete=False),
    ]
    known = states(candles, {opened[3]: "mismatch", opened[4]: "match", opened[1]: "pending"})
    assert [known[at] for at in opened] == ["forming", "complete", "incomplete", "mismatch", "match"]


def test_a_row_for_each_hour_and_a_span_for_each_run_of_equal_minutes() -> None:
    first = NOW.replace(minute=0, second=0)
    known = states([candle(first + number * MINUTE) for number in range(3)], {first: "match"})
    page = heat_html(known, NOW, ZoneInfo("UTC"))
    assert page.count('class="hour"') == HOURS
    assert 'data-heat="match" style="flex-grow:1" title="13:00 audited' in page
    assert 'data-heat="complete" style="flex-grow:2" title="13:01–13:02 ' in page
    assert 'data-heat="none" style="flex-grow:3"' in page
    assert 'data-heat="ahead" style="flex-grow:54"' in page


def test_rows_are_the_hours_of_the_readers_zone() -> None:
    zone = ZoneInfo("Asia/Kathmandu")  # 5:45 ahead: its clocks show 18:50
    first = NOW.replace(minute=15, second=0) - timedelta(hours=1)
    page = heat_html(states([candle(first + number * MINUTE) for number in range(20)], {}), NOW, zone)
    assert re.findall(r"<i>(.*?)</i>", page)[-2:] == ["17:00", "18:00"]
    assert 'data-heat="complete" style="flex-grow:20" title="18:00–18:19 ' in page


def test_an_hour_that_repeats_has_two_rows() -> None:
    after = datetime(2026, 11, 1, 7, 30)  # in New York summer time ended at 06:00 UTC
    page = heat_html({}, after, ZoneInfo("America/New_York"))
    assert re.findall(r"<i>(.*?)</i>", page)[-4:] == ["00:00", "01:00", "01:00", "02:00"]


def test_the_share_counts_minutes_without_a_candle_as_missing() -> None:
    first = NOW.replace(minute=0, second=0)
    whole = states([candle(first + number * MINUTE) for number in range(4)], {})
    assert share(whole, NOW) == 1.0
    assert share({opened: state for opened, state in whole.items() if opened != first + MINUTE}, NOW) == 0.75
    assert share({}, NOW) is None


def test_it_is_told_by_the_warehouse(proven_mart: Mart, proven_site: Site) -> None:
    start = datetime(1970, 1, 1) + timedelta(seconds=SECOND)
    known = minutes(proven_site, SYMBOL, start + 6 * MINUTE)
    found = [known[start + number * MINUTE] for number in range(6)]
    assert found[:3] == ["match", "mismatch", "incomplete"]
    assert found[5] == "forming"
