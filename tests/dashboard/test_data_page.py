"""The Data page shows moments on the reader's clocks, and everything else as SQL writes it."""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa

from candlewick.dashboard.views.data import rows_html
from candlewick.dashboard.zone import zone_named

AT = datetime(2026, 11, 22, 22, 0, 5, 250_000)
KOLKATA = ZoneInfo("Asia/Kolkata")


def cells(rows: pa.Table, zone: ZoneInfo) -> list[str]:
    return re.findall(r"<td[^>]*>(.*?)</td>", rows_html(rows, zone))


def test_a_moment_is_in_the_readers_zone_and_indias_own_columns_stay() -> None:
    rows = pa.table(
        {"traded_at": [AT], "traded_at_ist": [AT], "loaded_at": [AT.replace(tzinfo=UTC)], "day": [AT.date()]}
    )
    assert cells(rows, KOLKATA) == [
        "2026-11-23 03:30:05.250000",
        "2026-11-22 22:00:05.250000",
        "2026-11-23 03:30:05.250000",
        "2026-11-22",
    ]
    assert cells(rows, ZoneInfo("UTC"))[0] == "2026-11-22 22:00:05.250000"


def test_what_is_no_moment_is_written_as_before() -> None:
    rows = pa.table(
        {
            "day": [date(2026, 11, 22)],
            "count": [7],
            "is_complete": [True],
            "filled_at": pa.array([None], pa.timestamp("us")),
        }
    )
    assert cells(rows, KOLKATA) == ["2026-11-22", "7", "true", ""]


def test_a_zone_that_a_browser_makes_up_is_utc() -> None:
    for name in ("Mars/Olympus", "../../etc/passwd", "", "America"):
        assert zone_named(name).key == "UTC"
    assert zone_named("Asia/Kathmandu").key == "Asia/Kathmandu"
