"""Timeframes: any interval that minutes make, those that the reader wants at hand, and the date that stays in view."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from browser.conftest import Visit
from browser.hands import SERIES, deep, position, query, type_and_enter
from browser.painted import watch_paint
from browser.visitor import HOOK, Visitor

WEEK, MONDAY = 604_800, 345_600
MINUTES = {"3m": 3, "30m": 30, "2h": 120}


def choose(visitor: Visitor, typed: str) -> None:
    """Type a timeframe into the field of the pop-over."""
    visitor.page.get_by_role("button", name="More timeframes").click()
    visitor.page.get_by_label("Another timeframe").fill(typed)
    visitor.page.keyboard.press("Enter")


def wait_for_series(visitor: Visitor, timeframe: str) -> None:
    visitor.page.locator(".legend .name b", has_text=f"BTCDEMO · {timeframe}").wait_for()
    visitor.wait(f"{HOOK}.bars().length > 0 && {HOOK}.bars()[0].time % 60 === 0")


@pytest.mark.parametrize("timeframe", MINUTES)
def test_a_timeframe_that_is_typed_shows_the_sums_of_its_minutes(visit: Visit, timeframe: str) -> None:
    visitor = visit(SERIES).wait_for_bars()
    type_and_enter(visitor, timeframe)
    wait_for_series(visitor, timeframe)
    assert query(visitor)["tf"] == [timeframe]
    seconds = 60 * MINUTES[timeframe]
    visitor.wait(f"{HOOK}.bars().every((bar) => bar.time % {seconds} === 0)")
    bars = [bar for bar in visitor.ask(f"{HOOK}.bars()") if bar["state"] >= 1][-3:]
    for bar in bars:
        page = f"/api/candles?symbol=BTCDEMO&timeframe=1m&since={bar['time']}&before={bar['time'] + seconds}"
        # The newest of them can be closed on the chart before it is settled: the server has all of it a moment later.
        count = (
            f"fetch('{page}').then((answer) => answer.json()).then(({{n}}) => n.reduce((sum, each) => sum + each, 0))"
        )
        visitor.wait(f"{count}.then((trades) => trades === {bar['trades']})")
        text = visitor.ask(f"fetch('{page}').then((answer) => answer.text())")
        minutes = visitor.ask(f"JSON.parse({text!r})")
        traded = [at for at, count in enumerate(minutes["n"]) if count]
        assert bar["trades"] == sum(minutes["n"])
        assert bar["high"] == max(minutes["h"][at] for at in traded)
        assert bar["low"] == min(minutes["l"][at] for at in traded)
        assert (bar["open"], bar["close"]) == (minutes["o"][traded[0]], minutes["c"][traded[-1]])
        volume = sum((Decimal(str(amount)) for amount in minutes["v"]), Decimal(0))
        assert Decimal(str(bar["volume"])) == volume
    visitor.wait_for_ticks(2)  # it is live, too


@pytest.mark.parametrize(("width", "height", "theme"), [(390, 844, "dark"), (1440, 900, "light")])
def test_the_pop_over_takes_any_interval_and_keeps_favourites(
    visit: Visit, width: int, height: int, theme: str
) -> None:
    visitor = visit(SERIES, width=width, height=height, theme=theme).wait_for_bars()
    choose(visitor, "45m")
    wait_for_series(visitor, "45m")
    bar = visitor.page.get_by_role("navigation", name="Timeframe")
    assert bar.get_by_role("button", name="45m", exact=True).get_attribute("aria-current") == "true"
    choose(visitor, "9y")
    assert visitor.page.get_by_text("A number with m, h, d or w, at most 31 days").is_visible()
    box = visitor.page.get_by_role("dialog", name="Timeframes").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    visitor.page.get_by_role("button", name="Put 2h into the bar").click()
    visitor.page.get_by_role("button", name="Take 4h out of the bar").click()
    visitor.page.keyboard.press("Escape")
    names = ["1s", "1m", "5m", "15m", "1h", "2h", "1d"]
    assert bar.get_by_role("button").all_inner_texts()[: len(names) + 1] == [*names, "45m"]
    visitor.page.reload()
    visitor.wait_for_bars(1)
    assert bar.get_by_role("button").all_inner_texts()[: len(names) + 1] == [*names, "45m"]
    assert visitor.ask(f"{deep('.terminal')}.scrollWidth") <= width


def test_a_change_of_timeframe_keeps_the_date_in_view(visit: Visit) -> None:
    visitor = visit(SERIES).wait_for_bars()
    visitor.scroll_back()
    visitor.page.keyboard.press("Control+ArrowLeft")
    assert position(visitor) < -20
    end = f"{HOOK}.bars()[Math.min({HOOK}.bars().length - 1, Math.floor({HOOK}.view().to))].time"
    before, slack = visitor.ask(end), 60
    for timeframe, seconds in (("3m", 180), ("2m", 120), ("1m", 60)):
        slack += seconds  # the last bar on screen holds the instant at which the one before ended
        type_and_enter(visitor, timeframe)
        wait_for_series(visitor, timeframe)
        visitor.wait(f"{HOOK}.bars()[1].time - {HOOK}.bars()[0].time === {seconds}")
        visitor.wait(f"Math.abs({end} - {before}) <= {slack}")


def test_weeks_name_days_of_utc_on_the_axis_whatever_the_zone(visit: Visit) -> None:
    visitor = visit(f"{SERIES}&tz=America/New_York").wait_for_bars()
    watch_paint(visitor)
    type_and_enter(visitor, "1w")
    visitor.wait(f"{HOOK}.bars()[0]?.time % {WEEK} === {MONDAY}")
    [time] = [bar["time"] for bar in visitor.ask(f"{HOOK}.bars()")][-1:]
    opened = datetime.fromtimestamp(time, UTC)
    assert (opened.weekday(), opened.hour) == (0, 0)
    assert visitor.ask(f"{HOOK}.label({time})") == opened.strftime("%a %d %b %y")
    texts = "[...window.__painted.values()].flat()"
    visitor.wait(f"{texts}.length > 0 && !{texts}.some((text) => /^[0-9]+:[0-9]+$/.test(text))")
