"""How fast a mart grows is told by the files of its newest day, without a look at them."""

from datetime import datetime, timedelta

from candlewick.mart.version import CANDLES, TRADES, File, Table, Version

DAY = datetime(2024, 8, 8)


def version(*files: File, candles: tuple[File, ...] = ()) -> Version:
    tables = {TRADES: Table(list(files)), CANDLES["1m"]: Table(list(candles))}
    return Version(1, DAY, "w", "UTC", tables, {})


def file(start: datetime, length: timedelta, *, rows: int, size: int) -> File:
    return File(f"{start}", start, start + length, rows, size, "")


def test_a_days_growth_is_that_of_the_newest_day_and_of_its_part_of_longer_files() -> None:
    days = [file(DAY + n * timedelta(days=1), timedelta(days=1), rows=300 - 100 * n, size=1_000 * n) for n in (0, 1, 2)]
    month = file(DAY - timedelta(days=28), timedelta(days=31), rows=100, size=31_000)
    assert version(*days, candles=(month,)).newest_day() == (100 / 600, 2_000 + 1_000)


def test_of_less_than_a_day_it_is_what_a_whole_day_would_be() -> None:
    hours = [file(DAY + n * timedelta(hours=1), timedelta(hours=1), rows=10, size=100) for n in range(6)]
    assert version(*hours).newest_day() == (4.0, 2_400)


def test_where_there_is_nothing_nothing_grows() -> None:
    assert version(File("", datetime.min, datetime.max, 0, 0, "")).newest_day() == (0.0, 0)
