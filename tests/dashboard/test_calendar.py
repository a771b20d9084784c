"""The calendar of days shows a year of a tape, and what each day is."""

import re
from datetime import date, timedelta

from candlewick.dashboard.health.calendar import calendar_html, since, summary, told

TODAY = date(2026, 11, 27)


def row(day: date, state: str = "sealed", **others: object) -> dict[str, object]:
    made = {"day": day, "state": state, "why": None, "first_trade_id": 1, "last_trade_id": 9, "trade_count": 9}
    made |= {"missing_count": 0, "declared_count": 0, "digest": None, "sealed_file": None}
    return made | others


def test_it_has_a_place_for_each_day_of_the_newest_twelve_months() -> None:
    assert since(TODAY) == date(2025, 12, 1)
    assert since(date(2026, 12, 31)) == date(2026, 1, 1)
    page = calendar_html("BTCUSDT", [row(TODAY - timedelta(days=1))], TODAY)
    assert page.count('class="month') == 12
    days = (date(2026, 12, 1) - since(TODAY)).days
    assert len(re.findall(r'class="day"', page)) == days
    assert page.count('data-day="today"') == 1 and page.count('data-day="ahead"') == 3
    assert page.count('type="radio"') == 1 and page.count(" checked") == 1
    assert 'style="grid-column:7" ' in page.replace('"><', '" ><'), "the first of November 2026 is a Sunday"


def test_a_day_says_its_state_why_and_what_it_has() -> None:
    lines = told(row(TODAY, "healing", why="2 trade ids are missing, 5 first", missing_count=2))
    assert lines[:2] == ["27 November 2026: healing", "2 trade ids are missing, 5 first"]
    assert "2 ids are missing" in lines
    lines = told(row(TODAY, digest="ab" * 32, sealed_file="demo/sealed/x.parquet", declared_count=3))
    assert "3 ids do not exist, says the exchange" in lines and f"certificate {'ab' * 32}" in lines
    assert "9 trades, ids 1 to 9" in lines


def test_what_is_said_is_text_and_not_html() -> None:
    page = calendar_html("<b>", [row(TODAY - timedelta(days=1), "partial", why="<i>")], TODAY)
    assert "<b>" not in page.replace("<b>26 November", "") and "&lt;i&gt;" in page


def test_sealed_days_are_counted() -> None:
    rows = [row(TODAY), row(TODAY - timedelta(days=1), "whole")]
    assert summary(rows) == "1 of 2 days sealed" and summary([]) == ""
    assert "No day of this tape is over yet" in calendar_html("BTCUSDT", [], TODAY)
