"""Which sealed files a version names, and whose days of the mart's own are written anew for it."""

from datetime import datetime, timedelta

from candlewick.mart.periods import Period, period_of
from candlewick.mart.sealed import naming
from candlewick.mart.version import File, SealedFile, Table

FIRST, SECOND = (period_of(datetime(2026, 1, day), "day") for day in (1, 2))


def sealed(symbol: str, day: Period) -> SealedFile:
    return SealedFile(f"{symbol}-{day.label}", symbol, day.start, day.end, 5, 100, "0", (2, 5))


def own(day: Period) -> File:
    return File(f"{day.label}.parquet", day.start, day.start + timedelta(hours=1), 5, 100, "0")


def test_a_day_is_in_sealed_files_by_silvers_word_or_the_marts_and_written_anew_where_that_changes():
    btc, eth = sealed("BTCUSDT", FIRST), sealed("ETHUSDT", FIRST)
    assert naming(Table([own(SECOND)]), [btc], set()) == ([btc], []), "it was never among the mart's own"
    assert naming(Table([own(FIRST)]), [btc], set()) == ([btc], [FIRST]), "it left the table"
    assert naming(Table([]), [btc], {FIRST}) == ([btc], [FIRST]), "other symbols' trades of that day are new"
    assert naming(Table([own(FIRST)], sealed=[btc]), [btc], {FIRST}) == ([btc], []), "of others, as it was"
    alone = Table([own(SECOND)], sealed=[btc, eth])
    assert naming(alone, [], {SECOND}) == ([btc, eth], []), "the mart let go by itself"
    assert naming(alone, [], {FIRST}) == ([], [FIRST]), "and has it again with what is new of it"
    assert naming(alone, [btc], set()) == ([btc, eth], []), "SILVER let go of a part of it, too"
    assert naming(alone, [btc], {FIRST}) == ([btc], [FIRST])
    assert naming(Table([own(FIRST)], sealed=[btc]), [], set()) == ([], [FIRST]), "it came back into the table"
    assert naming(Table([], sealed=[btc]), [eth], set()) == ([eth], [FIRST]), "another came: all is as SILVER has it"
